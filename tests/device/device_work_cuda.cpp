// SPDX-License-Identifier: GPL-3.0-or-later
#include "device_work.h"

#include <cuda_runtime_api.h>

namespace gsst {

void copyEverySecondByteOnCard(std::byte* to, const std::byte* from, int64_t bytes, void* stream) {
    cudaMemcpy2DAsync(to, 2, from, 2, 1, size_t(bytes) / 2, cudaMemcpyDeviceToDevice,
                      static_cast<cudaStream_t>(stream));
}

}  // namespace gsst
