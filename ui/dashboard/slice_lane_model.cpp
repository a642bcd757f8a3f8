// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/slice_lane_model.h"

#include <algorithm>

namespace gsst {
namespace {

int rank(SliceState state) {
    switch (state) {
    case SliceState::Computing:
        return 5;
    case SliceState::Writing:
        return 4;
    case SliceState::Reading:
        return 3;
    case SliceState::Ready:
        return 2;
    case SliceState::Written:
        return 1;
    case SliceState::Waiting:
        return 0;
    }
    return 0;
}

}  // namespace

void SliceLaneModel::reset(int slices) {
    *this = SliceLaneModel();
    m_states.assign(size_t(std::max(0, slices)), SliceState::Waiting);
    m_computed.assign(m_states.size(), false);
}

void SliceLaneModel::add(const SliceActivity& activity, double now) {
    if (activity.slice < 0 || activity.slice >= slices())
        return;
    const auto at = size_t(activity.slice);
    const Turn turn{activity.pass, activity.sweep};
    if (activity.state == SliceState::Computing) {
        if (turn != m_turn) {
            m_turn = turn;
            beginTurn();
        }
        if (m_computing != activity.slice) {
            if (m_computing >= 0) {
                end(Compute, m_computing, now);
                if (m_states[size_t(m_computing)] == SliceState::Computing)
                    m_states[size_t(m_computing)] = SliceState::Written;
            }
            begin(Compute, activity.slice, now);
        }
        m_computing = activity.slice;
        m_computed[at] = true;
        m_microBatch = activity.microBatch;
        m_microBatches = std::max(1, activity.microBatches);
    }
    if (activity.state == SliceState::Reading)
        begin(Read, activity.slice, now);
    if (activity.state == SliceState::Ready) {
        end(Read, activity.slice, now);
        if (m_computing == activity.slice) {
            end(Compute, activity.slice, now);
            m_computing = -1;
        }
    }
    if (activity.state == SliceState::Writing)
        begin(Write, activity.slice, now);
    if (activity.state == SliceState::Written)
        end(Write, activity.slice, now);
    // A slice that is computed and has nothing to write is done with: shown as the written ones are.
    // What is read again is for a turn to come.
    const bool finished = activity.state == SliceState::Ready && turn == m_turn && m_computed[at];
    m_states[at] = finished ? SliceState::Written : activity.state;
    forget(now);
}

/// What is on its way, or there and not computed yet, is so for this turn too.
void SliceLaneModel::beginTurn() {
    for (size_t i = 0; i < m_states.size(); ++i) {
        const bool busy = m_states[i] == SliceState::Reading || m_states[i] == SliceState::Writing ||
                          m_states[i] == SliceState::Ready;
        if (!busy)
            m_states[i] = SliceState::Waiting;
        m_computed[i] = false;
    }
}

void SliceLaneModel::begin(Rail rail, int slice, double now) {
    if (!m_rails[rail].empty() && m_rails[rail].back().slice == slice && m_rails[rail].back().to < 0)
        return;
    m_rails[rail].push_back({now, -1, slice});
}

void SliceLaneModel::end(Rail rail, int slice, double now) {
    for (Span& span : m_rails[rail])
        if (span.slice == slice && span.to < 0)
            span.to = now;
}

void SliceLaneModel::idle(double now) {
    for (auto& rail : m_rails)
        for (Span& span : rail)
            if (span.to < 0)
                span.to = now;
    m_computing = -1;
    std::fill(m_states.begin(), m_states.end(), SliceState::Waiting);
    std::fill(m_computed.begin(), m_computed.end(), false);
}

void SliceLaneModel::forget(double now) {
    for (auto& rail : m_rails)
        while (!rail.empty() && rail.front().to >= 0 && rail.front().to < now - 2 * kRailSeconds)
            rail.pop_front();
}

std::vector<SliceLaneModel::Cell> SliceLaneModel::cells() const {
    std::vector<Cell> cells;
    const int count = std::min(slices(), kMostCells);
    for (int i = 0; i < count; ++i) {
        Cell cell;
        cell.first = int(int64_t(i) * slices() / count);
        cell.last = int(int64_t(i + 1) * slices() / count) - 1;
        cell.state = m_states[size_t(cell.first)];
        for (int slice = cell.first; slice <= cell.last; ++slice)
            if (rank(m_states[size_t(slice)]) > rank(cell.state))
                cell.state = m_states[size_t(slice)];
        if (cell.state == SliceState::Computing)
            cell.done = double(m_microBatch + 1) / m_microBatches;
        cells.push_back(cell);
    }
    return cells;
}

}  // namespace gsst
