// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <vector>

namespace gsst {

/// The losses of a run as the plot needs them. x of a point: its step, tokens seen, or hours trained.
class LossSeries {
public:
    enum class X { Steps, Tokens, Hours };

    void clear();
    /// Coarse losses of earlier sessions, evenly spread over steps 1..steps.
    void prefill(const std::vector<float>& history, int64_t steps);
    void setTokensPerStep(int64_t tokens);
    /// A step that was trained before replaces what was known from it on.
    void add(const StepDone& step);
    void add(const Validated& validation);
    void setSmoothing(double keep);
    double smoothing() const { return m_keep; }

    size_t size() const { return m_steps.size(); }
    const std::vector<double>& x(X kind) const;
    const std::vector<double>& raw() const { return m_raw; }
    const std::vector<double>& smoothedLoss() const { return m_smooth; }
    size_t validations() const { return m_validLoss.size(); }
    double validationX(size_t index, X kind) const;
    double validationStep(size_t index) const { return m_validStep[index]; }
    double validationLoss(size_t index) const { return m_validLoss[index]; }
    double step(size_t index) const { return m_steps[index]; }
    double tokensAt(double step) const { return step * double(m_tokensPerStep); }
    /// Steps whose loss was not finite.
    const std::vector<double>& brokenSteps() const { return m_broken; }

private:
    void append(double step, double loss, double hours);
    void appendSmooth(double loss);
    double hoursAt(double step) const;

    std::vector<double> m_steps, m_tokens, m_hours, m_raw, m_smooth;
    std::vector<double> m_validStep, m_validLoss, m_broken;
    int64_t m_tokensPerStep = 1;
    double m_keep = 0.93;
    double m_average = 0;
    double m_weight = 0;
};

}  // namespace gsst
