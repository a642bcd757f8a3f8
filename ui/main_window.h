// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/draft/machine_facts.h"
#include "ui/session/background_job.h"
#include "ui/session/run_controller.h"
#include "ui/theme/theme.h"
#include "ui/window_page.h"

#include <QMainWindow>
#include <QStackedWidget>

#include <vector>

class QActionGroup;

namespace gsst {

class ComputerPage;
class DashboardPage;
class NewRunWizard;
class RunsPage;
class Sidebar;
class StatusStrip;

/// The one window: menus, sidebar, pages, status strip. Composes; the controller and the pages work.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    struct Places {
        std::filesystem::path runsFolder;  ///< where new runs go and the list looks
        MachineFacts machine;
    };
    /// References outlive the window. The service is used on pool threads: wait for them before it goes.
    MainWindow(TrainingService& service, Theme& theme, Places places);
    ~MainWindow() override;

    RunController& controller() { return m_controller; }
    RunsPage& runs() { return *m_runs; }
    DashboardPage& dashboard() { return *m_dashboard; }
    ComputerPage& computer() { return *m_computer; }
    /// The wizard that is open, or nullptr.
    NewRunWizard* wizard() const { return m_wizard; }
    void newRun(const std::vector<std::filesystem::path>& text, bool sampleText);
    void showPage(PageId page);

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    void makeMenus();
    void makePages();
    std::vector<WindowPage> listPages();
    const WindowPage& pageOf(PageId id) const;
    void start(const RunRequest& request, const OpenRunFacts& facts);
    void startSample();
    void confirmThen(const QString& question, std::function<void()> go);
    void look(const RunInfo& run);
    void resumeRun(const RunInfo& run);
    void chooseRunFolder();
    void togglePause();
    void refresh();
    void refreshRuns();
    void about();

    TrainingService& m_service;
    Theme& m_theme;
    Places m_places;
    std::vector<QAction*> m_openRunActions;  ///< show pages of the open run; refreshed until the controller is gone
    RunController m_controller;
    BackgroundJob m_sampleJob;
    std::vector<WindowPage> m_pageList;
    QStackedWidget* m_pages = nullptr;
    Sidebar* m_sidebar = nullptr;
    StatusStrip* m_strip = nullptr;
    RunsPage* m_runs = nullptr;
    DashboardPage* m_dashboard = nullptr;
    ComputerPage* m_computer = nullptr;
    NewRunWizard* m_wizard = nullptr;
    QAction* m_pauseAction = nullptr;
    QAction* m_sampleAction = nullptr;
    double m_secondsLeft = -1;
    double m_loss = 0;
    bool m_leaving = false;
};

}  // namespace gsst
