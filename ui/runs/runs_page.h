// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/draft/machine_facts.h"
#include "ui/runs/run_list_model.h"
#include "ui/session/background_job.h"
#include "ui/theme/theme.h"
#include "ui/widgets/drop_area.h"
#include "ui/widgets/widgets.h"

#include <QLineEdit>
#include <QTableView>

namespace gsst {

/// The start page: three doors and the table of runs; without runs, the doors and what this computer is.
class RunsPage : public QWidget {
    Q_OBJECT
public:
    RunsPage(TrainingService& service, const Theme& theme, const MachineFacts& machine, QWidget* parent = nullptr);
    /// Lists `runsFolder` again on a pool thread; what is shown stays until the answer comes.
    void refresh(const std::filesystem::path& runsFolder);
    void setLive(const LiveRun& live);
    const RunListModel& model() const { return *m_model; }

signals:
    void newRunRequested();
    void sampleRequested();
    void textDropped(const std::vector<std::filesystem::path>& paths);
    void openFolderRequested();
    void openRequested(const gsst::RunInfo& run);
    void resumeRequested(const gsst::RunInfo& run);
    void pauseRequested();

private:
    QWidget* makeHeader();
    QWidget* makeDoors();
    QWidget* makeTable();
    QWidget* makeMachine(const MachineFacts& machine);
    void show(const Result<std::vector<RunInfo>>& runs);
    void act(int row);
    void sizeColumns();

    TrainingService& m_service;
    const Theme& m_theme;
    BackgroundJob m_job;
    QSortFilterProxyModel* m_proxy = nullptr;
    RunListModel* m_model = nullptr;
    QTableView* m_table = nullptr;
    QWidget* m_tableCard = nullptr;
    QWidget* m_machineCard = nullptr;
    QLabel* m_title = nullptr;
    QLabel* m_sum = nullptr;
    QLabel* m_problem = nullptr;
    QLineEdit* m_filter = nullptr;
    Door* m_newRun = nullptr;
};

}  // namespace gsst
