// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/computer_summary.h"

#include <cmath>

namespace gsst {
namespace {

constexpr double kForwardFlops = 2;   ///< of a token and parameter
constexpr double kBackwardFlops = 6;  ///< with what the forward did
// Bytes of a parameter.
constexpr double kExactState = 12;  ///< fp32 weight and two fp32 moments
constexpr double kExactGradient = 4;
constexpr double kExactOnDrive = 2 * kExactState + kExactGradient;  ///< two slots and the stored gradient
constexpr double kLeanOnDrive = 11;  ///< the same with bf16 weights and gradients and 8-bit moments

}  // namespace

double tokenSeconds(const ComputerReport& report) {
    return kForwardFlops / report.forwardFlops + kBackwardFlops / report.backwardFlops;
}

double trainedTokensPerSecond(const ComputerReport& report, double parameters) {
    return 1 / (tokenSeconds(report) * parameters);
}

double parametersInAWeek(const ComputerReport& report) {
    constexpr double kWeek = 7 * 24 * 3600, kTokensPerParameter = 20;
    return std::sqrt(kWeek / (kTokensPerParameter * tokenSeconds(report)));
}

double updatedParametersPerSecond(const ComputerReport& report) {
    return report.updateBytes / (2 * kExactState + kExactGradient);
}

double hiddenFromTokens(const ComputerReport& report) {
    // A forward sweep reads state and gradient of each parameter, writes the state, and computes meanwhile.
    const double seconds = (kExactState + kExactGradient) / report.readBytes + kExactState / report.writeBytes;
    return seconds * report.forwardFlops / kForwardFlops;
}

double parametersInRam(const ComputerReport& report) {
    return double(report.ramFreeBytes) * kShareOfFreeRam / (kExactState + kExactGradient);
}

double parametersOnDrive(const ComputerReport& report, StatePreset state) {
    return double(report.diskFreeBytes) / (state == StatePreset::Exact ? kExactOnDrive : kLeanOnDrive);
}

ModelHome homeOf(double parameters, const ComputerReport& report) {
    // A run in RAM has its slots on the drive too.
    if (parameters > parametersOnDrive(report, StatePreset::Lean))
        return ModelHome::Nowhere;
    if (parameters > parametersOnDrive(report, StatePreset::Exact))
        return ModelHome::DriveWhenLean;
    return parameters <= parametersInRam(report) ? ModelHome::Ram : ModelHome::Drive;
}

Bf16Speed bf16Speed(const ComputerReport& report) {
    constexpr double kMatters = 1.3;
    if (report.productFlopsBf16 > kMatters * report.productFlopsFp32)
        return Bf16Speed::Faster;
    return kMatters * report.productFlopsBf16 < report.productFlopsFp32 ? Bf16Speed::Slower : Bf16Speed::Alike;
}

bool memoryOutrunsDrive(const ComputerReport& report) {
    return report.memoryBytes > 4 * report.readBytes;
}

}  // namespace gsst
