// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cuda_runtime_api.h>

#include <string>

namespace gsst {

/// `result` of a call of the CUDA runtime as a Status; `doing` is what was tried, such as "copying to the card".
inline Status cudaStatus(cudaError_t result, const std::string& doing) {
    if (result == cudaSuccess)
        return {};
    return Error{result == cudaErrorMemoryAllocation ? ErrorCode::OutOfMemory : ErrorCode::Internal,
                 "The graphics card reported an error", doing, std::string("CUDA says: ") + cudaGetErrorString(result),
                 "Start again; if it happens again, check the card and its driver, or compute on the processor"};
}

}  // namespace gsst
