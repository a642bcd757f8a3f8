// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "train/command_inbox.h"
#include "train/open_run.h"
#include "train/training_service.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <variant>

namespace gsst {

/// Resume an existing run folder; `steps` 0 = the run's own number.
struct ResumeRequest {
    std::filesystem::path folder;
    int64_t steps = 0;
};

/// Runs a training run on a worker thread of its own: prepares or opens it, trains, evaluates, samples, pauses, resumes, ends.
/// All that happens comes out as events; the worker catches everything, so nothing is thrown across the thread's edge.
/// Destroying the session gives up the step in progress and joins the worker.
class Session : public RunSession {
public:
    Session(FileSystem& files, std::variant<RunRequest, ResumeRequest> request, std::function<void()> wake);
    ~Session() override;

    EventQueue& events() override { return m_events; }
    void send(Command command) override { m_inbox.send(command); }
    bool finished() const override { return m_finished.load(); }

private:
    void work();

    FileSystem& m_files;
    std::variant<RunRequest, ResumeRequest> m_request;
    EventQueue m_events;
    CommandInbox m_inbox;
    std::atomic<bool> m_finished = false;
    std::jthread m_worker;  ///< last: it uses everything above
};

}  // namespace gsst
