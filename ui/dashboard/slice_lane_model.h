// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <array>
#include <deque>
#include <vector>

namespace gsst {

/// What the slice lane shows, from SliceActivity events and the time they came at. Which sweep of which run of a
/// program an event belongs to it says itself; nothing is concluded from its slice or from events before it. No Qt, no
/// painting.
class SliceLaneModel {
public:
    enum Rail { Read, Compute, Write, RailCount };
    struct Span {
        double from = 0;  ///< seconds on the caller's clock
        double to = -1;   ///< negative: goes on
        int slice = 0;
    };
    struct Cell {
        SliceState state = SliceState::Waiting;
        double done = 0;  ///< share of micro-batches, while Computing
        int first = 0;    ///< slices that the cell stands for
        int last = 0;
    };
    static constexpr int kMostCells = 40;
    static constexpr double kRailSeconds = 6;

    /// Forgets everything; `slices` may be 0.
    void reset(int slices);
    void add(const SliceActivity& activity, double now);
    /// Ends all spans: the run paused or stopped.
    void idle(double now);

    int slices() const { return int(m_states.size()); }
    /// That computes, or did last.
    Sweep sweep() const { return m_turn.sweep; }
    SliceState state(int slice) const { return m_states[size_t(slice)]; }
    /// The slice that computes, -1 = none.
    int computing() const { return m_computing; }
    int microBatch() const { return m_microBatch; }
    int microBatches() const { return m_microBatches; }
    /// One cell a slice; above kMostCells, neighbours share cells and the busiest state shows.
    std::vector<Cell> cells() const;
    const std::deque<Span>& rail(Rail which) const { return m_rails[which]; }

private:
    /// One sweep of one run of a program: what the lane shows at a time.
    struct Turn {
        int64_t pass = 0;
        Sweep sweep{};
        bool operator==(const Turn&) const = default;
    };
    void beginTurn();
    void begin(Rail rail, int slice, double now);
    void end(Rail rail, int slice, double now);
    void forget(double now);

    std::vector<SliceState> m_states;
    std::vector<bool> m_computed;  ///< in this turn
    std::array<std::deque<Span>, RailCount> m_rails;
    Turn m_turn;
    int m_computing = -1;
    int m_microBatch = 0;
    int m_microBatches = 1;
};

}  // namespace gsst
