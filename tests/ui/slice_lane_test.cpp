// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/slice_lane_model.h"

#include <QTest>

#include <algorithm>

using namespace gsst;

namespace {

SliceActivity activity(int slice, SliceState state, int microBatch = 0) {
    return {slice, state, Sweep::Forward, 1, microBatch, 4};
}

SliceActivity computing(int slice, Sweep sweep, int64_t pass) {
    return {slice, SliceState::Computing, sweep, pass, 0, 4};
}

}  // namespace

class SliceLaneTest : public QObject {
    Q_OBJECT
private slots:
    void laneFollowsASweep();
    void laneTurnsBackward();
    void laneBeginsAnewWithEveryPass();
    void laneTellsReadingAheadFromBeingDone();
    void laneGroupsAboveForty();
    void railsHaveGaps();
};

void SliceLaneTest::laneFollowsASweep() {
    SliceLaneModel lane;
    lane.reset(4);
    lane.add(activity(0, SliceState::Reading), 1);
    QCOMPARE(lane.state(0), SliceState::Reading);
    lane.add(activity(0, SliceState::Ready), 2);
    QCOMPARE(lane.state(0), SliceState::Ready);
    lane.add(activity(0, SliceState::Computing, 1), 3);
    QCOMPARE(lane.computing(), 0);
    QCOMPARE(lane.cells()[0].done, 0.5);
    lane.add(activity(0, SliceState::Ready, 3), 4);
    QCOMPARE(lane.state(0), SliceState::Written);
    QCOMPARE(lane.computing(), -1);
    QCOMPARE(lane.state(3), SliceState::Waiting);
    lane.add(activity(9, SliceState::Computing), 5);  // a slice that does not exist is ignored
    QCOMPARE(lane.computing(), -1);
}

void SliceLaneTest::laneTurnsBackward() {
    SliceLaneModel lane;
    lane.reset(3);
    for (int slice = 0; slice < 3; ++slice)
        lane.add(activity(slice, SliceState::Computing), slice);
    lane.add(computing(2, Sweep::Backward, 1), 3);
    QCOMPARE(lane.sweep(), Sweep::Backward);
    QCOMPARE(lane.state(2), SliceState::Computing);
    QCOMPARE(lane.state(0), SliceState::Waiting);
    lane.idle(4);
    QCOMPARE(lane.computing(), -1);
    QCOMPARE(lane.state(2), SliceState::Waiting);
}

/// An evaluation goes up the slices again and again, and a step may be computed twice: only the event can tell.
void SliceLaneTest::laneBeginsAnewWithEveryPass() {
    SliceLaneModel lane;
    lane.reset(3);
    for (int slice = 0; slice < 3; ++slice)
        lane.add(computing(slice, Sweep::Forward, 1), slice);
    lane.add(computing(1, Sweep::Forward, 2), 3);  // its first event was dropped under load
    QCOMPARE(lane.state(0), SliceState::Waiting);
    QCOMPARE(lane.state(1), SliceState::Computing);
    QCOMPARE(lane.state(2), SliceState::Waiting);
}

/// What is read ahead for the next pass is no end of this one.
void SliceLaneTest::laneTellsReadingAheadFromBeingDone() {
    SliceLaneModel lane;
    lane.reset(2);
    lane.add(computing(0, Sweep::Forward, 1), 0);
    lane.add(computing(1, Sweep::Forward, 1), 1);
    SliceActivity ahead = activity(0, SliceState::Ready);
    ahead.pass = 2;
    lane.add(ahead, 2);
    QCOMPARE(lane.state(0), SliceState::Ready);
    lane.add(computing(1, Sweep::Forward, 2), 3);
    QCOMPARE(lane.state(0), SliceState::Ready);  // still there, and still to be computed
}

void SliceLaneTest::laneGroupsAboveForty() {
    for (int slices : {1, 24, 40, 41, 80, 997}) {
        SliceLaneModel lane;
        lane.reset(slices);
        lane.add(activity(slices - 1, SliceState::Reading), 0);
        lane.add(activity(slices / 2, SliceState::Computing), 0);
        const auto cells = lane.cells();
        QCOMPARE(int(cells.size()), std::min(slices, SliceLaneModel::kMostCells));
        QCOMPARE(cells.front().first, 0);
        QCOMPARE(cells.back().last, slices - 1);
        for (size_t i = 1; i < cells.size(); ++i)
            QCOMPARE(cells[i].first, cells[i - 1].last + 1);
        QCOMPARE(std::count_if(cells.begin(), cells.end(),
                               [](const auto& each) { return each.state == SliceState::Computing; }),
                 1);
    }
}

void SliceLaneTest::railsHaveGaps() {
    SliceLaneModel lane;
    lane.reset(2);
    lane.add(activity(0, SliceState::Computing), 1);
    lane.add(activity(0, SliceState::Ready), 2);
    lane.add(activity(1, SliceState::Reading), 2);
    lane.add(activity(1, SliceState::Ready), 3.5);
    lane.add(activity(1, SliceState::Computing), 3.5);
    const auto& compute = lane.rail(SliceLaneModel::Compute);
    QCOMPARE(compute.size(), size_t(2));
    QCOMPARE(compute[0].to, 2.0);
    QCOMPARE(compute[1].from, 3.5);
    QVERIFY(compute[1].to < 0);
    QCOMPARE(lane.rail(SliceLaneModel::Read)[0].to, 3.5);
    lane.add(activity(0, SliceState::Reading), 60);
    QCOMPARE(lane.rail(SliceLaneModel::Compute).size(), size_t(1));  // what left the window is forgotten
}

QTEST_GUILESS_MAIN(SliceLaneTest)
#include "slice_lane_test.moc"
