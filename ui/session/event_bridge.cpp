// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/event_bridge.h"

namespace gsst {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

}  // namespace

EventBridge::EventBridge(QObject* parent) : QObject(parent), m_post(this) {}

EventBridge::~EventBridge() {
    m_post.close();
}

std::function<void()> EventBridge::wake() {
    return [this, post = m_post] { post.post([this] { drain(); }); };
}

void EventBridge::attach(EventQueue* queue) {
    m_queue = queue;
    drain();
}

void EventBridge::drain() {
    if (!m_queue)
        return;
    for (const Event& event : m_queue->drain())
        send(event);
    emit drained();
}

void EventBridge::send(const Event& event) {
    std::visit(Overloaded{[this](const StateChanged& each) { emit stateChanged(each); },
                          [this](const Progress& each) { emit progress(each); },
                          [this](const Planned& each) { emit planned(each); },
                          [this](const StepDone& each) { emit stepDone(each); },
                          [](const UnusualStep&) {},  // its line in the log says the same
                          [this](const Validated& each) { emit validated(each); },
                          [this](const Committed& each) { emit committed(each); },
                          [this](const Sampled& each) { emit sampled(each); },
                          [this](const SliceActivity& each) { emit sliceActivity(each); },
                          [this](const LogLine& each) { emit logLine(each); },
                          [this](const Failed& each) { emit failed(each); }},
               event);
}

}  // namespace gsst
