// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"

#include <memory>

namespace gsst {

// What createBackend() chooses from. Each function stands in a file of its own, or in backend_none.cpp where the build
// has no such device: CMake chooses.

Result<std::unique_ptr<ComputeBackend>> createCpuBackend();
/// `card` is its number, from 0 on.
Result<std::unique_ptr<ComputeBackend>> createCudaBackend(int card);

}  // namespace gsst
