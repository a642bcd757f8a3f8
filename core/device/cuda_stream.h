// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <deque>
#include <vector>

namespace gsst {

/// One CUDA stream whose marks are numbered from 1 on. The events behind them are recycled once they have passed, so
/// that a number costs a few bytes only while its work is pending. The caller keeps the right card current. Not
/// thread-safe.
class CudaStream {
public:
    CudaStream() = default;
    ~CudaStream();  ///< waits for the work of the stream
    CudaStream(const CudaStream&) = delete;
    CudaStream& operator=(const CudaStream&) = delete;

    cudaError_t open();
    cudaStream_t native() const { return m_stream; }

    /// Marks the end of the work so far. `number` is set in any case.
    cudaError_t mark(uint64_t& number);
    /// The event of a mark, or nullptr when its work is known to be done.
    cudaEvent_t pending(uint64_t number);
    cudaError_t synchronize() { return cudaStreamSynchronize(m_stream); }

private:
    void retire();
    cudaError_t freshEvent(cudaEvent_t& event);

    cudaStream_t m_stream = nullptr;
    std::deque<cudaEvent_t> m_pending;  ///< of the marks m_retired + 1, m_retired + 2 ...
    std::vector<cudaEvent_t> m_spare;
    uint64_t m_retired = 0;  ///< marks up to this one have passed
};

}  // namespace gsst
