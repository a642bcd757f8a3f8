// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/outlier_watch.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gsst {
namespace {

/// Standard deviations in a median absolute deviation, for values that are normally distributed.
constexpr double kSigmasPerDeviation = 1.4826;

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

}  // namespace

Deviation OutlierWatch::deviation(std::span<const float> recent, double value) {
    std::vector<double> values(recent.begin(), recent.end());
    const double center = median(values);
    for (double& each : values)
        each = std::abs(each - center);
    return {value, center, std::max(kSigmasPerDeviation * median(std::move(values)), kLeastSpread * std::abs(center))};
}

StepVerdict OutlierWatch::operator()(const RecentSteps& recent, double loss, double norm) const {
    StepVerdict verdict;
    verdict.loss.value = loss;
    verdict.norm.value = norm;
    if (m_sigmas <= 0 || recent.count < kFewest)
        return verdict;
    const size_t count = size_t(recent.count);
    verdict.loss = deviation(std::span(recent.losses).first(count), loss);
    verdict.norm = deviation(std::span(recent.norms).first(count), norm);
    if (verdict.loss.sigmas() > m_sigmas || verdict.norm.sigmas() > m_sigmas) {
        verdict.fault = StepFault::Outlier;
        verdict.effect = m_action == OutlierAction::Skip ? StepEffect::Skipped : StepEffect::Applied;
    }
    return verdict;
}

}  // namespace gsst
