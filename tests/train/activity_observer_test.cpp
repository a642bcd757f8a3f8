// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/activity_observer.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace gsst {
namespace {

Op opOf(OpKind kind, Sweep sweep, int microBatch) {
    Op op;
    op.kind = kind;
    op.sweep = sweep;
    op.slice = 3;
    op.microBatch = microBatch;
    return op;
}

/// The screen is told what the program says, in whatever order ops come: reads run ahead of the sweep that computes.
TEST(ActivityObserver, TellsTheOpsOwnSweepAndPass) {
    std::vector<SliceActivity> told;
    ActivityObserver observer([&told](const Event& event) { told.push_back(std::get<SliceActivity>(event)); });
    const ProgramPass now{4, 2}, next{5, 2};
    const Op ahead = opOf(OpKind::ReadState, Sweep::Forward, -1);
    const Op first = opOf(OpKind::Backward, Sweep::Backward, 0), last = opOf(OpKind::Backward, Sweep::Backward, 1);
    observer.opStarted(first, now);
    observer.opStarted(ahead, next);
    observer.opDone(first, now);
    observer.opStarted(last, now);
    observer.opDone(ahead, next);
    observer.opDone(last, now);
    observer.opStarted(opOf(OpKind::Norms, Sweep::Backward, -1), now);
    ASSERT_EQ(told.size(), 5u) << "a slice is computed when its last micro-batch is";
    const SliceState states[] = {SliceState::Computing, SliceState::Reading, SliceState::Computing, SliceState::Ready,
                                 SliceState::Ready};
    for (size_t i = 0; i < told.size(); ++i) {
        const bool isAhead = i == 1 || i == 3;
        EXPECT_EQ(told[i].slice, 3);
        EXPECT_EQ(told[i].state, states[i]) << i;
        EXPECT_EQ(told[i].sweep, isAhead ? Sweep::Forward : Sweep::Backward) << i;
        EXPECT_EQ(told[i].pass, isAhead ? 5 : 4) << i;
        EXPECT_EQ(told[i].microBatches, 2) << i;
    }
    EXPECT_EQ(told[2].microBatch, 1);
}

}  // namespace
}  // namespace gsst
