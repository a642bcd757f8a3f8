// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/state_kind.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <algorithm>
#include <array>
#include <span>

namespace gsst {

// What everything but the arithmetic has to know of an optimizer, as one table: the state that it keeps, and so the
// bytes on disk and in memory; how much of a tensor an update must see at once; and the numbers of the recipe that it
// looks at. The arithmetic of each row stands behind optim/optimizer.h.

/// How much of a tensor an update must have before it at once.
enum class UpdateScope {
    Element,  ///< any part: each element is updated by its own gradient and state alone
    Matrix    ///< the whole tensor: chunks of state must not end within it
};

/// What an optimizer does with a tensor.
struct TensorUpdate {
    std::span<const StateKind> moments;  ///< state that it keeps besides the weight, in the order of StateKind
    UpdateScope scope = UpdateScope::Element;
};

/// For the tensors of a role that an optimizer treats unlike the others.
struct RoleUpdate {
    TensorRole role{};
    TensorUpdate update;
};

/// A number of the recipe that an optimizer looks at. Its key and range are those of its row in recipe_fields.cpp.
struct Hyperparameter {
    double TrainSpec::* value;
    double standard;  ///< of a recipe that does not name it
};

/// One row of the table.
struct OptimizerSpec {
    OptimizerKind kind{};
    TensorUpdate usual;  ///< of every tensor whose role is not among `exceptions`
    std::span<const RoleUpdate> exceptions;
    std::span<const Hyperparameter> hyperparameters;

    constexpr const TensorUpdate& updateOf(TensorRole role) const {
        for (const RoleUpdate& exception : exceptions)
            if (exception.role == role)
                return exception.update;
        return usual;
    }
    /// Whether tensors of this role, or any tensors, have this moment.
    constexpr bool keeps(TensorRole role, StateKind moment) const {
        const std::span<const StateKind> kept = updateOf(role).moments;
        return std::find(kept.begin(), kept.end(), moment) != kept.end();
    }
    constexpr bool keeps(StateKind moment) const {
        const auto has = [moment](const TensorUpdate& update) {
            return std::find(update.moments.begin(), update.moments.end(), moment) != update.moments.end();
        };
        return has(usual) || std::any_of(exceptions.begin(), exceptions.end(),
                                         [&has](const RoleUpdate& exception) { return has(exception.update); });
    }
    constexpr bool looksAt(double TrainSpec::* value) const {
        return std::any_of(hyperparameters.begin(), hyperparameters.end(),
                           [value](const Hyperparameter& each) { return each.value == value; });
    }
    /// Whether it treats all tensors alike, element by element.
    constexpr bool isElementwise() const { return exceptions.empty() && usual.scope == UpdateScope::Element; }
};

namespace optimizers {

inline constexpr std::array kOneMoment{StateKind::Moment1};
inline constexpr std::array kTwoMoments{StateKind::Moment1, StateKind::Moment2};

inline constexpr std::array<Hyperparameter, 6> kAdamWNumbers{{{&TrainSpec::learningRate, 1e-3},
                                                              {&TrainSpec::minLearningRate, 1e-4},
                                                              {&TrainSpec::beta1, 0.9},
                                                              {&TrainSpec::beta2, 0.99},
                                                              {&TrainSpec::epsilon, 1e-8},
                                                              {&TrainSpec::weightDecay, 0.1}}};

// Its update has the size of the learning rate in every element, where AdamW's is smaller in most: the rate is a third
// and the decay thrice as large, within what the paper says of both.
inline constexpr std::array<Hyperparameter, 5> kLionNumbers{{{&TrainSpec::learningRate, 3e-4},
                                                             {&TrainSpec::minLearningRate, 3e-5},
                                                             {&TrainSpec::beta1, 0.9},
                                                             {&TrainSpec::beta2, 0.99},
                                                             {&TrainSpec::weightDecay, 0.3}}};

}  // namespace optimizers

/// Every optimizer, in the order of OptimizerKind. The first one is meant where a recipe names none.
inline constexpr std::array<OptimizerSpec, 2> kOptimizers{
    {{OptimizerKind::AdamW, {optimizers::kTwoMoments}, {}, optimizers::kAdamWNumbers},
     {OptimizerKind::Lion, {optimizers::kOneMoment}, {}, optimizers::kLionNumbers}}};

inline constexpr const OptimizerSpec& kAdamW = kOptimizers[size_t(OptimizerKind::AdamW)];
inline constexpr const OptimizerSpec& kLion = kOptimizers[size_t(OptimizerKind::Lion)];

constexpr const OptimizerSpec& optimizerSpec(OptimizerKind kind) {
    return kOptimizers[size_t(kind)];
}

/// "adamw", as in recipes.
const char* nameOf(OptimizerKind kind);

/// Gives the recipe this optimizer, with the standard values of all its hyperparameters.
void setOptimizer(TrainSpec& training, OptimizerKind kind);

}  // namespace gsst
