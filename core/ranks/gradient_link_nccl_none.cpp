// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/gradient_link.h"

namespace gsst {

Status checkNccl(int card) {
    return Error{ErrorCode::InvalidInput, "This program cannot train with several graphics cards",
                 "CUDA device " + std::to_string(card), "it was built without CUDA or without the headers of NCCL",
                 "Build it with GSST_WITH_CUDA=ON in an environment that has nccl.h, or compute on the processor"};
}

Result<std::unique_ptr<GradientLink>> linkOverNccl(const Rendezvous&, GlooGroup&, int card) {
    return checkNccl(card).error();
}

}  // namespace gsst
