// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/engine_parts.h"
#include "service/event_sink.h"

#include <atomic>
#include <cstdint>

namespace gsst {

/// Turns what the engine does into events: the slice lane's activity and commits. Called on engine threads.
class ActivityObserver : public EngineObserver {
public:
    explicit ActivityObserver(EventSink sink);
    /// Before the first step: what is committed.
    void expect(int64_t committedStep) { m_committedStep.store(committedStep); }

    void opStarted(const Op& op, const ProgramPass& pass) override;
    void opDone(const Op& op, const ProgramPass& pass) override;
    void committed(const CommitRecord& record) override;
    int64_t committedStep() const { return m_committedStep.load(); }

private:
    void show(const Op& op, const ProgramPass& pass, SliceState state);

    EventSink m_sink;
    std::atomic<int64_t> m_committedStep = 0;
};

}  // namespace gsst
