// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/plan_outcomes.h"

#include "base/units.h"

#include <cmath>
#include <utility>

namespace gsst {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

PlanOutcome outcomeOf(std::string choice, const Plan& plan) {
    return {std::move(choice),     false, "", plan.updateName(), plan.step.seconds, plan.step.readBytes,
            plan.step.writtenBytes};
}

PlanOutcome planned(std::string choice, const RunSpec& spec, const PlanBasis& basis) {
    const auto plan = makePlan(spec, basis.table, basis.hardware, basis.machine);
    if (plan.ok())
        return outcomeOf(std::move(choice), *plan);
    PlanOutcome outcome;
    outcome.choice = std::move(choice);
    outcome.problem = plan.error().what;
    return outcome;
}

std::vector<PlanOutcome> updatesOf(const PlanBasis& basis, const Plan& plan) {
    constexpr std::pair<UpdateChoice, UpdateRule> kRules[] = {{UpdateChoice::Deferred, UpdateRule::Deferred},
                                                              {UpdateChoice::Insured, UpdateRule::Insured},
                                                              {UpdateChoice::Speculative, UpdateRule::Speculative}};
    std::vector<PlanOutcome> outcomes;
    for (const auto& [choice, rule] : kRules) {
        RunSpec spec = basis.spec;
        spec.budget.update = choice;
        // An adaptive plan is the insured one as long as few steps clip.
        const bool chosen = plan.rule == rule || (plan.rule == UpdateRule::Adaptive && rule == UpdateRule::Insured);
        outcomes.push_back(chosen ? outcomeOf(nameOf(rule), plan) : planned(nameOf(rule), spec, basis));
        outcomes.back().chosen = chosen;
    }
    return outcomes;
}

std::string clipName(const TrainSpec& training) {
    if (training.clipNorm <= 0)
        return "none";
    return training.clip == ClipKind::Global ? "global" : training.clip == ClipKind::PreviousNorm ? "previous" : "unit";
}

std::vector<PlanOutcome> clipsOf(const PlanBasis& basis, const Plan& plan) {
    const double norm = basis.spec.training.clipNorm > 0 ? basis.spec.training.clipNorm : TrainSpec().clipNorm;
    const std::pair<ClipKind, double> ways[] = {
        {ClipKind::Global, norm}, {ClipKind::PreviousNorm, norm}, {ClipKind::PerUnit, norm}, {ClipKind::Global, 0}};
    std::vector<PlanOutcome> outcomes;
    for (const auto& [kind, bound] : ways) {
        RunSpec spec = basis.spec;
        spec.training.clip = kind;
        spec.training.clipNorm = bound;
        const std::string name = clipName(spec.training);
        const bool chosen = name == clipName(basis.spec.training);
        outcomes.push_back(chosen ? outcomeOf(name, plan) : planned(name, spec, basis));
        outcomes.back().chosen = chosen;
    }
    return outcomes;
}

/// The plan again with a limit raised by a GiB.
PlanOutcome withMore(const char* name, int64_t Budget::* limit, int64_t present, const char* unlimited,
                     const PlanBasis& basis) {
    const std::string choice = std::string("1 GiB more ") + name;
    if (present <= 0) {
        PlanOutcome outcome;
        outcome.choice = choice;
        outcome.problem = unlimited;
        return outcome;
    }
    RunSpec spec = basis.spec;
    spec.budget.*limit = present + kGiB;
    return planned(choice, spec, basis);
}

std::vector<PlanOutcome> memoryOf(const PlanBasis& basis, const Plan& plan) {
    std::vector<PlanOutcome> outcomes{outcomeOf("as planned", plan)};
    outcomes.back().chosen = true;
    outcomes.push_back(withMore("VRAM", &Budget::deviceBytes, plan.deviceLimit,
                                "there is no limit (--vram): it is taken from RAM", basis));
    outcomes.push_back(withMore("RAM", &Budget::ramBytes, plan.ramLimit, "there is no limit (--ram)", basis));
    return outcomes;
}

const PlanOutcome& named(const std::vector<PlanOutcome>& outcomes, const std::string& choice) {
    for (const PlanOutcome& outcome : outcomes)
        if (outcome.choice == choice)
            return outcome;
    return outcomes.front();
}

std::string whySpeculative(const PlanBasis& basis) {
    const TrainSpec& training = basis.spec.training;
    const std::string noStore = ", so a slice is updated in the backward sweep and no gradient is stored";
    if (training.clipNorm <= 0)
        return "gradients are not clipped" + noStore;
    if (training.clip == ClipKind::PreviousNorm)
        return "the clip factor follows from the step before" + noStore;
    if (training.clip == ClipKind::PerUnit)
        return "each part is clipped by its own norm" + noStore;
    if (basis.spec.budget.update == UpdateChoice::Speculative)
        return "asked for with --update speculative; a wrong guess of the clip factor repeats the step";
    return "the disk has no room for stored gradients; a wrong guess of the clip factor repeats the step";
}

std::string whyRule(const PlanExplanation& explanation, const PlanBasis& basis, const Plan& plan) {
    if (!plan.stateOnDisk)
        return "all state is in RAM, so it is updated where it lies at the end of the step";
    const PlanOutcome& deferred = named(explanation.updates, "deferred");
    const PlanOutcome& insured = named(explanation.updates, "insured");
    const bool asked = basis.spec.budget.update != UpdateChoice::Auto;
    switch (plan.rule) {
    case UpdateRule::Speculative:
        return whySpeculative(basis);
    case UpdateRule::Insured:
        return "asked for with --update insured: in the backward sweep, with the gradient stored in case the clip "
               "factor was guessed wrong";
    case UpdateRule::Deferred:
        if (asked)
            return "asked for with --update deferred: slices are updated while the next step reads them";
        if (!insured.problem.empty())
            return "slices are updated while the next step reads them";
        return "slices are updated while the next step reads them; in the backward sweep a step would take " +
               formatSeconds(insured.secondsPerStep) + " against " + formatSeconds(deferred.secondsPerStep) +
               ", which is no gain";
    case UpdateRule::Adaptive:
        break;
    }
    return "in the backward sweep a step takes " + formatSeconds(insured.secondsPerStep) +
           ", in the next forward sweep " + formatSeconds(deferred.secondsPerStep) +
           "; the first pays while fewer than " + std::to_string(std::lround(100 * plan.breakEven)) +
           "% of the steps are clipped";
}

}  // namespace

void fillOutcomes(PlanExplanation& explanation, const PlanBasis& basis, const Plan& plan) {
    explanation.updateRule = plan.updateName();
    if (plan.stateOnDisk) {
        explanation.updates = updatesOf(basis, plan);
        explanation.clips = clipsOf(basis, plan);
    }
    explanation.memory = memoryOf(basis, plan);
    explanation.breakEven = plan.stateOnDisk && plan.rule == UpdateRule::Adaptive ? plan.breakEven : 0;
    explanation.updateReason = whyRule(explanation, basis, plan);
}

}  // namespace gsst
