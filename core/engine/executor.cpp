// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/executor.h"

#include "base/cancelled.h"
#include "base/clock.h"

#include <algorithm>
#include <utility>

namespace gsst {
namespace {

/// A program that is enqueued ahead may never run: until it does it changes nothing, and makes no call that other ranks
/// would have to answer.
bool waitsForRun(const Op& op) {
    const Lane lane = laneOf(op.kind);
    return lane == Lane::Write || lane == Lane::Link;
}

/// Of the drive at a time: enough to keep the threads of either direction busy.
constexpr int kDriveOpsInFlight = 4;

}  // namespace

Executor::Executor(const EngineParts& parts)
    : m_parts(parts), m_compute(m_parts), m_io(m_parts), m_link(m_parts), m_slot(parts.store->committedSlot()) {}

Executor::~Executor() {
    abandon();
}

void Executor::enqueue(std::shared_ptr<const StepProgram> program) {
    auto run = std::make_unique<ProgramRun>();
    run->pass = {++m_passes, program->microBatches};
    run->oldSlot = m_slot;
    run->buffers.resize(program->buffers.size());
    Launches launches;
    {
        const std::lock_guard lock(m_mutex);
        const size_t first = m_firstNode + m_nodes.size();
        run->firstOp = first;
        auto dependencies = m_tracker.append(*program, first, m_slot);
        for (size_t i = 0; i < program->ops.size(); ++i) {
            Node& added = m_nodes.emplace_back();
            added.run = run.get();
            added.op = &program->ops[i];
            added.waits = 1 + (waitsForRun(*added.op) ? 1 : 0);
            added.dependencies = std::move(dependencies[i]);
            for (size_t other : added.dependencies)
                if (other >= m_firstNode && !node(other).done) {
                    node(other).dependents.push_back(first + i);
                    ++added.waits;
                }
        }
        setNeeds(first);
        m_slot = slotAfter(*program, m_slot);
        run->program = std::move(program);
        m_runs.push_back(std::move(run));
        advanceStaging(launches);
        takeForDrive(launches);
    }
    launch(launches);
}

/// Says of the nodes from `first` on, and of what they wait for, which computation needs them first.
void Executor::setNeeds(size_t first) {
    for (size_t number = m_firstNode + m_nodes.size(); number-- > first;) {
        Node& added = node(number);
        if (laneOf(added.op->kind) == Lane::Compute)
            added.neededBy = number;
        for (size_t other : added.dependencies)
            if (other >= m_firstNode)
                node(other).neededBy = std::min(node(other).neededBy, added.neededBy);
    }
}

/// Hands out staging in program order until the ring is full.
void Executor::advanceStaging(Launches& launches) {
    while (!m_stopped && m_nextStaging < m_firstNode + m_nodes.size()) {
        Node& next = node(m_nextStaging);
        if (!acquireStaging(next))
            return;
        releaseWait(m_nextStaging++, launches);
    }
}

bool Executor::acquireStaging(Node& next) {
    for (int buffer : next.op->acquires) {
        const BufferInfo& info = next.run->program->buffers[size_t(buffer)];
        LiveBuffer& live = next.run->buffers[size_t(buffer)];
        if (info.space != Space::Staging || live.data)
            continue;
        const auto staging = m_parts.ring->allocate(size_t(info.bytes));
        if (!staging)
            return false;
        live.staging = *staging;
        live.data = staging->data();
        live.bytes = info.bytes;
    }
    return true;
}

void Executor::releaseWait(size_t number, Launches& launches) {
    Node& waiting = node(number);
    if (--waiting.waits > 0 || laneOf(waiting.op->kind) == Lane::Compute)
        return;
    if (isOfDrive(laneOf(waiting.op->kind)))
        m_readyForDrive.push_back(number);
    else if (!m_stopped)
        issue(number, launches);
}

void Executor::issue(size_t number, Launches& launches) {
    node(number).issued = true;
    ++m_inFlight;
    m_driveOpsInFlight += isOfDrive(laneOf(node(number).op->kind)) ? 1 : 0;
    launches.push_back(number);
}

/// What the drive is to do next: of what is ready that which is needed first.
void Executor::takeForDrive(Launches& launches) {
    const auto sooner = [this](size_t a, size_t b) {
        return std::pair(node(a).neededBy, a) < std::pair(node(b).neededBy, b);
    };
    while (!m_stopped && m_driveOpsInFlight < kDriveOpsInFlight && !m_readyForDrive.empty()) {
        const auto next = std::min_element(m_readyForDrive.begin(), m_readyForDrive.end(), sooner);
        issue(*next, launches);
        m_readyForDrive.erase(next);
    }
}

void Executor::launch(const Launches& launches) {
    for (size_t number : launches) {
        const Op* op = nullptr;
        ProgramRun* run = nullptr;
        {
            const std::lock_guard lock(m_mutex);
            op = node(number).op;
            run = node(number).run;
        }
        if (m_parts.observer)
            m_parts.observer->opStarted(*op, run->pass);
        const auto done = [this, number](Status status) { complete(number, std::move(status)); };
        if (laneOf(op->kind) == Lane::Link)
            m_link.start(*op, *run, done);
        else
            m_io.start(*op, *run, done);
    }
}

void Executor::complete(size_t number, Status status) {
    Launches launches;
    const Op* op = nullptr;
    ProgramPass pass;
    bool failed = false;
    {
        const std::lock_guard lock(m_mutex);
        op = node(number).op;
        pass = node(number).run->pass;
        failed = !status.ok();
    }
    if (m_parts.observer && !failed)
        m_parts.observer->opDone(*op, pass);
    {
        const std::lock_guard lock(m_mutex);
        Node& finished = node(number);
        if (failed) {
            if (m_error.ok())
                m_error = std::move(status);
            m_stopped = true;
        }
        finished.done = true;
        for (int buffer : finished.op->releases) {
            LiveBuffer& live = finished.run->buffers[size_t(buffer)];
            if (finished.run->program->buffers[size_t(buffer)].space == Space::Staging && live.data) {
                m_parts.ring->release(live.staging);
                live.data = nullptr;
            }
        }
        for (size_t dependent : finished.dependents)
            releaseWait(dependent, launches);
        advanceStaging(launches);
        if (finished.issued) {
            --m_inFlight;
            m_driveOpsInFlight -= isOfDrive(laneOf(op->kind)) ? 1 : 0;
        }
        takeForDrive(launches);
        // Notified under the lock: the executor may be destroyed as soon as the last op in flight is seen complete.
        m_changed.notify_all();
    }
    launch(launches);
}

Status Executor::waitFor(size_t number, WaitTimes& waits, std::stop_token stop) {
    std::unique_lock lock(m_mutex);
    const auto ready = [&] { return node(number).waits == 0 || !m_error.ok(); };
    if (!ready()) {
        const Node& waiting = node(number);
        const Op& op = *waiting.op;
        const auto waitsFor = [&](Lane lane) {
            return std::any_of(waiting.dependencies.begin(), waiting.dependencies.end(), [&](size_t other) {
                return other >= m_firstNode && !node(other).done && laneOf(node(other).op->kind) == lane;
            });
        };
        const WaitCause cause = waitsFor(Lane::Link)   ? WaitCause::Link
                                : waitsFor(Lane::Read) ? WaitCause::Read
                                                       : WaitCause::Write;
        const Stopwatch watch;
        m_changed.wait(lock, stop, ready);
        const double seconds = watch.seconds();
        (cause == WaitCause::Link ? waits.link : cause == WaitCause::Read ? waits.read : waits.write) += seconds;
        if (m_parts.observer) {
            lock.unlock();
            m_parts.observer->waited(op, cause, seconds);
            lock.lock();
        }
    }
    if (!m_error.ok())
        return m_error;
    if (stop.stop_requested())
        return cancelled("The step");
    return {};
}

Result<StepOutcome> Executor::run(const StepContext& context, std::stop_token stop) {
    const Stopwatch watch;
    m_finishing.push_back(std::move(m_runs.front()));
    m_runs.pop_front();
    ProgramRun& current = *m_finishing.back();
    const size_t count = current.program->ops.size();
    Launches launches;
    {
        const std::lock_guard lock(m_mutex);
        current.context = context;
        for (size_t i = 0; i < count; ++i)
            if (waitsForRun(current.program->ops[i]))
                releaseWait(current.firstOp + i, launches);
        takeForDrive(launches);
    }
    launch(launches);
    for (size_t i = 0; i < count; ++i) {
        const Op& op = current.program->ops[i];
        if (laneOf(op.kind) != Lane::Compute)
            continue;
        GSST_TRY(waitFor(current.firstOp + i, current.outcome.waits, stop));
        if (m_parts.observer)
            m_parts.observer->opStarted(op, current.pass);
        const Stopwatch computing;
        Status status = m_compute.run(op, current);
        if (status.ok() && feedsLink(current.firstOp + i))
            status = m_compute.finish();
        current.outcome.compute.byKind[size_t(op.kind)] += computing.seconds();
        Status copy = status;
        complete(current.firstOp + i, std::move(copy));
        GSST_TRY(std::move(status));
    }
    current.outcome.seconds = watch.seconds();
    StepOutcome outcome = current.outcome;
    forgetFinished();
    return outcome;
}

/// Whether an op of the link waits for this one: it reads what the device has made outside the device's order.
bool Executor::feedsLink(size_t number) {
    const std::lock_guard lock(m_mutex);
    const std::vector<size_t>& dependents = node(number).dependents;
    return std::any_of(dependents.begin(), dependents.end(),
                       [this](size_t other) { return laneOf(node(other).op->kind) == Lane::Link; });
}

/// Drops programs whose every op is done, oldest first.
void Executor::forgetFinished() {
    const std::lock_guard lock(m_mutex);
    while (!m_finishing.empty()) {
        const size_t count = m_finishing.front()->program->ops.size();
        const bool allDone =
            std::all_of(m_nodes.begin(), m_nodes.begin() + std::ptrdiff_t(count), [](const Node& n) { return n.done; });
        if (!allDone)
            return;
        m_nodes.erase(m_nodes.begin(), m_nodes.begin() + std::ptrdiff_t(count));
        m_firstNode += count;
        m_finishing.pop_front();
    }
}

Status Executor::drain() {
    {
        std::unique_lock lock(m_mutex);
        const size_t end = m_runs.empty() ? m_firstNode + m_nodes.size() : m_runs.front()->firstOp;
        m_changed.wait(lock, [&] {
            if (!m_error.ok())
                return m_inFlight == 0;
            for (size_t number = m_firstNode; number < end; ++number)
                if (!node(number).done)
                    return false;
            return true;
        });
        if (!m_error.ok())
            return m_error;
    }
    forgetFinished();
    return {};
}

void Executor::abandon() {
    std::unique_lock lock(m_mutex);
    m_stopped = true;
    m_changed.wait(lock, [&] { return m_inFlight == 0; });
    m_compute.dropKept();
    for (auto* runs : {&m_runs, &m_finishing})
        for (auto& run : *runs)
            for (size_t buffer = 0; buffer < run->buffers.size(); ++buffer) {
                LiveBuffer& live = run->buffers[buffer];
                if (live.data && live.inRam)
                    m_parts.ram->free(live.data);
                else if (live.data && run->program->buffers[buffer].space == Space::Staging)
                    m_parts.ring->release(live.staging);
                live = {};
            }
    m_runs.clear();
    m_finishing.clear();
    m_firstNode += m_nodes.size();
    m_nodes.clear();
    m_nextStaging = m_firstNode;
    m_readyForDrive.clear();
    m_tracker.clear();
    m_error = {};
    m_stopped = false;
    m_slot = m_parts.store->committedSlot();
}

}  // namespace gsst
