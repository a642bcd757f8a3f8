// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/widgets/pill.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

namespace gsst {

/// What the open session knows better than the folder does.
struct LiveRun {
    std::filesystem::path folder;
    RunState state{};
    int64_t step = 0;
    int64_t steps = 0;
    double secondsLeft = -1;
    double loss = 0;
    bool active = false;
};

/// The run folders, newest change first, with the open run's live figures over its row.
class RunListModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, State, Progress, Loss, Disk, Changed, Action, ColumnCount };
    enum Role { SortRole = Qt::UserRole };

    /// What the row's one button does.
    enum class Deed { Open, Resume, Pause, None };

    using QAbstractTableModel::QAbstractTableModel;
    void setRuns(std::vector<RunInfo> runs);
    void setLive(const LiveRun& live);
    const RunInfo& run(int row) const { return m_runs[size_t(row)]; }
    PillLook pill(int row) const;
    Deed deed(int row) const;
    QString deedText(int row) const;
    /// 0..1, and the words below the bar.
    double share(int row) const;
    QString progressText(int row) const;
    double loss(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(m_runs.size()); }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(ColumnCount); }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const LiveRun* live(int row) const;
    QVariant sortKey(const RunInfo& info, int row, int column) const;

    std::vector<RunInfo> m_runs;
    LiveRun m_live;
};

}  // namespace gsst
