// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "ranks/ranks.h"

#include <memory>
#include <stop_token>

namespace gsst {

/// Meets the other ranks; Cancelled by `stop` until they are there. Spans of Collective::sum() are in the memory of
/// `gradients`, all else is in that of the processor. By file: over LibTorch's Gloo, or, where its headers were missing
/// when this was built, InvalidInput. Gradients of a card go over NCCL; InvalidInput where that was missing, or without
/// such a card.
Result<std::unique_ptr<RankGroup>> connectRanks(const ProcessRank& place, const DeviceId& gradients,
                                                const RankTimeouts& timeouts, std::stop_token stop);

}  // namespace gsst
