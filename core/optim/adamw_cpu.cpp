// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw_cpu.h"

#include "optim/schedule.h"

#include <algorithm>
#include <cmath>

namespace gsst {

AdamWConstants adamwConstants(const TrainSpec& training, int64_t step, float gradientScale) {
    const double rate = learningRate(training, step);
    const double rootCorrection = std::sqrt(1.0 - std::pow(training.beta2, double(step)));
    AdamWConstants constants;
    constants.gradientScale = gradientScale;
    constants.keep = float(1.0 - rate * training.weightDecay);
    constants.beta1 = float(training.beta1);
    constants.beta1Rest = float(1.0 - training.beta1);
    constants.beta2 = float(training.beta2);
    constants.beta2Rest = float(1.0 - training.beta2);
    constants.stepSize = float(rate / (1.0 - std::pow(training.beta1, double(step))));
    constants.rootCorrection = float(rootCorrection);
    constants.epsilon = float(training.epsilon);
    constants.gradientRest1 = float(double(gradientScale) * (1.0 - training.beta1));
    constants.gradientRest2 = float(double(gradientScale) * std::sqrt(1.0 - training.beta2));
    constants.rootFactor = float(1.0 / rootCorrection);
    return constants;
}

bool adamwUpdate(const AdamWArrays& arrays, bool decay, const AdamWConstants& constants) {
    const CpuKernels& kernels = cpuKernels();
    const bool plain = arrays.lo && arrays.moment1;
    return (plain ? kernels.adamwUpdate : kernels.adamwUpdateQuantized)(arrays, decay ? constants.keep : 1.0f,
                                                                        constants);
}

void materializeWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) {
    cpuKernels().materializeWeights(hi, lo, weights, count);
}

void materializeWeights(Precision precision, const uint16_t* hi, const uint16_t* lo, void* weights, int64_t count) {
    switch (precision) {
    case Precision::Fp32:
        return materializeWeights(hi, lo, static_cast<float*>(weights), count);
    case Precision::Bf16:
        std::copy_n(hi, count, static_cast<uint16_t*>(weights));
        return;
    case Precision::Fp16:
        return cpuKernels().joinFp16(hi, lo, static_cast<uint16_t*>(weights), count);
    }
}

}  // namespace gsst
