// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/run_list_model.h"

#include "ui/text/format.h"

namespace gsst {

void RunListModel::setRuns(std::vector<RunInfo> runs) {
    beginResetModel();
    m_runs = std::move(runs);
    endResetModel();
}

void RunListModel::setLive(const LiveRun& live) {
    m_live = live;
    for (int row = 0; row < rowCount(); ++row)
        if (m_runs[size_t(row)].folder == live.folder)
            emit dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

const LiveRun* RunListModel::live(int row) const {
    return m_live.active && m_runs[size_t(row)].folder == m_live.folder ? &m_live : nullptr;
}

PillLook RunListModel::pill(int row) const {
    if (const LiveRun* now = live(row))
        return pillOf(now->state);
    const RunInfo& info = m_runs[size_t(row)];
    if (info.inUse)
        return {"hourglass", tr("In use elsewhere"), &ThemeTokens::info, &ThemeTokens::infoTint};
    if (!info.problem.empty())
        return pillOf(RunState::NeedsAttention);
    return pillOf(info.steps > 0 && info.step >= info.steps ? RunState::Finished : RunState::Paused);
}

RunListModel::Deed RunListModel::deed(int row) const {
    const RunInfo& info = m_runs[size_t(row)];
    if (const LiveRun* now = live(row))
        return now->state == RunState::Training ? Deed::Pause
               : now->state == RunState::Paused ? Deed::Resume
                                                : Deed::Open;
    if (info.inUse || !info.problem.empty())
        return Deed::None;
    return info.steps > 0 && info.step >= info.steps ? Deed::Open : Deed::Resume;
}

QString RunListModel::deedText(int row) const {
    switch (deed(row)) {
    case Deed::Open:
        return tr("Open");
    case Deed::Resume:
        return tr("Resume");
    case Deed::Pause:
        return tr("Pause");
    case Deed::None:
        return {};
    }
    return {};
}

double RunListModel::share(int row) const {
    const LiveRun* now = live(row);
    const RunInfo& info = m_runs[size_t(row)];
    const double steps = double(now && now->steps > 0 ? now->steps : info.steps);
    return steps > 0 ? std::min(1.0, double(now ? now->step : info.step) / steps) : 0;
}

QString RunListModel::progressText(int row) const {
    const RunInfo& info = m_runs[size_t(row)];
    const LiveRun* now = live(row);
    if (!now && !info.problem.empty())
        return fromUtf8(info.problem);
    const QString steps =
        tr("step %1 of %2").arg(numberText(double(now ? now->step : info.step), 0), numberText(double(info.steps), 0));
    if (now && now->secondsLeft > 0 && now->state == RunState::Training)
        return tr("%1, %2 left").arg(percentText(share(row)), durationText(now->secondsLeft));
    return tr("%1, %2").arg(percentText(share(row)), steps);
}

double RunListModel::loss(int row) const {
    const LiveRun* now = live(row);
    return now && now->loss > 0 ? now->loss : m_runs[size_t(row)].lastLoss;
}

QVariant RunListModel::sortKey(const RunInfo& info, int row, int column) const {
    switch (column) {
    case Name:
        return fromUtf8(info.name).toLower();
    case State:
        return pill(row).text;
    case Progress:
        return share(row);
    case Loss:
        return loss(row) > 0 ? loss(row) : 1e9;
    case Disk:
        return qulonglong(info.bytesOnDisk);
    case Changed:
        return live(row) ? qlonglong(INT64_MAX) : qlonglong(info.lastChange);
    default:
        return {};
    }
}

QVariant RunListModel::data(const QModelIndex& index, int role) const {
    const int row = index.row();
    const RunInfo& info = m_runs[size_t(row)];
    if (role == SortRole)
        return sortKey(info, row, index.column());
    if (role == Qt::TextAlignmentRole && index.column() == Disk)
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole)
        return index.column() == Progress
                   ? progressText(row)
                   : fromPath(info.folder) + (info.problem.empty() ? QString() : "\n" + fromUtf8(info.problem));
    if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole)
        return {};
    switch (index.column()) {
    case Name:
        return fromUtf8(info.name);
    case State:
        return pill(row).text;
    case Progress:
        return progressText(row);
    case Loss:
        return loss(row) > 0 ? numberText(loss(row), 2) : tr("no loss yet");
    case Disk:
        return bytesText(double(info.bytesOnDisk));
    case Changed:
        return live(row) ? tr("now") : dayText(info.lastChange);
    case Action:
        return deedText(row);
    default:
        return {};
    }
}

QVariant RunListModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Disk ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Run");
    case State:
        return tr("State");
    case Progress:
        return tr("Progress");
    case Loss:
        return tr("Loss");
    case Disk:
        return tr("On disk");
    case Changed:
        return tr("Changed");
    default:
        return QString();
    }
}

}  // namespace gsst
