// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/loss_series.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gsst {

void LossSeries::clear() {
    const double keep = m_keep;
    *this = LossSeries();
    m_keep = keep;
}

void LossSeries::prefill(const std::vector<float>& history, int64_t steps) {
    if (history.empty() || steps <= 0)
        return;
    for (size_t i = 0; i < history.size(); ++i) {
        const double share = history.size() == 1 ? 1.0 : double(i) / double(history.size() - 1);
        append(1 + std::round(share * double(steps - 1)), double(history[i]), 0);
    }
}

void LossSeries::setTokensPerStep(int64_t tokens) {
    m_tokensPerStep = std::max<int64_t>(1, tokens);
    for (size_t i = 0; i < m_steps.size(); ++i)
        m_tokens[i] = tokensAt(m_steps[i]);
}

void LossSeries::add(const StepDone& step) {
    const auto from = std::lower_bound(m_steps.begin(), m_steps.end(), double(step.step));
    if (from != m_steps.end()) {
        const auto kept = size_t(from - m_steps.begin());
        for (auto* values : {&m_steps, &m_tokens, &m_hours, &m_raw})
            values->resize(kept);
        setSmoothing(m_keep);
        std::erase_if(m_broken, [&step](double each) { return each >= double(step.step); });
    }
    append(double(step.step), step.loss, (m_hours.empty() ? 0 : m_hours.back()) + step.seconds / 3600);
}

void LossSeries::append(double step, double loss, double hours) {
    if (!m_steps.empty() && step <= m_steps.back())
        return;
    m_steps.push_back(step);
    m_tokens.push_back(tokensAt(step));
    m_hours.push_back(hours);
    m_raw.push_back(std::isfinite(loss) ? loss : std::numeric_limits<double>::quiet_NaN());
    if (!std::isfinite(loss))
        m_broken.push_back(step);
    appendSmooth(loss);
}

void LossSeries::appendSmooth(double loss) {
    if (std::isfinite(loss)) {
        m_average = m_keep * m_average + (1 - m_keep) * loss;
        m_weight = m_keep * m_weight + (1 - m_keep);
    }
    m_smooth.push_back(std::isfinite(loss) && m_weight > 0 ? m_average / m_weight
                                                           : std::numeric_limits<double>::quiet_NaN());
}

void LossSeries::add(const Validated& validation) {
    while (!m_validStep.empty() && m_validStep.back() >= double(validation.step)) {
        m_validStep.pop_back();
        m_validLoss.pop_back();
    }
    m_validStep.push_back(double(validation.step));
    m_validLoss.push_back(validation.loss);
}

void LossSeries::setSmoothing(double keep) {
    m_keep = keep;
    m_smooth.clear();
    m_smooth.reserve(m_raw.size());
    m_average = 0;
    m_weight = 0;
    for (double loss : m_raw)
        appendSmooth(loss);
}

const std::vector<double>& LossSeries::x(X kind) const {
    return kind == X::Steps ? m_steps : kind == X::Tokens ? m_tokens : m_hours;
}

double LossSeries::hoursAt(double step) const {
    const auto at = std::lower_bound(m_steps.begin(), m_steps.end(), step);
    return at == m_steps.end() ? (m_hours.empty() ? 0 : m_hours.back()) : m_hours[size_t(at - m_steps.begin())];
}

double LossSeries::validationX(size_t index, X kind) const {
    const double step = m_validStep[index];
    return kind == X::Steps ? step : kind == X::Tokens ? tokensAt(step) : hoursAt(step);
}

}  // namespace gsst
