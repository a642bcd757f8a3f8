// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/commit_record.h"

#include <cstdint>

namespace gsst {

/// Dynamic loss scaling, as fp16 compute needs it: what a gradient of a step is multiplied by, so that its small
/// elements do not vanish. After an overflow it is halved; after so many steps in a row without one it is doubled. The
/// scale and those steps are in the commit record: a resumed run goes on with the same. Powers of two, so that no bit
/// of a mantissa depends on it.
struct LossScaling {
    int64_t growSteps = 2000;
    double least = 1;
    double most = 1;  ///< with both at 1 nothing is scaled

    static constexpr LossScaling none() { return {}; }

    /// Of the step after `history`. A record of a run that did not scale counts as one at the smallest scale.
    double scale(const CommitRecord& history) const;
    /// Whether a gradient that is not finite may be so because of the scale alone.
    bool canShrink(const CommitRecord& history) const { return scale(history) > least; }

    /// Notes a step with a finite gradient, applied or not.
    void noteFinite(CommitRecord& history) const;
    /// Notes a step with a finite loss whose gradient overflowed.
    void noteOverflow(CommitRecord& history) const;
};

}  // namespace gsst
