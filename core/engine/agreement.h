// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/collective.h"
#include "engine/slice_math.h"
#include "store/state_store.h"

#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace gsst {

/// Values of all ranks, by rank. T has no padding whose bytes matter.
template <typename T>
Result<std::vector<T>> gatherValues(Collective& collective, Channel channel, const T& mine) {
    static_assert(std::is_trivially_copyable_v<T>);
    GSST_ASSIGN(const std::vector<std::byte> bytes, collective.gather(channel, std::as_bytes(std::span(&mine, 1))));
    std::vector<T> values(size_t(collective.ranks()));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

/// Before the first step, after the state was opened. Ranks hold the same weights and each its share of the rest, and
/// they may differ by one commit, which some had made when the run ended: whoever is ahead goes back to the newest step
/// that all hold. If the order of the text was changed on one of them, it is changed on all. InvalidInput on all ranks,
/// with nothing changed, if one of them has another `fingerprint` (of model, recipe and data); Corrupt if their weights
/// differ.
Status agreeOnStart(Collective& collective, StateStore& store, const Hash128& fingerprint);

/// StateStore::commit() on all ranks or on none: no rank writes its record before all are ready to, and none goes on
/// (which would write over the state before) until all have.
Status commitTogether(Collective& collective, StateStore& store, int slot, const CommitRecord& record);

/// The loss of a step over all ranks, added up in their order. Internal if `squaredNorms`, which must be the same bits,
/// differ.
Result<LossSum> sumLosses(Collective& collective, const LossSum& mine, std::span<const double> squaredNorms);

}  // namespace gsst
