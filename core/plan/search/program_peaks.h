// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/compiled_plan.h"
#include "plan/program/residency.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace gsst {

/// Memory at the worst op of the programs that train and evaluate. Bytes.
struct ProgramPeaks {
    int64_t device = 0;  ///< what stays across programs included
    int64_t ram = 0;     ///< buffers in RAM, without the ring and without state and gradients that are kept there
    bool operator==(const ProgramPeaks&) const = default;
};

/// Peaks of placements, each computed once: a search comes back to placements that differ only in what no peak depends
/// on. Not thread-safe.
class KnownPeaks {
public:
    /// References must outlive it.
    KnownPeaks(const TensorTable& table, std::shared_ptr<const StateFormat> format, const TrainSpec& training)
        : m_table(table), m_format(std::move(format)), m_training(training) {}

    /// With micro-batches of `microBatch` sequences.
    const ProgramPeaks& of(const Placement& placement, int64_t microBatch);

private:
    using Key = std::pair<int64_t, Placement>;  ///< micro-batch, simplified placement
    CompiledPlan compiled(const Key& key) const;
    ProgramPeaks compute(const Key& key);
    int64_t evaluationPeak(Key key);

    const TensorTable& m_table;
    std::shared_ptr<const StateFormat> m_format;
    const TrainSpec& m_training;
    std::map<Key, ProgramPeaks> m_known;
    std::map<Key, int64_t> m_evaluations;  ///< device bytes at their worst op, without what stays across programs
};

/// The placement with the same peaks whose programs have the fewest ops. Peaks do not depend on the size of chunks, nor
/// on whether state and gradients that are not on the device are in RAM or on disk.
Placement simplifiedForPeaks(const Placement& placement, int slices);

}  // namespace gsst
