// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/rank_link.h"

namespace gsst {

Result<std::unique_ptr<RankGroup>> connectRanks(const ProcessRank& place, const DeviceId&, const RankTimeouts&,
                                                std::stop_token) {
    return Error{ErrorCode::InvalidInput, "This program cannot train with several processes",
                 "WORLD_SIZE " + std::to_string(place.ranks), "it was built without the headers of Gloo",
                 "Install libgloo-dev and build again, or unset WORLD_SIZE"};
}

}  // namespace gsst
