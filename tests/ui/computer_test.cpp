// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/window_fixture.h"
#include "ui/computer/computer_page.h"

#include <QAbstractButton>
#include <QClipboard>
#include <QGuiApplication>

using namespace gsst;

class ComputerTest : public QObject, private WindowFixture {
    Q_OBJECT
private slots:
    void init() { makeWindow(); }
    void cleanup() {
        m_service->holdMeasuring = false;
        dropWindow();
    }
    void showsTheLastReportAtOnce();
    void measures();
    void cancels();
    void waitsWhileARunTrains();

private:
    bool says(const QString& text) {
        for (const QLabel* label : m_window->computer().findChildren<QLabel*>()) {
            const auto* elided = dynamic_cast<const ElidedLabel*>(label);
            if (label->isVisible() && (elided ? elided->fullText() : label->text()).contains(text))
                return true;
        }
        return false;
    }
    QAbstractButton* button(const QString& text) {
        for (QAbstractButton* each : m_window->computer().findChildren<QAbstractButton*>())
            if (each->isVisible() && each->text().remove('&') == text)
                return each;
        return nullptr;
    }
};

void ComputerTest::showsTheLastReportAtOnce() {
    m_window->showPage(PageId::Computer);
    QVERIFY(says("Not measured yet"));
    QVERIFY(button("Measure"));
    m_service->setReport(FakeService::exampleReport());
    m_window->showPage(PageId::Computer);
    QTRY_VERIFY(says("reads 3"));
    QVERIFY(says("BF16 is much faster"));
    QVERIFY(says("AMD Ryzen 7"));
    QVERIFY(says("layers like those of gpt2-124m"));
    QCOMPARE(m_service->measurements.load(), 0);
    button("Copy report")->click();
    const QString copied = QGuiApplication::clipboard()->text();
    QVERIFY(copied.contains("Drive: reads"));
    QVERIFY(!copied.contains("/runs"));
}

void ComputerTest::measures() {
    m_window->showPage(PageId::Computer);
    button("Measure")->click();
    QTRY_VERIFY(says("reads 3"));
    QCOMPARE(m_service->measurements.load(), 1);
    QVERIFY(button("Measure again"));
}

void ComputerTest::cancels() {
    m_window->showPage(PageId::Computer);
    m_service->holdMeasuring = true;
    // Measuring goes on until it is cancelled below: a click that waited for it would never return.
    button("Measure")->click();
    QTRY_VERIFY(says("Measuring the drive"));
    QVERIFY(m_window->computer().measuring());
    button("Cancel")->click();
    QVERIFY(!m_window->computer().measuring());
    QVERIFY(says("Measuring was cancelled"));
    QVERIFY(button("Measure"));
}

void ComputerTest::waitsWhileARunTrains() {
    m_window->showPage(PageId::Computer);
    m_service->holdMeasuring = true;
    button("Measure")->click();
    QTRY_COMPARE(m_service->measurements.load(), 1);
    open();
    events().push(StateChanged{RunState::Training, 0});
    m_window->showPage(PageId::Computer);
    QTRY_VERIFY(says("A run is training"));
    QVERIFY(!m_window->computer().measuring());
    QVERIFY(!button("Measure")->isEnabled());
    events().push(StateChanged{RunState::Paused, 5});
    QTRY_VERIFY(button("Measure")->isEnabled());
}

QTEST_MAIN(ComputerTest)
#include "computer_test.moc"
