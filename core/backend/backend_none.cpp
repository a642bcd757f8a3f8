// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/create_backend.h"

namespace gsst {

Result<std::unique_ptr<ComputeBackend>> createCudaBackend(int card) {
    return deviceNotAvailable(nameOf({DeviceKind::Cuda, card}), "this version trains on the processor");
}

}  // namespace gsst
