// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>

namespace gsst {

/// Loss and gradient norm of the newest steps that were not skipped, by which the next ones are judged. In the
/// precision that commit records keep, so that a resumed run judges by the same bits.
struct RecentSteps {
    static constexpr int kMost = 128;

    int count = 0;                      ///< 0 to kMost
    std::array<float, kMost> losses{};  ///< nats a token, newest first; zero from `count` on
    std::array<float, kMost> norms{};

    /// Notes the newest step; the oldest of kMost goes. Both values are finite.
    void add(float loss, float norm) {
        std::shift_right(losses.begin(), losses.end(), 1);
        std::shift_right(norms.begin(), norms.end(), 1);
        losses.front() = loss;
        norms.front() = norm;
        count = std::min(count + 1, kMost);
    }

    bool operator==(const RecentSteps&) const = default;
};

}  // namespace gsst
