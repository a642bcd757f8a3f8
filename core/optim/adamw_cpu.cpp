// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw_cpu.h"

#include "optim/schedule.h"

#include <cmath>

namespace gsst {

AdamWConstants adamwConstants(const TrainSpec& training, int64_t step, float gradientScale) {
    const double rate = learningRate(training, step);
    AdamWConstants constants;
    constants.gradientScale = gradientScale;
    constants.keep = float(1.0 - rate * training.weightDecay);
    constants.beta1 = float(training.beta1);
    constants.beta1Rest = float(1.0 - training.beta1);
    constants.beta2 = float(training.beta2);
    constants.beta2Rest = float(1.0 - training.beta2);
    constants.stepSize = float(rate / (1.0 - std::pow(training.beta1, double(step))));
    constants.rootCorrection = float(std::sqrt(1.0 - std::pow(training.beta2, double(step))));
    constants.epsilon = float(training.epsilon);
    return constants;
}

bool adamwUpdate(const AdamWArrays& arrays, bool decay, const AdamWConstants& constants) {
    const CpuKernels& kernels = cpuKernels();
    const bool plain = arrays.lo && arrays.moment1;
    return (plain ? kernels.adamwUpdate : kernels.adamwUpdateCoded)(arrays, decay ? constants.keep : 1.0f, constants);
}

void joinWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) {
    cpuKernels().joinWeights(hi, lo, weights, count);
}

void joinWeightsFp16(const uint16_t* hi, const uint16_t* lo, uint16_t* weights, int64_t count) {
    cpuKernels().joinFp16(hi, lo, weights, count);
}

}  // namespace gsst
