// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/simulation.h"

#include "plan/program/dependencies.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <map>

namespace gsst {
namespace {

/// Steps before the one that is looked at: enough for everything that runs ahead.
constexpr int kStepsBefore = 2;

/// Staging in first-in-first-out order: when can the next `bytes` be had?
class RingModel {
public:
    explicit RingModel(int64_t capacity) : m_capacity(capacity) {}

    /// `buffer` is a number that no other allocation has.
    double allocate(size_t buffer, int64_t bytes, double now) {
        double when = std::max(now, m_lastAllocation);
        while (m_used + bytes > m_capacity && !m_held.empty()) {
            const Held& oldest = m_held.front();
            when = std::max(when, oldest.freeAt);
            m_used -= oldest.bytes;
            m_held.pop_front();
            ++m_reused;
        }
        m_used += bytes;
        if (buffer >= m_turn.size())
            m_turn.resize(buffer + 1, 0);
        m_turn[buffer] = m_reused + m_held.size();
        m_held.push_back({bytes, when});
        m_lastAllocation = when;
        return when;
    }
    void release(size_t buffer, double when) {
        if (m_turn[buffer] >= m_reused)
            m_held[m_turn[buffer] - m_reused].freeAt = when;
    }

private:
    struct Held {
        int64_t bytes = 0;
        double freeAt = 0;
    };
    int64_t m_capacity;
    int64_t m_used = 0;
    double m_lastAllocation = 0;
    std::deque<Held> m_held;     ///< the oldest first
    size_t m_reused = 0;         ///< allocations that came before them
    std::vector<size_t> m_turn;  ///< by buffer: how many allocations came before it
};

/// A drive does one thing at a time: reads and writes share it, each filling what time the other leaves.
class DriveTimeline {
public:
    /// Takes `seconds` of its time from `from` on, in pieces where they are free; when the last one ends.
    double take(double from, double seconds) {
        auto next = m_busy.upper_bound(from);
        double begin = from;
        if (next != m_busy.begin())
            if (const auto before = std::prev(next); before->second >= from) {
                from = before->second;
                begin = before->first;
            }
        while (next != m_busy.end() && next->first - from < seconds) {
            seconds -= next->first - from;
            from = next->second;
            next = m_busy.erase(next);
        }
        // All of it is busy from `begin` on.
        return m_busy[begin] = from + seconds;
    }

private:
    std::map<double, double> m_busy;  ///< ends by beginnings, apart from each other
};

double computeSeconds(const Op& op, const ComputeRates& rates) {
    switch (op.kind) {
    case OpKind::Forward:
        return op.flops / rates.forwardFlops;
    case OpKind::Backward:
        return op.flops / (op.kept == kNoBuffer ? rates.backwardFlops : rates.keptBackwardFlops);
    case OpKind::HeadSums:
    case OpKind::Head:
        return op.flops / rates.headFlops;
    case OpKind::Update:
        return double(op.copyBytes) / rates.updateBytes;
    case OpKind::Materialize:
    case OpKind::ZeroGradient:
    case OpKind::LoadBoundary:
    case OpKind::LoadGradient:
    case OpKind::StoreBoundary:
    case OpKind::Norms:
    case OpKind::StoreGradient:
    case OpKind::StoreTiedGradient:
    case OpKind::LoadTiedGradient:
        return double(op.copyBytes) / rates.copyBytes;
    case OpKind::ReadState:
    case OpKind::ReadGradient:
    case OpKind::WriteState:
    case OpKind::ReadWeights:
    case OpKind::ReadBoundary:
    case OpKind::WriteBoundary:
    case OpKind::AllReduceGradient:
    case OpKind::AllGatherWeights:
    case OpKind::WriteGradient:
    case OpKind::WriteTiedGradient:
    case OpKind::ReadTiedGradient:
    case OpKind::Commit:
        break;  // of other lanes
    }
    return 0;
}

double durationOf(const Op& op, const HardwareProfile& hardware) {
    switch (laneOf(op.kind)) {
    case Lane::Read:
        return double(op.ioBytes) / hardware.readBytesPerSecond;
    case Lane::Write:
        return op.kind == OpKind::Commit ? hardware.secondsPerCommit
                                         : double(op.ioBytes) / hardware.writeBytesPerSecond;
    case Lane::Link:
        return hardware.secondsPerOp + double(op.linkBytes) / hardware.compute.linkBytes;
    case Lane::Compute:
        break;
    }
    return hardware.secondsPerOp + computeSeconds(op, hardware.compute);
}

class Simulator {
public:
    Simulator(const HardwareProfile& hardware, int64_t ringBytes) : m_hardware(hardware), m_ring(ringBytes) {}

