// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/dashboard/log_panel.h"
#include "ui/dashboard/loss_panel.h"
#include "ui/dashboard/notice_banner.h"
#include "ui/dashboard/run_header.h"
#include "ui/dashboard/samples_panel.h"
#include "ui/dashboard/slice_lane.h"
#include "ui/dashboard/trend_plot.h"
#include "ui/dashboard/verdict_panel.h"

#include <QSplitter>

namespace gsst {

/// Everything about the open run, live. Composes the panels and passes the events on; the panels decide how to show
/// them.
class DashboardPage : public QWidget {
    Q_OBJECT
public:
    DashboardPage(RunController& controller, const Theme& theme, QWidget* parent = nullptr);

    RunHeader& header() { return *m_header; }
    SliceLane& lane() { return *m_lane; }
    LossPanel& loss() { return *m_loss; }
    VerdictPanel& verdict() { return *m_verdict; }
    TrendPlot& deviceMemory() { return *m_memory; }
    TrendPlot& throughput() { return *m_throughput; }
    TrendPlot& disk() { return *m_disk; }
    SamplesPanel& samples() { return *m_samples; }
    LogPanel& log() { return *m_log; }
    NoticeBanner& notice() { return *m_notice; }
    const StepDone& lastStep() const { return m_last; }
    const Planned& plan() const { return m_plan; }

private:
    QWidget* makeLane();
    QWidget* makeTrends();
    QWidget* makeBottom();
    void connectEvents();
    void opened();
    void planned(const Planned& plan);
    void showPredictedSpeed(const Planned& plan);
    void stepDone(const StepDone& step);
    void showNewest();
    void stateChanged(const StateChanged& event);

    RunController& m_controller;
    const Theme& m_theme;
    NoticeBanner* m_notice = nullptr;
    RunHeader* m_header = nullptr;
    ElidedLabel* m_laneText = nullptr;
    SliceLane* m_lane = nullptr;
    LossPanel* m_loss = nullptr;
    VerdictPanel* m_verdict = nullptr;
    TrendPlot* m_memory = nullptr;
    TrendPlot* m_throughput = nullptr;
    TrendPlot* m_disk = nullptr;
    SamplesPanel* m_samples = nullptr;
    LogPanel* m_log = nullptr;
    QSplitter* m_rows = nullptr;
    std::filesystem::path m_shown;  ///< folder of the run on the page
    Planned m_plan;
    StepDone m_last;
    QWidget* m_laneCard = nullptr;
    bool m_newStep = false;   ///< since showNewest()
    double m_memoryUnit = 1;  ///< bytes of a unit of the memory plot
    double m_seconds = 0;     ///< of training in this session
};

}  // namespace gsst
