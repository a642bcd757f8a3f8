// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/clipping.h"

#include "optim/optimizer.h"
#include "optim/squared_norm.h"

#include <algorithm>
#include <cmath>

namespace gsst {

LossScaling lossScaling(const TrainSpec& training) {
    if (training.precision != Precision::Fp16)
        return LossScaling::none();
    return {training.lossScaleGrowSteps, 1.0, kMostLossScale};
}

ClipFunctions clipFunctions(const TrainSpec& training, int units) {
    const double bound = training.clipNorm;
    ClipFunctions clip;
    clip.largestNorm = optimizerOf(training.optimizer).largestGradient(training);
    clip.norm = totalNorm;
    clip.factor = [bound](double norm, double) { return clipFactor(norm, bound); };
    clip.guess = [](double) { return 1.0f; };
    if (training.clip == ClipKind::PreviousNorm) {
        clip.factor = [bound](double norm, double previous) {
            const bool own = previous <= 0 || norm > kNormJump * previous;
            return clipFactor(own ? norm : previous, bound);
        };
        clip.guess = [bound](double previous) { return previous <= 0 ? 1.0f : clipFactor(previous, bound); };
    }
    if (training.clip == ClipKind::PerUnit && bound > 0)
        clip.factorOfUnit = [own = bound / std::sqrt(double(units))](std::span<const double> norms) {
            return clipFactor(totalNorm(norms), own);
        };
    return clip;
}

}  // namespace gsst