    struct Run {
        SimulatedCost cost;  ///< of its lanes
        double end = 0;      ///< when the compute lane is through with it
    };
    Run run(const std::vector<const StepProgram*>& step) {
        Run run;
        for (const StepProgram* program : step)
            runProgram(*program, run.cost);
        run.end = m_laneFree[size_t(Lane::Compute)];
        return run;
    }
    const std::vector<OpTime>& times() const { return m_times; }

private:
    void runProgram(const StepProgram& program, SimulatedCost& cost) {
        const size_t first = m_times.size();
        const auto waits = m_tracker.append(program, first, m_slot);
        m_slot = slotAfter(program, m_slot);
        for (size_t i = 0; i < program.ops.size(); ++i)
            runOp(program, program.ops[i], waits[i], cost);
        m_bufferBase += program.buffers.size();
    }
    void runOp(const StepProgram& program, const Op& op, const std::vector<size_t>& waits, SimulatedCost& cost) {
        const Lane lane = laneOf(op.kind);
        const double laneFree = m_laneFree[size_t(lane)];
        double staged = 0;
        for (int buffer : op.acquires)
            if (program.buffers[size_t(buffer)].space == Space::Staging)
                staged = m_ring.allocate(m_bufferBase + size_t(buffer), program.buffers[size_t(buffer)].bytes, staged);
        double local = 0, summed = 0;
        for (size_t other : waits)
            (m_isLink[other] ? summed : local) = std::max(m_isLink[other] ? summed : local, m_times[other].finish);
        const double ready = std::max(local, summed);
        const double duration = durationOf(op, m_hardware);
        const double start = std::max({laneFree, staged, ready});
        const double finish =
            isOfDrive(lane) ? m_drive.take(start, duration) + m_hardware.secondsPerOp : start + duration;
        OpTime& time = m_times.emplace_back(OpTime{start, finish, 0, 0, 0});
        m_isLink.push_back(lane == Lane::Link);
        if (lane == Lane::Compute) {
            time.readWait = std::max(0.0, local - laneFree);
            time.linkWait = std::max(0.0, summed - std::max(laneFree, local));
            time.writeWait = std::max(0.0, staged - std::max(laneFree, ready));
            cost.readWaitSeconds += time.readWait;
            cost.linkWaitSeconds += time.linkWait;
            cost.writeWaitSeconds += time.writeWait;
            cost.computeSeconds += duration;
        } else if (lane != Lane::Link) {
            (lane == Lane::Read ? cost.readSeconds : cost.writeSeconds) += duration;
        }
        m_laneFree[size_t(lane)] = finish;
        for (int buffer : op.releases)
            if (program.buffers[size_t(buffer)].space == Space::Staging)
                m_ring.release(m_bufferBase + size_t(buffer), finish);
    }

    const HardwareProfile& m_hardware;
    RingModel m_ring;
    DriveTimeline m_drive;
    DependencyTracker m_tracker;
    int m_slot = 0;
    size_t m_bufferBase = 0;
    std::vector<OpTime> m_times;  ///< of all ops so far
    std::vector<bool> m_isLink;   ///< the same
    std::array<double, kLanes> m_laneFree{};
};

}  // namespace

SimulatedCost simulateStep(const std::vector<const StepProgram*>& step, const HardwareProfile& hardware,
                           int64_t ringBytes) {
    Simulator simulator(hardware, ringBytes);
    double before = 0;
    for (int i = 0; i < kStepsBefore; ++i)
        before = simulator.run(step).end;
    const auto [cost, end] = simulator.run(step);
    SimulatedCost last = cost;
    last.seconds = end - before;
    for (const StepProgram* program : step) {
        last.readBytes += program->readBytes();
        last.writtenBytes += program->writtenBytes();
        last.flops += program->flops();
    }
    return last;
}

StepTimes simulateOps(const std::vector<const StepProgram*>& step, const HardwareProfile& hardware, int64_t ringBytes) {
    Simulator simulator(hardware, ringBytes);
    double before = 0;
    for (int i = 0; i < kStepsBefore; ++i)
        before = simulator.run(step).end;
    size_t op = simulator.times().size();
    StepTimes steady;
    steady.seconds = simulator.run(step).end - before;
    for (const StepProgram* program : step) {
        std::vector<OpTime>& times = steady.programs.emplace_back();
        for (size_t i = 0; i < program->ops.size(); ++i) {
            OpTime& time = times.emplace_back(simulator.times()[op++]);
            time.start -= before;
            time.finish -= before;
        }
    }
    return steady;
}

}  // namespace gsst
