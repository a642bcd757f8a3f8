// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace gsst {

/// Shows a session in the terminal until it ends. Ctrl-C once: the step is finished and committed; twice: it is given
/// up.
class SessionConsole {
public:
    /// `run` is the folder as it was named, for what is told at the end.
    SessionConsole(bool json, std::filesystem::path run) : m_json(json), m_run(std::move(run)) {}

    /// The wake-up to start the session with.
    std::function<void()> wake();
    /// Returns the program's exit code.
    int follow(RunSession& session);

private:
    void show(const Event& event);
    void showStep(const StepDone& step);
    void showPlan(const Planned& plan);
    void showEnd(const StateChanged& state);
    void handleSignals(RunSession& session);
    void printLine(const std::string& text);

    bool m_json;
    std::filesystem::path m_run;
    std::string m_prompt;  ///< of the newest sample
    std::mutex m_mutex;
    std::condition_variable m_woken;
    bool m_wakeUp = false;  ///< guarded by m_mutex
    int m_seenRequests = 0;
    bool m_preparing = true;  ///< no step yet that could be finished
    int64_t m_steps = 0;
    int64_t m_committedStep = 0;
    double m_lastPlainLine = 0;  ///< monotonic seconds
    int m_exitCode = 0;
};

}  // namespace gsst
