// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/units.h"
#include "device/torch_pool.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <string>

namespace gsst {

/// Runs `work`, which returns a Result, with all torch memory of this thread from `pool` and without recording a graph.
/// torch's exceptions become errors here; `what` names the work ("the forward pass").
template <typename Work>
auto guardedTorch(CachingPool& pool, const std::string& what, const Work& work) -> decltype(work()) {
    try {
        const c10::InferenceMode noGraph;
        const TorchPoolScope scope(pool);
        return work();
    } catch (const c10::OutOfMemoryError&) {
        const PoolUsage usage = pool.usage();
        const auto size = [](int64_t bytes) { return formatBytes(uint64_t(bytes)); };
        return Error{ErrorCode::OutOfMemory, what + " needs more memory than the device limit allows", "",
                     size(usage.inUse) + " of " + size(usage.limit) + " were in use",
                     "Use a smaller micro-batch or sequence, or raise the limit"};
    } catch (const std::exception& error) {
        return Error{ErrorCode::Internal, what + " failed inside LibTorch", "", error.what(),
                     "Please report this with the run's log"};
    }
}

}  // namespace gsst
