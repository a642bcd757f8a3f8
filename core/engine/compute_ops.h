// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/engine_parts.h"
#include "engine/program_run.h"

#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace gsst {

/// Carries out the ops of the compute lane: gives the math its pointers, moves boundary activations, keeps the norms.
/// One thread.
class ComputeOps {
public:
    explicit ComputeOps(const EngineParts& parts);

    /// Takes the op's device and RAM buffers, runs it on the device's compute stream, gives back what dies with it.
    /// Where the result is needed on the host (staging, loss, norms), waits for the device.
    Status run(const Op& op, ProgramRun& run);

    /// Waits until the device has done all ops so far. Their first error, if any.
    Status finish();

    /// Forgets the activations of a step that was given up. Waits for the device.
    void dropKept();

    /// Squared norm of each canonical block of the gradient computed last.
    const std::vector<double>& squaredNorms() const { return m_squaredNorms; }

private:
    Status acquire(const Op& op, ProgramRun& run);
    void release(const Op& op, ProgramRun& run);
    /// Runs `work` on the compute stream; waits for it if `wait`. An error of the work is returned, or kept for a later
    /// op.
    Status onDevice(bool wait, std::function<Status()> work);

    Status update(const Op& op, ProgramRun& run);
    Status join(const Op& op, ProgramRun& run);
    Status zero(const Op& op, ProgramRun& run);
    Status forward(const Op& op, ProgramRun& run);
    Status head(const Op& op, ProgramRun& run);
    Status headSums(const Op& op, ProgramRun& run);
    Status headSlice(const Op& op, ProgramRun& run);
    Status backward(const Op& op, ProgramRun& run);
    Status norms(const Op& op, ProgramRun& run);
    Status loadActivation(const Op& op, int target, ProgramRun& run);
    Status storeActivation(const Op& op, ProgramRun& run);
    Status storeGradient(const Op& op, ProgramRun& run);
    Status moveTiedGradient(const Op& op, ProgramRun& run);
    HeadSliceCall headSliceCall(const Op& op, ProgramRun& run) const;

    std::byte* storedGradient(const Op& op, const ProgramRun& run) const;
    /// Checks what an update or join was given from disk, sums up what an update leaves for it. `op` and `run` outlive
    /// the hooks.
    BlockHooks sumHooks(const Op& op, ProgramRun& run) const;
    bool packsGradients() const { return m_parts.format().preset() != StatePreset::Exact; }
    float* gradientOf(int buffer, const ProgramRun& run) const { return reinterpret_cast<float*>(run.data(buffer)); }
    Result<std::byte*> keptBuffer(const BufferInfo& info);

    const EngineParts& m_parts;
    int64_t m_elementBytes;
    std::vector<double> m_squaredNorms;
    std::map<std::pair<BufferUse, int>, DeviceBuffer>
        m_kept;  ///< weights and gradients that stay on the device, by slice
    std::mutex m_mutex;
    Status m_error;  ///< first error of work on the device; guarded by m_mutex
};

}  // namespace gsst
