// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/command_inbox.h"

#include <algorithm>

namespace gsst {

void CommandInbox::send(Command command) {
    const std::lock_guard lock(m_mutex);
    m_commands.push_back(command);
    if (command == Command::PauseNow)
        m_step.request_stop();
    if (command == Command::Stop)
        m_stop.request_stop();
    m_changed.notify_all();
}

void CommandInbox::quit() {
    m_quit.request_stop();
    m_stop.request_stop();
    const std::lock_guard lock(m_mutex);
    m_step.request_stop();
    m_changed.notify_all();
}

std::optional<Command> CommandInbox::poll() {
    const std::lock_guard lock(m_mutex);
    if (m_commands.empty())
        return std::nullopt;
    const Command command = m_commands.front();
    m_commands.pop_front();
    return command;
}

std::optional<Command> CommandInbox::wait() {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return !m_commands.empty() || quitting(); });
    if (quitting())
        return std::nullopt;
    const Command command = m_commands.front();
    m_commands.pop_front();
    return command;
}

std::stop_token CommandInbox::stepToken() {
    const std::lock_guard lock(m_mutex);
    const bool pauseWaiting = std::find(m_commands.begin(), m_commands.end(), Command::PauseNow) != m_commands.end();
    m_step = std::stop_source();
    if (pauseWaiting || quitting())
        m_step.request_stop();
    return m_step.get_token();
}

}  // namespace gsst
