// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/session.h"

#include "train/training_loop.h"

#include <exception>
#include <utility>

namespace gsst {

Session::Session(FileSystem& files, std::variant<RunRequest, ResumeRequest> request, std::function<void()> wake)
    : m_files(files), m_request(std::move(request)) {
    m_events.setWake(std::move(wake));
    m_worker = std::jthread([this] { work(); });
}

Session::~Session() {
    m_inbox.quit();
    m_worker.join();
}

void Session::work() {
    const EventSink sink = [this](Event event) { m_events.push(std::move(event)); };
    Status status;
    int64_t committedStep = 0;
    try {
        sink(StateChanged{RunState::Preparing, 0});
        auto run = std::holds_alternative<RunRequest>(m_request)
                       ? prepareNewRun(m_files, std::get<RunRequest>(m_request), sink, m_inbox.stopToken())
                       : openExistingRun(m_files, std::get<ResumeRequest>(m_request).folder, std::get<ResumeRequest>(m_request).steps, sink);
        if (run.ok()) {
            TrainingLoop loop(m_files, **run, m_inbox, sink);
            status = loop.run();
            committedStep = loop.committedStep();
        } else {
            status = run.error();
        }
    } catch (const std::bad_alloc&) {
        status = Error{ErrorCode::OutOfMemory, "The computer ran out of memory", "", "an allocation was refused by the system",
                       "Close other programs, lower the memory limits of the run, then resume"};
    } catch (const std::exception& error) {
        status = Error{ErrorCode::Internal, "The run stopped because of a defect in GSST Studio", "", error.what(),
                       "Please report this text; resuming continues from the last commit"};
    }
    const bool quit = !status.ok() && status.error().code == ErrorCode::Cancelled;
    if (!status.ok() && !quit) {
        sink(Failed{status.error(), committedStep});
        sink(StateChanged{RunState::NeedsAttention, committedStep});
    } else if (quit) {
        sink(StateChanged{RunState::Paused, committedStep});
    }
    m_finished.store(true);
    // One more event after the flag, so that a reader that waits for wake-ups sees it.
    sink(LogLine{LogLine::Level::Info, "The session has ended"});
}

}  // namespace gsst
