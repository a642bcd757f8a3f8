// SPDX-License-Identifier: GPL-3.0-or-later
// Takes pictures of every page with the worked example: shots DIR light|dark. Run with QT_QPA_PLATFORM=offscreen; also
// a test that every page can be drawn in both themes and at any QT_SCALE_FACTOR.
#include "tests/ui/example_run.h"
#include "ui/dashboard/dashboard_page.h"
#include "ui/main_window.h"
#include "ui/runs/runs_page.h"
#include "ui/widgets/disclosure.h"
#include "ui/widgets/page_scroll.h"
#include "ui/wizard/new_run_wizard.h"

#include <QApplication>
#include <QDir>
#include <QFontDatabase>
#include <QSettings>
#include <QTableView>
#include <QTest>
#include <QThreadPool>

using namespace gsst;

namespace {

bool save(QWidget& widget, const QString& name) {
    QTest::qWait(250);
    QDir().mkpath(QFileInfo(name).path());
    return widget.grab().save(name);
}

bool wizardPictures(MainWindow& window, const QString& prefix) {
    bool good = true;
    window.newRun({"/texts/royal-navy-logs.txt", "/texts/whaling-journals.txt", "/texts/pilots-and-tides.md",
                   "/texts/scan-1842.pdf"},
                  false);
    NewRunWizard* wizard = window.wizard();
    const char* names[] = {"text", "model", "budget", "training", "summary"};
    for (int page = 0; page < 5; ++page) {
        good &= QTest::qWaitFor([&] { return wizard->currentPage()->isComplete(); }, 5000);
        good &= save(*wizard, prefix + QString("-wizard-%1-%2.png").arg(page + 1).arg(names[page]));
        if (const auto more = wizard->currentPage()->findChildren<Disclosure*>(); !more.isEmpty()) {
            for (Disclosure* each : more)
                each->setOpen(true);
            QTest::qWait(100);
            QScrollBar* bar = wizard->currentPage()->findChild<QScrollArea*>()->verticalScrollBar();
            for (const auto& [name, at] : {std::pair{"advanced", 2}, std::pair{"why", 1}}) {
                bar->setValue(bar->maximum() / at);
                good &= save(*wizard, prefix + QString("-wizard-3-%1.png").arg(name));
            }
        }
        if (page < 4)
            wizard->next();
    }
    wizard->reject();
    return good;
}

/// What a large model shows as long as nobody has measured the drive.
bool unknownDrivePictures(MainWindow& window, FakeService& service, const QString& prefix) {
    service.driveMeasured = false;
    window.newRun({"/texts/royal-navy-logs.txt"}, false);
    NewRunWizard* wizard = window.wizard();
    bool good = true;
    for (int page = 0; page < 5; ++page) {
        good &= QTest::qWaitFor([&] { return wizard->currentPage()->isComplete(); }, 5000);
        if (auto* sizes = wizard->currentPage()->findChild<QTableView*>(); page == 1)
            sizes->selectRow(sizes->model()->rowCount() - 1);
        if (page == 1 || page == 2 || page == 4)
            good &= save(*wizard, prefix + QString("-wizard-%1-unknown-drive.png").arg(page + 1));
        if (page < 4)
            wizard->next();
    }
    wizard->reject();
    service.driveMeasured = true;
    return good;
}

}  // namespace

int main(int count, char** arguments) {
    QApplication application(count, arguments);
    QApplication::setOrganizationName("GSST-tests");
    QApplication::setApplicationName("shots");
    const QString folder = count > 1 ? arguments[1] : ".";
    const QString look = count > 2 ? arguments[2] : "light";
    if (QFontDatabase::families().contains("Inter")) {
        QFont font("Inter");
        font.setPixelSize(13);
        QApplication::setFont(font);
    }
    FakeService service;
    Theme theme(application);
    theme.choose(look == "dark" ? Theme::Choice::Dark : Theme::Choice::Light);
    const QString scale =
        qgetenv("QT_SCALE_FACTOR").isEmpty() ? QString() : "-x" + QString::fromLatin1(qgetenv("QT_SCALE_FACTOR"));
    const QString prefix = folder + "/" + look + scale;
    bool good = true;
    {
        QSettings().clear();
        MainWindow window(service, theme, {"/runs", {int64_t(32) << 30, int64_t(24) << 30, 16}});
        window.show();
        good &= save(window, prefix + "-runs-first-start.png");
        good &= wizardPictures(window, prefix);
        QTest::qWait(50);
        good &= unknownDrivePictures(window, service, prefix);
        service.setReport(FakeService::exampleReport());
        window.showPage(PageId::Computer);
        good &= save(window, prefix + "-this-computer.png");
        service.setRuns(exampleRuns());
        OpenRunFacts facts;
        facts.folder = "/runs/Logbooks 1.1B";
        facts.name = "Logbooks 1.1B";
        facts.origin = "From scratch · 481 MiB of text";
        window.controller().start({}, facts);
        replayExample(service.session->events(), 412);
        QTest::qWait(50);
        replayLane(service.session->events());
        good &= save(window, prefix + "-dashboard.png");
        window.showPage(PageId::Runs);
        good &= save(window, prefix + "-runs.png");
        service.session->events().push(
            Failed{{ErrorCode::NoSpace, "There is too little space on the disk", "/runs/Logbooks 1.1B",
                    "7.2 GiB are left, the step needs 8 GiB", "Free some space or move other files, then resume"},
                   411});
        service.session->events().push(StateChanged{RunState::NeedsAttention, 411});
        window.showPage(PageId::Dashboard);
        good &= save(window, prefix + "-dashboard-failed.png");
    }
    QThreadPool::globalInstance()->waitForDone();
    return good ? 0 : 1;
}
