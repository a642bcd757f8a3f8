// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "ranks/gloo_group.h"
#include "ranks/rendezvous.h"

#include <memory>
#include <span>

namespace gsst {

/// Collective::sum() of gradients where they are: in the memory of the processor or of a card. Work that makes them is
/// done when it is called, and its own is done when it returns. It throws what LibTorch throws, and fails ever after.
class GradientLink {
public:
    virtual ~GradientLink() = default;
    virtual void sum(std::span<float> values) = 0;
};

/// Over Gloo, in the memory of the processor. `group` is the conversation about gradients.
std::unique_ptr<GradientLink> linkOverGloo(GlooGroup& group);

/// Whether linkOverNccl() may be called for this card; asked before the ranks meet, so that none waits in vain for one
/// that cannot.
Status checkNccl(int card);

/// Over NCCL, in the memory of this rank's card. Before each transfer the ranks wait for each other over `group`, which
/// notices at once when one ends; NCCL does not always, so a transfer has a deadline of its own. By file: in a build
/// without NCCL the Error says so. Fails if the cards do not reach each other.
Result<std::unique_ptr<GradientLink>> linkOverNccl(const Rendezvous& point, GlooGroup& group, int card);

}  // namespace gsst
