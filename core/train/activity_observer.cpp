// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/activity_observer.h"

#include <utility>

namespace gsst {

ActivityObserver::ActivityObserver(EventSink sink) : m_sink(std::move(sink)) {}

void ActivityObserver::expect(int64_t committedStep, int microBatches) {
    m_committedStep.store(committedStep);
    m_microBatches = microBatches;
}

void ActivityObserver::show(const Op& op, SliceState state) {
    SliceActivity activity;
    activity.slice = op.slice;
    activity.state = state;
    activity.backward = m_backward.load();
    activity.microBatch = op.microBatch < 0 ? 0 : op.microBatch;
    activity.microBatches = m_microBatches;
    m_sink(activity);
}

void ActivityObserver::opStarted(const Op& op) {
    switch (op.kind) {
    case OpKind::ReadState:
    case OpKind::ReadWeights:
        return show(op, SliceState::Reading);
    case OpKind::WriteState:
    case OpKind::WriteTiedGradient:
    case OpKind::WriteGradient:
        return show(op, SliceState::Writing);
    case OpKind::Forward:
    case OpKind::HeadSums:
        m_backward.store(false);
        return show(op, SliceState::Computing);
    case OpKind::Head:
    case OpKind::Backward:
        m_backward.store(true);
        return show(op, SliceState::Computing);
    default:
        return;
    }
}

void ActivityObserver::opDone(const Op& op) {
    switch (op.kind) {
    case OpKind::ReadState:
    case OpKind::ReadWeights:
        return show(op, SliceState::Ready);
    case OpKind::WriteState:
    case OpKind::WriteTiedGradient:
    case OpKind::WriteGradient:
        return show(op, SliceState::Written);
    case OpKind::Forward:
    case OpKind::Backward:
    case OpKind::HeadSums:
    case OpKind::Head:
        if (op.microBatch == m_microBatches - 1)
            show(op, SliceState::Ready);
        return;
    default:
        return;
    }
}

void ActivityObserver::committed(const CommitRecord& record) {
    m_committedStep.store(record.step);
    m_sink(Committed{record.step, record.generation, record.rootHashHex()});
}

}  // namespace gsst
