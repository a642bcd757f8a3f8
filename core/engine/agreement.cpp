// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/agreement.h"

#include "store/state_hash.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace gsst {
namespace {

/// Where a rank stands.
struct Standing {
    Hash128 fingerprint{};
    Hash128 weights{};
    std::array<std::byte, kSealedBytes> sealed{};
};

Standing standingOf(const StateStore& store, const Hash128& fingerprint) {
    Standing standing{fingerprint, store.weightsHash(), {}};
    encode(store.committed(), standing.sealed);
    return standing;
}

/// The same with the record to be read.
struct Committed {
    CommitRecord record;
    Hash128 weights{};
};

std::string rankText(size_t rank) {
    return "rank " + std::to_string(rank);
}

Status sameText(const std::vector<Standing>& all) {
    for (size_t rank = 1; rank < all.size(); ++rank)
        if (all[rank].fingerprint != all[0].fingerprint)
            return Error{ErrorCode::InvalidInput, "The ranks do not train the same run", rankText(rank),
                         "its text, tokenizer or micro-batch is not that of rank 0",
                         "Start all ranks with the same options and the same text, each with a run folder of its own"};
    return {};
}

Result<std::vector<Committed>> gatherCommitted(Collective& collective, const StateStore& store,
                                               const Hash128& fingerprint) {
    GSST_ASSIGN(const std::vector<Standing> all,
                gatherValues(collective, Channel::Commit, standingOf(store, fingerprint)));
    GSST_TRY(sameText(all));
    std::vector<Committed> committed;
    for (const Standing& each : all)
        committed.push_back({decodeRecord(each.sealed).record, each.weights});
    return committed;
}

/// The rank that is the least far.
size_t lastOf(const std::vector<Committed>& all) {
    const auto isBehind = [](const Committed& one, const Committed& other) {
        return one.record.step < other.record.step;
    };
    return size_t(std::min_element(all.begin(), all.end(), isBehind) - all.begin());
}

/// Of the same state: whose text comes in the newest order.
size_t leaderOf(const std::vector<Committed>& all) {
    const auto isOlder = [](const Committed& one, const Committed& other) {
        return one.record.dataOrder < other.record.dataOrder;
    };
    return size_t(std::max_element(all.begin(), all.end(), isOlder) - all.begin());
}

/// Only the record changes, to what another one says; where it is kept and how long the logs are is each folder's own.
Status takeOver(StateStore& store, CommitRecord record) {
    const CommitRecord& own = store.committed();
    record.slot = own.slot;
    record.generation = own.generation;
    record.rootHash = own.rootHash;
    record.metricsBytes = own.metricsBytes;
    record.samplesBytes = own.samplesBytes;
    return record == own ? Status() : store.commit(own.slot, record);
}

/// From a step that others have not reached. If all since `step` were skipped, only the record goes back.
Status goBackTo(StateStore& store, int64_t step) {
    if (const auto record = store.committedAs(step))
        return store.commit(store.committedSlot(), *record);
    return store.rollBackToPrevious();
}

}  // namespace

Status agreeOnStart(Collective& collective, StateStore& store, const Hash128& fingerprint) {
    GSST_ASSIGN(const std::vector<Committed> before, gatherCommitted(collective, store, fingerprint));
    const Committed& last = before[lastOf(before)];
    const Status back = store.committed().step > last.record.step ? goBackTo(store, last.record.step) : Status();
    // Whoever could not go back tells the others by what it holds.
    GSST_ASSIGN(const std::vector<Committed> after, gatherCommitted(collective, store, fingerprint));
    GSST_TRY(back);
    for (size_t rank = 0; rank < after.size(); ++rank) {
        const int64_t step = after[rank].record.step;
        if (step != last.record.step || after[rank].weights != last.weights)
            return Error{ErrorCode::Corrupt, "The ranks hold no common state", rankText(rank),
                         "it stands at step " + std::to_string(step) + ", " + rankText(lastOf(before)) + " at step " +
                             std::to_string(last.record.step) + (step == last.record.step ? " with other weights" : ""),
                         "Each rank keeps a part of the state that no other has: put back backups of all their folders "
                         "that were made at the same "
                         "time, or begin a new run"};
    }
    return takeOver(store, after[leaderOf(after)].record);
}

Status commitTogether(Collective& collective, StateStore& store, int slot, const CommitRecord& record) {
    GSST_ASSIGN(const std::vector<int64_t> ready, gatherValues(collective, Channel::Commit, record.step));
    for (size_t rank = 0; rank < ready.size(); ++rank)
        if (ready[rank] != record.step)
            return Error{ErrorCode::Internal, "The ranks commit different steps", rankText(rank),
                         "it commits step " + std::to_string(ready[rank]) + ", this one step " +
                             std::to_string(record.step),
                         "Please report this as a defect; all ranks can be resumed"};
    GSST_TRY(store.commit(slot, record));
    const Hash128 own = store.weightsHash();
    GSST_ASSIGN(const std::vector<Hash128> weights, gatherValues(collective, Channel::Commit, own));
    for (size_t rank = 0; rank < weights.size(); ++rank)
        if (weights[rank] != own)
            return Error{
                ErrorCode::Corrupt, "The weights of the ranks differ", rankText(rank),
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
    GSST_ASSIGN(const std::vector<Part> parts, gatherValues(collective, Channel::Steps, part));
    LossSum sum;
    for (size_t rank = 0; rank < parts.size(); ++rank) {
        if (parts[rank].norms != part.norms)
            return Error{
                ErrorCode::Internal, "The gradients of the ranks differ", rankText(rank),
                "their norms are not the same",
                "This points to failing memory or to different versions of the program: use the same on all computers"};
        sum.nats += parts[rank].nats;
        sum.tokens += parts[rank].tokens;
    }
    return sum;
}

}  // namespace gsst
