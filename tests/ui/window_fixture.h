// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/ui/example_run.h"
#include "ui/dashboard/dashboard_page.h"
#include "ui/main_window.h"

#include <QSettings>
#include <QTest>
#include <QThreadPool>

#include <memory>

namespace gsst {

/// The real window over a fake service, made anew for each test function. UI thread.
class WindowFixture {
protected:
    void makeWindow() {
        QSettings().clear();
        m_service = std::make_unique<FakeService>();
        m_theme = std::make_unique<Theme>(*qApp);
        m_theme->choose(Theme::Choice::Light);
        m_window = std::make_unique<MainWindow>(
            *m_service, *m_theme, MainWindow::Places{"/nowhere/runs", {int64_t(32) << 30, int64_t(24) << 30, 8}});
        m_window->show();
    }
    void dropWindow() {
        m_window.reset();
        QThreadPool::globalInstance()->waitForDone();
        m_theme.reset();
    }
    /// Opens a session whose events the test pushes itself.
    void open() {
        OpenRunFacts facts;
        facts.folder = "/runs/Logbooks 1.1B";
        facts.name = "Logbooks 1.1B";
        m_window->controller().start({}, facts);
        QVERIFY(m_service->session);
    }
    EventQueue& events() { return m_service->session->events(); }
    DashboardPage& page() { return m_window->dashboard(); }

    std::unique_ptr<FakeService> m_service;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<MainWindow> m_window;
};

}  // namespace gsst
