// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/step_verdict.h"
#include "spec/train_spec.h"
#include "store/recent_steps.h"

#include <span>

namespace gsst {

/// Finds steps whose loss or gradient norm lies far above those of the steps before, as a spike of the loss begins.
/// Center and spread are the median and the median absolute deviation from it, which a few outliers among the recent
/// steps hardly move; so steps that were applied all the same may count among them, and a run that stays on a new level
/// gets used to it. Only upwards: that a loss falls fast is no fault. A pure function of what commit records keep.
/// Thread-safe.
class OutlierWatch {
public:
    /// With fewer recent steps nothing is an outlier.
    static constexpr int kFewest = 32;
    /// The least standard deviation that is believed, as a part of the median: recent steps that are all alike make no
    /// outlier of a step that differs by less than this times the sigmas of the recipe.
    static constexpr double kLeastSpread = 0.01;

    explicit OutlierWatch(const TrainSpec& training)
        : m_sigmas(training.outlierSigmas), m_action(training.outlierAction) {}

    StepVerdict operator()(const RecentSteps& recent, double loss, double norm) const;

    /// `value` beside `recent`, which has at least one element.
    static Deviation deviation(std::span<const float> recent, double value);

private:
    double m_sigmas;
    OutlierAction m_action;
};

}  // namespace gsst
