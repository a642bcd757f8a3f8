// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/cuda_stream.h"

namespace gsst {

CudaStream::~CudaStream() {
    if (m_stream)
        cudaStreamSynchronize(m_stream);
    for (cudaEvent_t event : m_pending)
        cudaEventDestroy(event);
    for (cudaEvent_t event : m_spare)
        cudaEventDestroy(event);
    if (m_stream)
        cudaStreamDestroy(m_stream);
}

// Not ordered with the default stream, which other libraries of the process may use.
cudaError_t CudaStream::open() {
    return cudaStreamCreateWithFlags(&m_stream, cudaStreamNonBlocking);
}

cudaError_t CudaStream::mark(uint64_t& number) {
    retire();
    number = m_retired + m_pending.size();  // what stands if there is no event for a new one
    cudaEvent_t event = nullptr;
    if (const cudaError_t result = freshEvent(event); result != cudaSuccess)
        return result;
    if (const cudaError_t result = cudaEventRecord(event, m_stream); result != cudaSuccess) {
        m_spare.push_back(event);
        return result;
    }
    m_pending.push_back(event);
    ++number;
    return cudaSuccess;
}

cudaEvent_t CudaStream::pending(uint64_t number) {
    return number > m_retired && number <= m_retired + m_pending.size() ? m_pending[number - m_retired - 1] : nullptr;
}

void CudaStream::retire() {
    while (!m_pending.empty() && cudaEventQuery(m_pending.front()) == cudaSuccess) {
        m_spare.push_back(m_pending.front());
        m_pending.pop_front();
        ++m_retired;
    }
    cudaGetLastError();  // "not ready" is no error, but would be reported as one by whoever asks next
}

cudaError_t CudaStream::freshEvent(cudaEvent_t& event) {
    if (m_spare.empty())
        return cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    event = m_spare.back();
    m_spare.pop_back();
    return cudaSuccess;
}

}  // namespace gsst
