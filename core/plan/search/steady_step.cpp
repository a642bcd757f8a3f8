// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/steady_step.h"

#include <algorithm>
#include <cstddef>

namespace gsst {
namespace {

/// Steps before the one that is looked at: enough for everything that runs ahead.
constexpr size_t kStepsBefore = 2;

/// When the compute lane is through with the programs from `first` to before `last`.
double computeEnd(const std::vector<const StepProgram*>& chain, const std::vector<std::vector<OpTime>>& times,
                  size_t first, size_t last) {
    double end = 0;
    for (size_t program = first; program < last; ++program)
        for (size_t op = 0; op < times[program].size(); ++op)
            if (laneOf(chain[program]->ops[op].kind) == Lane::Compute)
                end = std::max(end, times[program][op].finish);
    return end;
}

}  // namespace

std::vector<StepProgram> steadyStep(const ProgramBuilder& builder, const Plan& plan) {
    const auto build = [&](ProgramKind kind, bool updating, BackwardUpdate update) {
        return builder.build({kind, updating, update});
    };
    std::vector<StepProgram> programs;
    if (!plan.stateOnDisk) {
        programs.push_back(build(ProgramKind::Step, false, BackwardUpdate::None));
        programs.push_back(build(ProgramKind::UpdateOnly, false, BackwardUpdate::None));
    } else if (plan.rule == UpdateRule::Deferred) {
        programs.push_back(build(ProgramKind::Step, true, BackwardUpdate::None));
    } else {
        const bool speculative = plan.rule == UpdateRule::Speculative;
        programs.push_back(
            build(ProgramKind::Step, false, speculative ? BackwardUpdate::Speculative : BackwardUpdate::Insured));
        programs.push_back(build(ProgramKind::Commit, false, BackwardUpdate::None));
    }
    return programs;
}

SteadyTimes simulateSteadyStep(const std::vector<StepProgram>& step, const HardwareProfile& hardware,
                               int64_t ringBytes) {
    std::vector<const StepProgram*> chain;
    for (size_t repetition = 0; repetition <= kStepsBefore; ++repetition)
        for (const StepProgram& program : step)
            chain.push_back(&program);
    std::vector<std::vector<OpTime>> times = simulatedTimes(chain, hardware, ringBytes);
    const size_t first = kStepsBefore * step.size();
    const double begin = computeEnd(chain, times, 0, first);
    SteadyTimes steady;
    steady.seconds = computeEnd(chain, times, first, chain.size()) - begin;
    steady.programs.assign(times.begin() + std::ptrdiff_t(first), times.end());
    for (std::vector<OpTime>& program : steady.programs)
        for (OpTime& time : program) {
            time.start -= begin;
            time.finish -= begin;
        }
    return steady;
}

}  // namespace gsst
