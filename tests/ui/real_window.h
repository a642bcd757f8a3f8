// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/platform/program.h"
#include "service/create_training_service.h"
#include "ui/dashboard/dashboard_page.h"
#include "ui/main_window.h"
#include "ui/runs/runs_page.h"
#include "ui/wizard/new_run_wizard.h"

#include <QAbstractButton>
#include <QSettings>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>

#include <memory>
#include <vector>

namespace gsst {

/// The real window over the real service and a runs folder of its own, used by mouse and keyboard only. Widgets are
/// found by the words that a person reads. UI thread.
class RealWindow {
protected:
    void makeWindow() {
        if (!m_folder) {
            QSettings().clear();
            m_folder = std::make_unique<QTemporaryDir>();
            m_service = createTrainingService(presetsFolder());
            m_theme = std::make_unique<Theme>(*qApp);
            m_theme->choose(Theme::Choice::Light);
        }
        m_window = std::make_unique<MainWindow>(
            *m_service, *m_theme, MainWindow::Places{runsFolder(), {int64_t(8) << 30, int64_t(4) << 30, 2}});
        m_states.clear();
        m_steps.clear();
        EventBridge& bridge = m_window->controller().bridge();
        QObject::connect(&bridge, &EventBridge::stateChanged, m_window.get(),
                         [this](const StateChanged& event) { m_states.push_back(event); });
        QObject::connect(&bridge, &EventBridge::stepDone, m_window.get(),
                         [this](const StepDone& event) { m_steps.push_back(event); });
        m_window->show();
        m_window->activateWindow();
    }
    /// Also after a test that failed half way: the session is joined on the pool.
    void dropAll() {
        m_window.reset();
        QThreadPool::globalInstance()->waitForDone();
        m_theme.reset();
        m_service.reset();
        m_folder.reset();
    }

    /// The visible, enabled button that reads `text`; nullptr if there is none (yet).
    static QAbstractButton* button(QWidget& root, const QString& text) {
        for (QAbstractButton* each : root.findChildren<QAbstractButton*>())
            if (each->isVisible() && each->isEnabled() && each->text().remove('&').startsWith(text))
                return each;
        return nullptr;
    }
    static void click(QWidget& widget) { QTest::mouseClick(&widget, Qt::LeftButton); }
    /// Waits for the button, then clicks it.
    static bool press(QWidget& root, const QString& text) {
        if (!QTest::qWaitFor([&] { return button(root, text) != nullptr; }, kTimeouts))
            return false;
        click(*button(root, text));
        return true;
    }
    /// Clicks the first row of `table` whose cell in `column` begins with `text`; `right` = near the cell's right end.
    static bool pressRow(QTableView& table, int column, const QString& text, bool right = false) {
        for (int row = 0; row < table.model()->rowCount(); ++row) {
            const QModelIndex index = table.model()->index(row, column);
            if (!index.data().toString().startsWith(text))
                continue;
            const QRect cell = table.visualRect(index);
            QTest::mouseClick(table.viewport(), Qt::LeftButton, {},
                              right ? QPoint(cell.right() - 30, cell.center().y()) : cell.center());
            return true;
        }
        return false;
    }
    /// Next, once the page lets it.
    bool nextPage() {
        NewRunWizard& wizard = *m_window->wizard();
        const int page = wizard.currentId();
        return press(wizard, "Next") && QTest::qWaitFor([&] { return wizard.currentId() == page + 1; }, kTimeouts);
    }

    bool waitForState(RunState state) {
        return QTest::qWaitFor(
            [&] { return m_window->controller().state() == state && !m_window->controller().waitingForPause(); },
            kTimeouts);
    }
    /// Until `count` more steps were done.
    bool waitForSteps(size_t count) {
        const size_t wanted = m_steps.size() + count;
        return QTest::qWaitFor([&] { return m_steps.size() >= wanted; }, kTimeouts);
    }
    /// Closes the window as a person does, and waits until it has gone and the session is joined.
    bool closeWindow() {
        m_window->close();
        const bool gone = QTest::qWaitFor([&] { return !m_window->isVisible(); }, kTimeouts);
        m_window.reset();
        QThreadPool::globalInstance()->waitForDone();
        return gone;
    }

    /// What the status strip says of the device memory.
    QString deviceFigure() const {
        for (const QLabel* each : m_window->findChildren<QLabel*>())
            if (each->accessibleDescription() == "Device memory" && each->isVisible())
                return each->text();
        return {};
    }
    DashboardPage& page() { return m_window->dashboard(); }
    QToolButton& bigButton() { return const_cast<QToolButton&>(page().header().button()); }
    std::filesystem::path runsFolder() const {
        return std::filesystem::path(m_folder->path().toStdU16String()) / "runs";
    }
    /// The only run in the runs folder.
    std::filesystem::path runFolder() const { return std::filesystem::directory_iterator(runsFolder())->path(); }

    static constexpr int kTimeouts = 45'000;  ///< milliseconds that only a hang takes
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<TrainingService> m_service;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<MainWindow> m_window;
    std::vector<StateChanged> m_states;  ///< of this window, in order
    std::vector<StepDone> m_steps;
};

}  // namespace gsst
