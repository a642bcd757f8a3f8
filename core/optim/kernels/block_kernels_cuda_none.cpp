// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/block_kernels_cuda.h"

namespace gsst {
namespace {

Error unavailable(const char* doing) {
    return {ErrorCode::InvalidInput, "This device is not available", std::string(doing) + " on the graphics card",
            "this build of the program has no CUDA code", "Compute on the processor, or build with GSST_WITH_CUDA=ON"};
}

template <typename Math>
Status noUpdate(void*, const BlockArrays&, const BlockBatch&, const typename Math::Constants&) {
    return unavailable("updating weights");
}

template <typename... Maths>
constexpr std::tuple<UpdateLaunches<Maths>...> launchesOf(MathList<Maths...>) {
    return {UpdateLaunches<Maths>{noUpdate<Maths>, noUpdate<Maths>}...};
}

}  // namespace

const OptimizerMaths::TupleOf<UpdateLaunches>& updateLaunches() {
    static constexpr auto launches = launchesOf(OptimizerMaths());
    return launches;
}
Status launchJoin(void*, const BlockArrays&, int64_t) {
    return unavailable("joining the halves of weights");
}
Status launchSplit(void*, const BlockArrays&, int64_t) {
    return unavailable("splitting weights into halves");
}
Status launchNorms(void*, const float*, const BlockBatch&, double*) {
    return unavailable("adding up squared gradients");
}
Status launchRound(void*, float*, const BlockBatch&) {
    return unavailable("rounding gradients");
}
Status launchPack(void*, const float*, uint16_t*, const BlockBatch&) {
    return unavailable("packing gradients");
}
Status launchZeroFill(void*, void*, int64_t) {
    return unavailable("filling memory with zeros");
}

}  // namespace gsst
