// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/block_kernels_cuda.h"
#include "optim/optimizer.h"

#include <tuple>

namespace gsst {

/// OptimizerStep::update() of one optimizer's Math, see optimizer_maths.h.
template <typename Math>
bool updateElements(const UpdateArrays& arrays, bool decay, const typename Math::Constants& constants) {
    const UpdateKernels<Math>& kernels = cpuKernels().update<Math>();
    const bool plain = arrays.lo && arrays.moment1;
    return (plain ? kernels.plain : kernels.quantized)(arrays, decay ? constants.keep : 1.0f, constants);
}

/// The kernels that are made of a Math, with the constants of a step.
template <typename Math>
class ElementStep final : public OptimizerStep {
public:
    explicit ElementStep(const typename Math::Constants& constants) : m_constants(constants) {}

    bool update(const UpdateArrays& arrays, bool decay) const override {
        return updateElements<Math>(arrays, decay, m_constants);
    }
    Status launch(void* stream, const BlockArrays& arrays, const BlockBatch& batch, StatePreset preset) const override {
        const auto& launches = std::get<UpdateLaunches<Math>>(updateLaunches());
        return (preset == StatePreset::Exact ? launches.plain : launches.groups)(stream, arrays, batch, m_constants);
    }
    float keep() const override { return m_constants.keep; }

private:
    typename Math::Constants m_constants;
};

}  // namespace gsst
