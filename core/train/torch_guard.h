// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/torch_pool.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <string>

namespace gsst {

/// Runs `work`, which returns a Result, with all torch memory of this thread from `pool` and without recording a graph. torch's
/// exceptions become errors here; `what` names the work ("the forward pass").
template <typename Work>
auto guardedTorch(CpuPool& pool, const std::string& what, const Work& work) -> decltype(work()) {
    try {
        const c10::InferenceMode noGraph;
        const TorchPoolScope scope(pool);
        return work();
    } catch (const c10::OutOfMemoryError&) {
        const PoolUsage usage = pool.usage();
        return Error{ErrorCode::OutOfMemory, what + " needs more memory than the device limit allows", "",
                     std::to_string(usage.inUse >> 20) + " MiB of " + std::to_string(usage.limit >> 20) + " MiB were in use",
                     "use a smaller micro-batch or sequence, or raise the limit"};
    } catch (const std::exception& error) {
        return Error{ErrorCode::Internal, what + " failed inside LibTorch", "", error.what(), "please report this with the run's log"};
    }
}

}  // namespace gsst
