// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/create_backend.h"

namespace gsst {

Result<std::unique_ptr<ComputeBackend>> createBackend(const DeviceId& device) {
    return device.kind == DeviceKind::Cpu ? createCpuBackend() : createCudaBackend(device.card);
}

}  // namespace gsst
