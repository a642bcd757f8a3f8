// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute_ops.h"
#include "engine/engine_parts.h"
#include "engine/io_ops.h"
#include "engine/link_ops.h"
#include "engine/program_run.h"
#include "plan/program/dependencies.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

namespace gsst {

/// Runs step programs. Reads go ahead and writes stay behind as far as the staging ring and the dependencies of the ops
/// allow, also across programs: enqueue the next program before running the current one and its first reads overlap.
///
/// Staging is handed out in program order, so the oldest unfinished op always holds what it needs and nothing can
/// deadlock. The drive has a few ops under way at a time, reads and writes together: of those that are ready the ones
/// that computation needs first (earliest deadline first). A read for the next slice passes the last step's writes,
/// except of what the next step reads first, and those pass reads for later slices.
///
/// No thread of its own: whoever completes an op (compute thread, an I/O thread or the link's) starts what became
/// ready.
///
/// enqueue, run, drain and abandon belong to one thread, the compute thread.
class Executor {
public:
    explicit Executor(const EngineParts& parts);
    ~Executor();

    /// Appends a program; its reads may start at once. Its writes and what goes over the link wait for run().
    void enqueue(std::shared_ptr<const StepProgram> program);
    size_t queued() const { return m_runs.size(); }  ///< programs enqueued and not yet run

    /// Runs the compute ops of the oldest program. Its trailing writes (and its commit) may still be on their way when
    /// this returns. A requested stop ends it between two ops with Cancelled; call abandon() then, as after any error.
    Result<StepOutcome> run(const StepContext& context, std::stop_token stop);

    /// Waits for all I/O of the programs that have run. Their first error, if any.
    Status drain();

    /// Gives up everything enqueued or in progress: waits for I/O in flight (a commit already issued completes), frees
    /// all buffers, forgets errors. What is committed then is in the store.
    void abandon();

    const std::vector<double>& squaredNorms() const { return m_compute.squaredNorms(); }

private:
    static constexpr size_t kNever = std::numeric_limits<size_t>::max();

    struct Node {
        ProgramRun* run = nullptr;
        const Op* op = nullptr;
        int waits = 0;  ///< unfinished dependencies, plus one for staging, plus one for run() if the op waits for it
        size_t neededBy = kNever;  ///< the first computation that waits for it, as far as is known
        bool issued = false;
        bool done = false;
        std::vector<size_t> dependencies;
        std::vector<size_t> dependents;
    };
    using Launches = std::vector<size_t>;

    Node& node(size_t number) { return m_nodes[number - m_firstNode]; }
    void setNeeds(size_t first);
    void advanceStaging(Launches& launches);
    bool acquireStaging(Node& node);
    void releaseWait(size_t number, Launches& launches);
    void issue(size_t number, Launches& launches);
    void takeForDrive(Launches& launches);
    void complete(size_t number, Status status);
    void launch(const Launches& launches);
    bool feedsLink(size_t number);
    Status waitFor(size_t number, WaitTimes& waits, std::stop_token stop);
    void forgetFinished();

    EngineParts m_parts;
    ComputeOps m_compute;
    IoOps m_io;
    LinkOps m_link;

    mutable std::mutex m_mutex;
    std::condition_variable_any m_changed;
    // Guarded by m_mutex:
    std::deque<Node> m_nodes;  ///< global numbers m_firstNode...
    size_t m_firstNode = 0;
    size_t m_nextStaging = 0;             ///< first op whose staging was not handed out yet
    std::vector<size_t> m_readyForDrive;  ///< they wait for nothing but their turn
    int m_driveOpsInFlight = 0;
    size_t m_inFlight = 0;   ///< of the drive and of the link
    bool m_stopped = false;  ///< start nothing new
    Status m_error;
    // Compute thread only:
    DependencyTracker m_tracker;
    std::deque<std::unique_ptr<ProgramRun>> m_runs;       ///< enqueued, not run
    std::deque<std::unique_ptr<ProgramRun>> m_finishing;  ///< run, with I/O perhaps in flight
    int m_slot = 0;                                       ///< slot committed after everything enqueued
    int64_t m_passes = 0;                                 ///< programs enqueued so far
};

}  // namespace gsst
