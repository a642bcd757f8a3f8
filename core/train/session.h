// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "service/command_inbox.h"
#include "service/training_service.h"
#include "trace/trace_writer.h"
#include "train/open_run.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <variant>

namespace gsst {

/// Runs a training run on a worker thread of its own: prepares or opens it, trains, evaluates, samples, pauses,
/// resumes, ends. All that happens comes out as events; the worker catches everything, so nothing is thrown across the
/// thread's edge. Destroying the session gives up the step in progress and joins the worker.
class Session : public RunSession {
public:
    /// `trace` hears of the first steps; may be null.
    Session(FileSystem& files, std::variant<RunRequest, ResumeRequest> request, std::function<void()> wake,
            std::unique_ptr<TraceWriter> trace = nullptr);
    ~Session() override;

    EventQueue& events() override { return m_events; }
    void send(Command command) override { m_inbox.send(command); }
    bool finished() const override { return m_finished.load(); }

private:
    void work();
    Status train(PreparedRun& run, const EventSink& sink, int64_t& committedStep);

    FileSystem& m_files;
    std::variant<RunRequest, ResumeRequest> m_request;
    EventQueue m_events;
    CommandInbox m_inbox;
    std::unique_ptr<TraceWriter> m_trace;  ///< may be null
    std::atomic<bool> m_finished = false;
    std::jthread m_worker;  ///< last: it uses everything above
};

}  // namespace gsst
