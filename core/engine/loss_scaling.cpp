// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/loss_scaling.h"

#include <algorithm>

namespace gsst {

double LossScaling::scale(const CommitRecord& history) const {
    return std::clamp(history.lossScale, least, most);
}

void LossScaling::noteFinite(CommitRecord& history) const {
    if (most <= least)
        return;
    history.lossScale = scale(history);
    if (int64_t(++history.lossScaleAge) < growSteps || history.lossScale >= most)
        return;
    history.lossScale *= 2;
    history.lossScaleAge = 0;
}

void LossScaling::noteOverflow(CommitRecord& history) const {
    if (most <= least)
        return;
    history.lossScale = std::max(least, scale(history) / 2);
    history.lossScaleAge = 0;
}

}  // namespace gsst
