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
    std::array<std::byte, kSealedBytes> sealed{};
    CommitRecord record() const { return decodeRecord(sealed).record; }
};

Standing standingOf(const StateStore& store, const Hash128& fingerprint) {
    Standing standing{fingerprint, {}};
    encode(store.committed(), standing.sealed);
    return standing;
}

std::string rankText(size_t rank) { return "rank " + std::to_string(rank); }

Status sameText(const std::vector<Standing>& all) {
    for (size_t rank = 1; rank < all.size(); ++rank)
        if (all[rank].fingerprint != all[0].fingerprint)
            return Error{ErrorCode::InvalidInput, "The ranks do not train the same run", rankText(rank),
                         "its text, tokenizer or micro-batch is not that of rank 0",
                         "Start all ranks with the same options and the same text, each with a run folder of its own"};
    return {};
}

Result<std::vector<CommitRecord>> gatherRecords(Collective& collective, const StateStore& store, const Hash128& fingerprint) {
    GSST_ASSIGN(const std::vector<Standing> all, gatherValues(collective, Channel::Commit, standingOf(store, fingerprint)));
    GSST_TRY(sameText(all));
    std::vector<CommitRecord> records;
    for (const Standing& each : all)
        records.push_back(each.record());
    return records;
}

/// The rank that is the least far.
size_t lastOf(const std::vector<CommitRecord>& all) {
    return size_t(std::min_element(all.begin(), all.end(), [](const CommitRecord& a, const CommitRecord& b) { return a.step < b.step; }) - all.begin());
}

/// Of the same state: whose text comes in the newest order.
size_t leaderOf(const std::vector<CommitRecord>& all) {
    return size_t(std::max_element(all.begin(), all.end(), [](const CommitRecord& a, const CommitRecord& b) { return a.dataOrder < b.dataOrder; }) - all.begin());
}

/// Only the record changes, to what another rank's says; where it is kept and how long the logs are is each folder's own.
Status takeOver(StateStore& store, CommitRecord record) {
    const CommitRecord& own = store.committed();
    record.slot = own.slot;
    record.generation = own.generation;
    record.metricsBytes = own.metricsBytes;
    record.samplesBytes = own.samplesBytes;
    return record == own ? Status() : store.commit(own.slot, record);
}

}  // namespace

Status agreeOnStart(Collective& collective, StateStore& store, const Hash128& fingerprint) {
    GSST_ASSIGN(const std::vector<CommitRecord> before, gatherRecords(collective, store, fingerprint));
    const CommitRecord& last = before[lastOf(before)];
    Status back;
    if (store.committed().step > last.step)  // with the same weights the steps between were skipped, and only the record goes back
        back = store.committed().rootHash == last.rootHash ? takeOver(store, last) : store.rollBackToPrevious();
    // Whoever could not go back tells the others by what it holds.
    GSST_ASSIGN(const std::vector<CommitRecord> after, gatherRecords(collective, store, fingerprint));
    GSST_TRY(back);
    for (size_t rank = 0; rank < after.size(); ++rank)
        if (after[rank].step != last.step || after[rank].rootHash != last.rootHash)
            return Error{ErrorCode::Corrupt, "The ranks hold no common state", rankText(rank),
                         "it stands at step " + std::to_string(after[rank].step) + ", " + rankText(lastOf(before)) + " at step " +
                             std::to_string(last.step) + (after[rank].step == last.step ? " with other weights" : ""),
                         "Copy HEAD and the folder slots of the run folder of the rank you trust to those of the others, while none runs"};
    return takeOver(store, after[leaderOf(after)]);
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
    GSST_ASSIGN(const std::vector<Part> parts, gatherValues(collective, Channel::Steps, part));
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
