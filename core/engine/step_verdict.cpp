// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/step_verdict.h"

namespace gsst {

const char* nameOf(StepFault fault) {
    switch (fault) {
    case StepFault::None:
        return "none";
    case StepFault::NotFinite:
        return "not finite";
    case StepFault::Overflow:
        return "overflow";
    case StepFault::TooLarge:
        return "too large";
    case StepFault::Outlier:
        return "outlier";
    }
    return "unknown";
}

Error updateNotFinite(int64_t step, const std::string& where) {
    return {ErrorCode::InvalidInput, "The weights became infinite", "the update of step " + std::to_string(step),
            "its loss and gradient were good, but " + where + " it made numbers that are infinite or not numbers",
            "Nothing of it was saved: the last commit is good. Resume the run; if it stops at the same step again, the "
            "learning rate or the weight "
            "decay is too high for this model; if it does not, test the computer's memory"};
}

}  // namespace gsst
