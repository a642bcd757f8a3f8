// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/cuda_device.h"

namespace gsst {

std::vector<CudaDeviceInfo> cudaDevices() {
    return {};
}

Result<std::unique_ptr<CudaDevice>> CudaDevice::create(int ordinal, int64_t) {
    return Error{ErrorCode::InvalidInput, "This device is not available", "CUDA device " + std::to_string(ordinal),
                 "this build of the program has no CUDA code",
                 "Compute on the processor, or build with GSST_WITH_CUDA=ON"};
}

}  // namespace gsst
