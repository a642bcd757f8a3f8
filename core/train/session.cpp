// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/session.h"

#include "ranks/ranks.h"
#include "train/rollback.h"
#include "train/training_loop.h"

#include <exception>
#include <utility>

namespace gsst {
namespace {

/// `request` may name the folder of this rank, or what the folders of all are named after.
Result<std::unique_ptr<PreparedRun>> openAgain(FileSystem& files, ResumeRequest request, const EventSink& sink,
                                               std::stop_token stop) {
    GSST_ASSIGN(const ProcessRank place, rankOfThisProcess());
    if (!files.exists(RunFolder{request.folder}.runJson()))
        request.folder = folderOfRank(request.folder, place);
    if (request.rollBack || request.reshuffle)
        GSST_TRY(chooseRollback(files, request, sink));
    return openExistingRun(files, request.folder, {request.steps, request.evaluateSequences}, sink, std::move(stop));
}

}  // namespace

Session::Session(FileSystem& files, std::variant<RunRequest, ResumeRequest> request, std::function<void()> wake,
                 std::unique_ptr<TraceWriter> trace)
    : m_files(files), m_request(std::move(request)), m_trace(std::move(trace)) {
    m_events.setWake(std::move(wake));
    m_worker = std::jthread([this] { work(); });
}

Session::~Session() {
    m_inbox.quit();
    m_worker.join();
}

Status Session::train(PreparedRun& run, const EventSink& sink, int64_t& committedStep) {
    TrainingLoop loop(m_files, run, m_inbox, sink, m_trace.get());
    Status status = loop.run();
    committedStep = loop.committedStep();
    return status;
}

void Session::work() {
    const EventSink sink = [this](Event event) { m_events.push(std::move(event)); };
    Status status;
    int64_t committedStep = 0;
    try {
        sink(StateChanged{RunState::Preparing, 0});
        auto run = std::holds_alternative<RunRequest>(m_request)
                       ? prepareNewRun(m_files, std::get<RunRequest>(m_request), sink, m_inbox.stopToken())
                       : openAgain(m_files, std::get<ResumeRequest>(m_request), sink, m_inbox.stopToken());
        if (run.ok()) {
            status = train(**run, sink, committedStep);
        } else {
            status = run.error();
        }
    } catch (const std::bad_alloc&) {
        status = Error{ErrorCode::OutOfMemory, "The computer ran out of memory", "",
                       "an allocation was refused by the system",
                       "Close other programs, lower the memory limits of the run, then resume"};
    } catch (const std::exception& error) {
        status = Error{ErrorCode::Internal, "The run stopped because of a defect in GSST Studio", "", error.what(),
                       "Please report this text; resuming continues from the last commit"};
    }
    if (m_trace) {
        m_trace->close();
        if (auto notice = m_trace->takeNotice())
            sink(*std::move(notice));
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
