// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "engine/engine_parts.h"
#include "service/plan_explanation.h"
#include "service/training_service.h"
#include "trace/trace_file.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gsst {

/// Writes what happens in the first steps as a trace for ui.perfetto.dev or chrome://tracing: a process "measured" with
/// one event for each op in lanes (steps, compute, waits, disk read, disk write, link to other ranks), beside it a
/// process "simulated" with the step as it was planned. An I/O op lasts from when the engine handed it over; ops of a
/// lane that overlap get rows of their own. Time in microseconds since the trace began; slices, layers and
/// micro-batches count from 1.
///
/// Observer calls may come on any thread and are quick. The others belong to the thread that trains.
class TraceWriter : public EngineObserver {
public:
    /// Fails when the file cannot be written; nothing that happens later fails anything but the trace. `clock` must
    /// outlive it.
    static Result<std::unique_ptr<TraceWriter>> create(FileSystem& files, const TraceRequest& request,
                                                       Clock& clock = systemClock());
    ~TraceWriter() override;

    /// The step to put beside the measured ones; before the first of them. It begins where the second measured one
    /// does: the first is no steady state.
    void expect(StepListing step) { m_expected = std::move(step); }
    void stepStarted(int64_t step);
    void stepDone();
    /// Ends the trace. Ops that go on are marked as unfinished.
    void close();
    /// What is to be told about the trace, once: that it is complete, or that it ended early and why.
    std::optional<LogLine> takeNotice();

    void opStarted(const Op& op, const ProgramPass& pass) override;
    void opDone(const Op& op, const ProgramPass& pass) override;
    void waited(const Op& op, WaitCause cause, double seconds) override;
    void committed(const CommitRecord&) override {}

private:
    /// What is told of an op; copied, because programs may end before their trace.
    struct OpText {
        OpKind kind{};
        int slice = -1;
        int unit = -1;
        int microBatch = -1;
        int64_t ioBytes = 0;
        int64_t copyBytes = 0;
        int64_t linkBytes = 0;
        double flops = 0;
    };
    struct Running {
        const Op* op = nullptr;  ///< a name only
        OpText text;
        double start = 0;
        int row = 0;  ///< of its lane
    };
    struct Track {
        int process = 0;
        int number = 0;
    };
    TraceWriter(std::unique_ptr<TraceFile> file, int64_t steps, const Clock& clock);
    void nameProcess(int process, const char* name);
    void nameTrack(Track track, const std::string& name);
    static OpText textOf(const Op& op);
    static OpText textOf(const ListedOp& op);
    void addSlice(std::string& arguments, int slice, int unit) const;
    std::string argumentsOf(const OpText& op) const;
    void addOp(const Running& running, double end, bool finished);
    int freeRow(Lane lane) const;
    void addSimulated();

    std::unique_ptr<TraceFile> m_file;
    const int64_t m_steps;
    Stopwatch m_clock;
    std::atomic<bool> m_open = true;
    std::mutex m_mutex;
    std::vector<Running> m_running;  ///< guarded by m_mutex; so is what follows up to the blank line
    std::set<std::pair<int, int>> m_named;

    StepListing m_expected;  ///< changes only while no step runs
    int64_t m_step = 0;
    int64_t m_stepsDone = 0;
    double m_stepStart = 0;
    bool m_simulatedAdded = false;
    bool m_closed = false;
    std::optional<LogLine> m_notice;
};

}  // namespace gsst
