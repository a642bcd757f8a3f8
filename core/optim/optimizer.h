// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "optim/kernels/block_loops.h"
#include "optim/kernels/cpu_kernels.h"
#include "spec/optimizer_spec.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <memory>

namespace gsst {

// The arithmetic of the optimizers that work element by element, whichever it is and wherever it runs. What state they
// keep, and so what the arrays below consist of, is in spec/optimizer_spec.h.
//
// An optimizer that needs whole matrices cannot stand behind this interface, which is handed blocks of a tensor; a row
// of kOptimizers with that scope, or one that treats tensors differently, does not compile (optimizer.cpp) until there
// is something behind it.

/// The update of one step: its constants, and the kernels that apply them. Immutable; any number of threads may use it
/// for disjoint arrays.
class OptimizerStep {
public:
    virtual ~OptimizerStep() = default;

    /// Updates state in place in one pass over memory, on the calling thread. Element by element, so that the result
    /// depends neither on how a tensor is split (with quantized moments or without `lo`: at multiples of 256 elements)
    /// nor on the instruction set chosen at run time. `decay`: whether weight decay applies to the tensor. Returns
    /// whether all new weights and moments are finite; they are written either way.
    virtual bool update(const UpdateArrays& arrays, bool decay) const = 0;

    /// The same for all blocks of a batch on a CUDA card; see block_math_cuda.h for stream, pointers and errors.
    /// The state is of this preset.
    virtual Status launch(void* stream, const BlockArrays& arrays, const BlockBatch& batch,
                          StatePreset preset) const = 0;

    /// What the weights of tensors that decay are multiplied by.
    virtual float keep() const = 0;
};

/// One row's arithmetic. Stateless, hence thread-safe.
class Optimizer {
public:
    virtual ~Optimizer() = default;

    /// The update of 1-based `step` by the recipe, with the schedule's learning rate. `gradientScale`: clip factor over
    /// loss scale.
    virtual std::unique_ptr<OptimizerStep> step(const TrainSpec& training, int64_t step, float gradientScale) const = 0;

    /// The largest gradient, element or norm, whose update cannot overflow, whatever the state is.
    virtual double largestGradient(const TrainSpec& training) const = 0;
};

/// Lives as long as the program.
const Optimizer& optimizerOf(OptimizerKind kind);

}  // namespace gsst
