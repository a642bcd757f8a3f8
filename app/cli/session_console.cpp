// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/session_console.h"

#include "app/cli/console.h"
#include "app/cli/progress_line.h"
#include "app/cli/signals.h"
#include "base/clock.h"
#include "base/units.h"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace gsst {
namespace {

constexpr double kSecondsBetweenPlainLines = 2.0;

}  // namespace

std::function<void()> SessionConsole::wake() {
    return [this] {
        const std::lock_guard lock(m_mutex);
        m_wakeUp = true;
        m_woken.notify_one();
    };
}

int SessionConsole::follow(RunSession& session) {
    watchStopRequests();
    for (bool last = false; !last;) {
        // The flag is read before draining, so that nothing that was pushed before it is missed.
        last = session.finished();
        for (const Event& event : session.events().drain())
            show(event);
        handleSignals(session);
        if (last)
            break;
        // Signals cannot notify a condition: look at them at least ten times a second.
        std::unique_lock lock(m_mutex);
        m_woken.wait_for(lock, std::chrono::milliseconds(100), [this] { return m_wakeUp; });
        m_wakeUp = false;
    }
    endProgress();
    return m_exitCode;
}

void SessionConsole::handleSignals(RunSession& session) {
    const int requests = stopRequests();
    if (requests == m_seenRequests)
        return;
    m_seenRequests = requests;
    if (m_preparing) {
        printLine("Stopping.");
        session.send(Command::Stop);
    } else if (requests == 1) {
        printLine("Finishing and committing this step. Press Ctrl-C again to give it up.");
        session.send(Command::Stop);
    } else {
        printLine("Giving up this step; the last commit stands. Once more ends the program at once.");
        session.send(Command::PauseNow);
        session.send(Command::Stop);
    }
}

void SessionConsole::printLine(const std::string& text) {
    endProgress();
    std::cerr << text << std::endl;
}

void SessionConsole::show(const Event& event) {
    if (const auto* failed = std::get_if<Failed>(&event)) {
        m_exitCode = reportError(failed->error, m_json);
        return;
    }
    if (const auto* progress = std::get_if<Progress>(&event)) {
        showProgress(*progress);
        return;
    }
    if (const auto* planned = std::get_if<Planned>(&event)) {
        m_steps = planned->steps;
        m_committedStep = std::max(m_committedStep, planned->firstStep);
    }
    if (const auto* committed = std::get_if<Committed>(&event))
        m_committedStep = committed->step;
    if (const auto* state = std::get_if<StateChanged>(&event))
        if (state->state == RunState::Training)
            m_preparing = false;
    if (m_json) {
        if (const std::string line = eventJson(event); !line.empty())
            std::cout << line << std::endl;
        return;
    }
    if (const auto* step = std::get_if<StepDone>(&event)) {
        if (isTerminal()) {
            rewriteLine(stepLine(*step, m_steps));
        } else if (const double now = secondsOf(systemClock().now());
                   now - m_lastPlainLine >= kSecondsBetweenPlainLines || step->step == m_steps) {
            m_lastPlainLine = now;
            printLine(stepLine(*step, m_steps));
        }
    } else if (const auto* validated = std::get_if<Validated>(&event)) {
        char loss[32];
        std::snprintf(loss, sizeof(loss), "%.4f", validated->loss);
        printLine("step " + std::to_string(validated->step) + "  validation loss " + loss + " over " +
                  formatCount(uint64_t(validated->tokens)) + " tokens");
    } else if (const auto* sampled = std::get_if<Sampled>(&event)) {
        printLine("step " + std::to_string(sampled->step) + "  sample: " + sampled->prompt + sampled->text);
    } else if (const auto* log = std::get_if<LogLine>(&event)) {
        if (log->level != LogLine::Level::Info || log->text != "The session has ended")
            printLine((log->level == LogLine::Level::Info ? "" : "warning: ") + log->text);
    } else if (const auto* plan = std::get_if<Planned>(&event)) {
        printLine(
            "Plan: " + formatCount(uint64_t(plan->parameters)) + " parameters in " + std::to_string(plan->slices) +
            " slices, state " + (plan->streamed ? "on disk" : "in RAM") + "; device " +
            formatBytes(uint64_t(plan->devicePeakBytes)) +
            (plan->deviceLimitBytes > 0 ? " of " + formatBytes(uint64_t(plan->deviceLimitBytes)) : std::string()) +
            ", RAM " + formatBytes(uint64_t(plan->ramPeakBytes)) + ", disk " + formatBytes(uint64_t(plan->diskBytes)) +
            ", about " + formatDuration(plan->secondsPerStep) + " a step");
    } else if (const auto* state = std::get_if<StateChanged>(&event)) {
        if (state->state == RunState::Finished)
            printLine("Finished: " + std::to_string(state->step) + " steps, all committed");
        else if (state->state == RunState::Paused && m_preparing)
            printLine("Stopped before the first step");
        else if (state->state == RunState::Paused)
            printLine("Stopped; step " + std::to_string(m_committedStep) +
                      " is committed, and gsst resume goes on from there");
    }
}

}  // namespace gsst
