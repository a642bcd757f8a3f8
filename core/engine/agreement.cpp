// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/agreement.h"

#include "store/state_hash.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace gsst {
namespace {

/// Where a rank stands. All members are whole bytes without gaps.
struct Standing {
    Hash128 fingerprint{};
    Hash128 root{};
    int64_t step = 0;
    std::array<std::byte, kSealedBytes> record{};
};

Standing standingOf(const StateStore& store, const Hash128& fingerprint) {
    Standing standing{fingerprint, store.committed().rootHash, store.committed().step, {}};
    encode(store.committed(), standing.record);
    return standing;
}

std::string rankText(size_t rank) { return "rank " + std::to_string(rank); }

Status sameRun(const std::vector<Standing>& all) {
    for (size_t rank = 1; rank < all.size(); ++rank)
        if (all[rank].fingerprint != all[0].fingerprint)
            return Error{ErrorCode::InvalidInput, "The ranks do not train the same run", rankText(rank),
                         "its model, recipe, text or number of steps is not that of rank 0",
                         "Start all ranks with the same options and the same text, each with a run folder of its own"};
    return {};
}

/// The rank that is the least far.
size_t lastOf(const std::vector<Standing>& all) {
    return size_t(std::min_element(all.begin(), all.end(), [](const Standing& a, const Standing& b) { return a.step < b.step; }) - all.begin());
}

/// A rank that is ahead: to the state of the one that is the last.
Status goBack(StateStore& store, const Standing& last) {
    if (store.committed().rootHash != last.root)
        return store.rollBackToPrevious();
    // The steps between were skipped: only the record goes back. The logs of this folder stay as long as they are.
    const DecodedRecord decoded = decodeRecord(last.record);
    CommitRecord record = decoded.record;
    record.metricsBytes = store.committed().metricsBytes;
    record.samplesBytes = store.committed().samplesBytes;
    return store.commit(store.committedSlot(), record);
}

}  // namespace

Status agreeOnStart(Collective& collective, StateStore& store, const Hash128& fingerprint) {
    GSST_ASSIGN(const std::vector<Standing> before, gatherValues(collective, Channel::Commit, standingOf(store, fingerprint)));
    GSST_TRY(sameRun(before));
    const Standing& last = before[lastOf(before)];
    Status back;
    if (store.committed().step > last.step)
        back = goBack(store, last);
    // Whoever could not go back tells the others by what it holds.
    GSST_ASSIGN(const std::vector<Standing> after, gatherValues(collective, Channel::Commit, standingOf(store, fingerprint)));
    GSST_TRY(back);
    for (size_t rank = 0; rank < after.size(); ++rank)
        if (after[rank].step != last.step || after[rank].root != last.root)
            return Error{ErrorCode::Corrupt, "The ranks hold no common state", rankText(rank),
                         "it stands at step " + std::to_string(after[rank].step) + ", " + rankText(lastOf(before)) + " at step " +
                             std::to_string(last.step) + (after[rank].step == last.step ? " with other weights" : ""),
                         "Copy HEAD and the folder slots of the run folder of the rank you trust to those of the others, while none runs"};
    return {};
}

Status commitTogether(Collective* collective, StateStore& store, int slot, const CommitRecord& record) {
    if (!collective)
        return store.commit(slot, record);
    GSST_ASSIGN(const std::vector<int64_t> ready, gatherValues(*collective, Channel::Commit, record.step));
    for (size_t rank = 0; rank < ready.size(); ++rank)
        if (ready[rank] != record.step)
            return Error{ErrorCode::Internal, "The ranks commit different steps", rankText(rank),
                         "it commits step " + std::to_string(ready[rank]) + ", this one step " + std::to_string(record.step),
                         "Please report this as a defect; all ranks can be resumed"};
    GSST_TRY(store.commit(slot, record));
    GSST_ASSIGN(const std::vector<Hash128> roots, gatherValues(*collective, Channel::Commit, store.committed().rootHash));
    for (size_t rank = 0; rank < roots.size(); ++rank)
        if (roots[rank] != store.committed().rootHash)
            return Error{ErrorCode::Corrupt, "The weights of the ranks differ", rankText(rank),
                         "after step " + std::to_string(record.step) + " they are not those of this rank",
                         "This points to failing memory or to different versions of the program: use the same on all computers"};
    return {};
}

Result<LossSum> sumLosses(Collective& collective, const LossSum& mine, std::span<const double> squaredNorms) {
    struct Part {
        double nats;
        int64_t tokens;
        Hash128 norms;
    };
    const Part part{mine.nats, mine.tokens, stateHash(std::as_bytes(squaredNorms))};
    GSST_ASSIGN(const std::vector<Part> parts, gatherValues(collective, Channel::Sweep, part));
    LossSum sum;
    for (size_t rank = 0; rank < parts.size(); ++rank) {
        if (parts[rank].norms != part.norms)
            return Error{ErrorCode::Internal, "The gradients of the ranks differ", rankText(rank), "their norms are not the same",
                         "This points to failing memory or to different versions of the program: use the same on all computers"};
        sum.nats += parts[rank].nats;
        sum.tokens += parts[rank].tokens;
    }
    return sum;
}

}  // namespace gsst
