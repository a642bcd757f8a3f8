// SPDX-License-Identifier: GPL-3.0-or-later
// Every page in both themes and with longer words: nothing cut, everything named. Also run at twice the scale.
#include "tests/ui/window_fixture.h"
#include "tests/ui/window_helpers.h"
#include "ui/computer/computer_page.h"
#include "ui/widgets/disclosure.h"
#include "ui/wizard/new_run_wizard.h"

#include <QTableView>
#include <QTest>

using namespace gsst;

class LayoutTest : public QObject, private WindowFixture {
    Q_OBJECT
private slots:
    void init() { makeWindow(); }
    void cleanup() { dropWindow(); }
    void nothingIsClipped_data();
    void nothingIsClipped();
    void controlsHaveNames();
};

namespace {

void openAll(QWidget& page) {
    for (Disclosure* each : page.findChildren<Disclosure*>())
        each->setOpen(true);
    QTest::qWait(50);
}

}  // namespace

void LayoutTest::nothingIsClipped_data() {
    QTest::addColumn<bool>("dark");
    QTest::addColumn<bool>("longStrings");
    QTest::newRow("light") << false << false;
    QTest::newRow("dark") << true << false;
    QTest::newRow("light, 40 % longer") << false << true;
}

void LayoutTest::nothingIsClipped() {
    QFETCH(bool, dark);
    QFETCH(bool, longStrings);
    m_window.reset();
    LongStrings translator;
    if (longStrings)
        QCoreApplication::installTranslator(&translator);
    m_theme->choose(dark ? Theme::Choice::Dark : Theme::Choice::Light);
    m_window = std::make_unique<MainWindow>(
        *m_service, *m_theme, MainWindow::Places{"/nowhere/runs", {int64_t(32) << 30, int64_t(24) << 30, 8}});
    m_window->resize(1280, 800);
    m_window->show();
    QStringList clipped;
    const auto check = [&](const char* where, const QWidget& root) {
        QTest::qWait(150);
        for (const QString& each : clippedTexts(root))
            clipped << QString("%1: %2").arg(where, each);
    };
    check("first start", *m_window);
    m_window->newRun({"/texts/story.txt", "/texts/scan.pdf"}, false);
    m_service->driveMeasured = false;  // which has more to say
    for (int id = 0; id < 5; ++id) {
        QVERIFY(QTest::qWaitFor([&] { return m_window->wizard()->currentPage()->isComplete(); }, 5000));
        if (auto* sizes = m_window->wizard()->currentPage()->findChild<QTableView*>(); id == ModelPageId)
            sizes->selectRow(sizes->model()->rowCount() - 1);  // the largest is streamed
        check(qPrintable(QString("wizard %1").arg(id + 1)), *m_window->wizard());
        openAll(*m_window->wizard()->currentPage());
        check(qPrintable(QString("wizard %1, opened").arg(id + 1)), *m_window->wizard());
        if (id < 4)
            m_window->wizard()->next();
    }
    QVERIFY(m_window->wizard()->width() <= 1280 && m_window->wizard()->height() <= 800);
    m_window->wizard()->reject();
    m_window->showPage(PageId::Computer);
    check("this computer, not measured", *m_window);
    m_service->setReport(FakeService::exampleReport());
    m_window->showPage(PageId::Computer);
    check("this computer", *m_window);
    m_service->setRuns(exampleRuns());
    m_window->showPage(PageId::Runs);
    check("runs", *m_window);
    open();
    replayExample(events(), 412);
    check("dashboard", *m_window);
    QVERIFY2(m_window->width() <= 1280 && m_window->height() <= 800,
             qPrintable(QString("%1x%2").arg(m_window->width()).arg(m_window->height())));
    QVERIFY2(clipped.isEmpty(), qPrintable(clipped.join('\n')));
    m_window.reset();
    QCoreApplication::removeTranslator(&translator);
}

void LayoutTest::controlsHaveNames() {
    m_service->setRuns(exampleRuns());
    m_window->showPage(PageId::Runs);
    QTest::qWait(50);
    QStringList nameless = namelessControls(*m_window);
    m_window->showPage(PageId::Computer);
    QTest::qWait(50);
    nameless += namelessControls(*m_window);
    open();
    replayExample(events(), 5);
    QTest::qWait(50);
    nameless += namelessControls(*m_window);
    m_window->newRun({"/texts/story.txt"}, false);
    for (int id = 0; id < 5; ++id) {
        QVERIFY(QTest::qWaitFor([&] { return m_window->wizard()->currentPage()->isComplete(); }, 5000));
        openAll(*m_window->wizard()->currentPage());
        nameless += namelessControls(*m_window->wizard());
        if (id < 4)
            m_window->wizard()->next();
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(", ")));
    for (QWidget* each : {static_cast<QWidget*>(&page().loss().plot()), static_cast<QWidget*>(&page().lane())})
        QVERIFY(!each->accessibleName().isEmpty());
    QVERIFY(!page().loss().plot().accessibleDescription().isEmpty());
}

QTEST_MAIN(LayoutTest)
#include "layout_test.moc"
