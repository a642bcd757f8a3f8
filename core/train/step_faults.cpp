// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/step_faults.h"

#include <cmath>
#include <cstdio>

namespace gsst {
namespace {

std::string shown(double value, int digits = 4) {
    if (!std::isfinite(value))
        return std::isnan(value) ? "not a number" : "infinite";
    char text[32];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    return text;
}

std::string figure(const char* name, double value, double usual, double sigmas) {
    std::string text = std::string(name) + " is " + shown(value);
    if (usual != 0)
        text += ", " + shown(std::abs(sigmas), 2) + " standard deviations " + (sigmas < 0 ? "below" : "above") +
                " the " + shown(usual) + " of the recent steps";
    return text;
}

/// Both figures, and what follows from them.
std::string reasonOf(const UnusualStep& step) {
    std::string text = figure("the loss", step.loss, step.usualLoss, step.lossSigmas) + "; " +
                       figure("the gradient norm", step.gradientNorm, step.usualNorm, step.normSigmas);
    if (step.fault == nameOf(StepFault::TooLarge))
        text += ", so large that the update could overflow";
    return text;
}

}  // namespace

UnusualStep unusualStep(const StepResult& result) {
    const StepVerdict& verdict = result.verdict;
    UnusualStep event;
    event.step = result.step;
    event.fault = nameOf(verdict.fault);
    event.skipped = verdict.effect == StepEffect::Skipped;
    event.skippedInARow = result.skippedInARow;
    event.loss = verdict.loss.value;
    event.usualLoss = verdict.loss.usual;
    event.lossSigmas = verdict.loss.sigmas();
    event.gradientNorm = verdict.norm.value;
    event.usualNorm = verdict.norm.usual;
    event.normSigmas = verdict.norm.sigmas();
    return event;
}

std::string sentenceOfScale(const StepResult& result) {
    const std::string scale = "the loss scale is now " + shown(result.nextLossScale, 13);
    if (result.verdict.fault == StepFault::Overflow)
        return "Step " + std::to_string(result.step) + " was skipped: its gradient was too large for fp16; " + scale;
    return "After step " + std::to_string(result.step) + " " + scale;
}

std::string sentenceOf(const UnusualStep& step) {
    return "Step " + std::to_string(step.step) + (step.skipped ? " was skipped: " : " is an outlier: ") +
           reasonOf(step);
}

Error becameUnstable(const UnusualStep& last, const std::filesystem::path& runFolder) {
    const std::string resume = "'gsst resume " + runFolder.string() + " --reshuffle'";
    return {ErrorCode::InvalidInput, "Training became unstable", "step " + std::to_string(last.step),
            std::to_string(last.skippedInARow) + " steps in a row were skipped, and the weights are those of step " +
                std::to_string(last.step - last.skippedInARow) + "; in the last one " + reasonOf(last),
            resume + " goes on from these weights with the text in another order; with --roll-back it goes back to the "
                     "commit before "
                     "first, if that is still whole. If that does not help, start again with half the learning rate"};
}

}  // namespace gsst
