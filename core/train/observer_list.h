// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/engine_parts.h"

#include <utility>
#include <vector>

namespace gsst {

/// Tells several observers what the engine does, in their order. They outlive it.
class ObserverList : public EngineObserver {
public:
    explicit ObserverList(std::vector<EngineObserver*> observers) : m_observers(std::move(observers)) {}

    void opStarted(const Op& op, const ProgramPass& pass) override {
        for (EngineObserver* observer : m_observers)
            observer->opStarted(op, pass);
    }
    void opDone(const Op& op, const ProgramPass& pass) override {
        for (EngineObserver* observer : m_observers)
            observer->opDone(op, pass);
    }
    void waited(const Op& op, WaitCause cause, double seconds) override {
        for (EngineObserver* observer : m_observers)
            observer->waited(op, cause, seconds);
    }
    void committed(const CommitRecord& record) override {
        for (EngineObserver* observer : m_observers)
            observer->committed(record);
    }

private:
    std::vector<EngineObserver*> m_observers;
};

}  // namespace gsst
