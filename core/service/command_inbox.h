// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

namespace gsst {

/// Commands on their way from any thread to the worker. PauseNow also stops the step in progress at once, through the
/// token that the worker took from stepToken(). Thread-safe.
class CommandInbox {
public:
    void send(Command command);
    /// Ends everything: the step in progress and every wait.
    void quit();

    std::optional<Command> poll();
    /// Blocks until a command comes; nothing after quit().
    std::optional<Command> wait();
    /// A fresh token for the next step, already stopped if PauseNow or quit() is waiting.
    std::stop_token stepToken();
    /// Stopped by Stop and quit(); for preparation and loading, where there is no step to finish.
    std::stop_token stopToken() const { return m_stop.get_token(); }
    bool quitting() const { return m_quit.stop_requested(); }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Command> m_commands;
    std::stop_source m_step;
    std::stop_source m_stop;
    std::stop_source m_quit;
};

}  // namespace gsst
