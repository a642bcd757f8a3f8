// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <functional>

namespace gsst {

/// What is done with a block of state while it is in the processor's cache anyway. Both may be empty. Called by
/// whichever thread works on the block, for several blocks at once.
struct BlockHooks {
    std::function<Status(int block)>
        opening;  ///< before the block is read; an error is passed on, and the block counts as lost
    std::function<void(int block)> closing;  ///< when it is complete
};

}  // namespace gsst
