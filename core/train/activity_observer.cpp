// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/activity_observer.h"

#include <utility>

namespace gsst {

ActivityObserver::ActivityObserver(EventSink sink) : m_sink(std::move(sink)) {}

void ActivityObserver::show(const Op& op, const ProgramPass& pass, SliceState state) {
    SliceActivity activity;
    activity.slice = op.slice;
    activity.state = state;
    activity.sweep = op.sweep;
    activity.pass = pass.number;
    activity.microBatch = op.microBatch < 0 ? 0 : op.microBatch;
    activity.microBatches = pass.microBatches;
    m_sink(activity);
}

void ActivityObserver::opStarted(const Op& op, const ProgramPass& pass) {
    switch (traitsOf(op.kind).shown) {
    case ShownAs::Nothing:
        return;
    case ShownAs::Reading:
        return show(op, pass, SliceState::Reading);
    case ShownAs::Computing:
        return show(op, pass, SliceState::Computing);
    case ShownAs::Writing:
        return show(op, pass, SliceState::Writing);
    }
}

void ActivityObserver::opDone(const Op& op, const ProgramPass& pass) {
    switch (traitsOf(op.kind).shown) {
    case ShownAs::Nothing:
        return;
    case ShownAs::Reading:
        return show(op, pass, SliceState::Ready);
    case ShownAs::Computing:
        if (op.microBatch == pass.microBatches - 1)
            show(op, pass, SliceState::Ready);
        return;
    case ShownAs::Writing:
        return show(op, pass, SliceState::Written);
    }
}

void ActivityObserver::committed(const CommitRecord& record) {
    m_committedStep.store(record.step);
    m_sink(Committed{record.step, record.generation, record.rootHashHex()});
}

}  // namespace gsst
