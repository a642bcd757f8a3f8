// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/window_fixture.h"
#include "ui/runs/runs_page.h"

#include <QSignalSpy>
#include <QTest>

using namespace gsst;

class DashboardTest : public QObject, private WindowFixture {
    Q_OBJECT
private slots:
    void init() { makeWindow(); }
    void cleanup() { dropWindow(); }
    void headerTellsStateAndStep();
    void lossIsPlottedAndTold();
    void trendsHaveAValueAStep();
    void verdictComparesWithThePlan();
    void aSlowDriveIsBlamed();
    void newestSampleComesFirst();
    void laneShowsTheSweep();
    void waitsForOtherRanksAreShown();
    void noValidationNoLegendOfIt();
    void newPlanMovesThePredictions();
    void laneSaysWhichSliceIsWhich();
    void pauseAndResume();
    void stopAsksAndKeepsTheSession();
    void floodDoesNotBlock();
    void hiddenPlotsDoNotRepaint();
    void failureShowsANotice();
    void refusalShowsANotice();
    void runInUseKeepsItsStep();
    void hugeHistory();
    void zoomStopsFollowing();
    void closingNeverBlocks();
    void windowWaitsForTheSession();
    void runsListActs();
    void finishedRunIsOnlyLookedAt();

private:
    void replay();
};

/// The worked example, up to step 412 of 916.
void DashboardTest::replay() {
    open();
    QCOMPARE(page().header().button().isEnabled(), false);
    replayExample(events(), 412);
    QTRY_COMPARE(page().lastStep().step, int64_t(412));
}

void DashboardTest::headerTellsStateAndStep() {
    replay();
    QCOMPARE(page().header().pill().look().text, QString("Training"));
    QCOMPARE(page().header().stepLabel().text(), QString("Step 412 of 916"));
}

void DashboardTest::lossIsPlottedAndTold() {
    replay();
    LossPlot& plot = page().loss().plot();
    QCOMPARE(plot.series().size(), size_t(412));
    QCOMPARE(plot.series().validations(), size_t(16));
    plot.drawNow();
    QVERIFY(plot.graph(0)->dataCount() > 300);
    QVERIFY(plot.graph(1)->dataCount() > 300);
    QCOMPARE(plot.graph(2)->dataCount(), 16);
    QVERIFY(plot.sentence().startsWith("Loss 1.9"));
    QVERIFY(plot.hoverText(262).startsWith("step 262 · 34.3 M tokens\nloss 2."));
}

void DashboardTest::trendsHaveAValueAStep() {
    replay();
    QCOMPARE(page().deviceMemory().values()[0].size(), size_t(412));
    QVERIFY(std::fabs(page().throughput().values()[0].back() - 2473) < 20);
    QVERIFY(page().disk().values()[1].back() > 200);
}

void DashboardTest::verdictComparesWithThePlan() {
    replay();
    QCOMPARE(page().verdict().verdict(), QString("Compute-bound"));
    QCOMPARE(page().verdict().cell(VerdictPanel::SecondsPerStep, 0), QString("52.4"));
    QCOMPARE(page().verdict().cell(VerdictPanel::SecondsPerStep, 2), QString("+1 %"));
}

void DashboardTest::aSlowDriveIsBlamed() {
    replay();
    StepDone slow = exampleStep(413);
    slow.readWaitSeconds = 40;
    slow.seconds = 90;
    for (int i = 0; i < 20; ++i, ++slow.step)
        events().push(slow);
    QTRY_COMPARE(page().verdict().verdict(), QString("Disk-bound"));
    QVERIFY(page().verdict().cell(VerdictPanel::SecondsPerStep, 2).startsWith("⚠"));
}

void DashboardTest::newestSampleComesFirst() {
    replay();
    QCOMPARE(page().samples().count(), 4);
    QVERIFY(page().samples().text().indexOf("step 400") < page().samples().text().indexOf("step 0"));
    QVERIFY(page().log().text().contains("checkpoint verified"));
}

void DashboardTest::laneShowsTheSweep() {
    replay();
    replayLane(events());
    QTRY_COMPARE(page().lane().model().computing(), 13);
    QCOMPARE(page().lane().model().state(12), SliceState::Writing);
    QCOMPARE(page().lane().model().state(15), SliceState::Reading);
}

/// What a rank waits for the others is no computing, and who trains alone is not told of others.
void DashboardTest::waitsForOtherRanksAreShown() {
    open();
    events().push(examplePlan());
    events().push(StateChanged{RunState::Training, 0});
    StepDone step = exampleStep(1);
    step.seconds = 50;
    step.readWaitSeconds = step.writeWaitSeconds = step.linkWaitSeconds = 0;
    events().push(step);
    QTRY_COMPARE(page().verdict().compute(), 100);
    QVERIFY(!page().verdict().linkWait());
    step.linkWaitSeconds = 20;
    for (int i = 0; i < 40; ++i, ++step.step)
        events().push(step);
    QTRY_COMPARE(page().verdict().verdict(), QString("Communication-bound"));
    QTRY_COMPARE(page().verdict().linkWait(), std::optional(40));
    QTRY_COMPARE(page().verdict().compute(), 60);
    step.readWaitSeconds = 25;
    for (int i = 0; i < 40; ++i, ++step.step)
        events().push(step);
    QTRY_COMPARE(page().verdict().verdict(), QString("Disk-bound"));
    QTRY_COMPARE(page().verdict().linkWait(), std::optional(40));
    QTRY_COMPARE(page().verdict().compute(), 10);
}

void DashboardTest::noValidationNoLegendOfIt() {
    open();
    const auto entries = page().loss().findChildren<QWidget*>();
    const auto entry = std::find_if(entries.begin(), entries.end(),
                                    [](const QWidget* each) { return each->accessibleName() == "validation"; });
    QVERIFY(entry != entries.end());
    events().push(examplePlan());
    events().push(StateChanged{RunState::Training, 0});
    for (int64_t step = 1; step <= 20; ++step)
        events().push(exampleStep(step));
    QTRY_COMPARE(page().lastStep().step, int64_t(20));
    QVERIFY(!(*entry)->isVisible());
    QVERIFY(!page().loss().plot().hoverText(15).contains("validation"));
    events().push(Validated{20, 2.5, 1000});
    QTRY_VERIFY((*entry)->isVisible());
    QVERIFY(page().loss().plot().hoverText(20).contains("validation"));
}

void DashboardTest::laneSaysWhichSliceIsWhich() {
    using Kind = SliceInfo::Kind;
    SliceLane lane(*m_theme);
    lane.resize(1200, 120);
    lane.reset(7, {{Kind::Embedding, 1, 3},
                   {Kind::Embedding, 2, 3},
                   {Kind::Embedding, 3, 3},
                   {Kind::Layers, 1, 1, 3, 4},
                   {Kind::HeadNorm},
                   {Kind::Head, 1, 2},
                   {Kind::Head, 2, 2}});
    const auto cells = lane.model().cells();
    QCOMPARE(lane.cellText(cells[0], 500), QString("embedding 1/3"));
    QCOMPARE(lane.cellText(cells[3], 500), QString("layers 3–4"));
    QCOMPARE(lane.cellText(cells[6], 500), QString("head 2/2"));
    // Less room: shorter words, the number at last.
    QCOMPARE(lane.cellText(cells[1], 1), QString("e2"));
    QCOMPARE(lane.cellText(cells[3], 1), QString("3–4"));
    QCOMPARE(lane.cellTip(1), QString("Slice 1 of 7, embedding, part 1 of 3: waiting"));
    QCOMPARE(lane.cellTip(1199), QString("Slice 7 of 7, head, part 2 of 2: waiting"));
    // Many slices share cells; the tooltip names both ends.
    lane.reset(80, std::vector<SliceInfo>(80, {Kind::Layers, 1, 1, 5, 5}));
    QCOMPARE(lane.cellText(lane.model().cells()[0], 500), QString("1–2"));
    QCOMPARE(lane.cellTip(1), QString("Slices 1–2 of 80, layer 5 to layer 5: waiting"));
}

void DashboardTest::newPlanMovesThePredictions() {
    open();
    replayExample(events(), 20);
    QTRY_COMPARE(page().lastStep().step, int64_t(20));
    QTRY_VERIFY(std::fabs(page().deviceMemory().predicted() - 6.2) < 1e-6);
    const QString before = page().verdict().cell(VerdictPanel::DevicePeak, 0);
    events().push(LogLine{LogLine::Level::Warning,
                          "Out of device memory: 6.4 GiB wanted, 5 GiB there. The run goes on after step 19"});
    Planned plan = examplePlan();
    plan.cause = PlanCause::OutOfMemory;
    plan.firstStep = 19;
    plan.slices = 48;
    plan.secondsPerStep = 60;
    plan.devicePeakBytes = int64_t(4.5 * 1073741824.0);
    events().push(plan);
    events().push(StateChanged{RunState::Training, 19});
    QTRY_COMPARE(page().plan().slices, 48);
    QVERIFY2(std::fabs(page().deviceMemory().predicted() - 4.5) < 1e-6, "the dashed line");
    QVERIFY(std::fabs(page().throughput().predicted() - 131072 / 60.0) < 1e-6);
    QVERIFY(page().verdict().cell(VerdictPanel::DevicePeak, 0) != before);
    QCOMPARE(page().verdict().cell(VerdictPanel::SecondsPerStep, 0), QString("60.0"));
    QVERIFY(page().log().text().contains("Out of device memory: 6.4 GiB wanted, 5 GiB there"));
    QTRY_COMPARE(page().header().stepLabel().text(), QString("Step 19 of 916"));
    QCOMPARE(page().loss().plot().markText(19), QString("new plan"));
    // What was measured under the old plan says nothing about the new one.
    QCOMPARE(page().verdict().verdict(), QString("Not measured yet"));
    events().push(exampleStep(20));
    QTRY_COMPARE(page().verdict().verdict(), QString("Compute-bound"));
}

void DashboardTest::pauseAndResume() {
    open();
    replayExample(events(), 3);
    QTRY_VERIFY(page().header().button().isEnabled());
    QCOMPARE(page().header().button().text(), QString("Pause"));
    auto& button = const_cast<QToolButton&>(page().header().button());
    button.setFocus();
    QTest::keyClick(&button, Qt::Key_Space);
    QVERIFY(m_service->record->got(Command::PauseNow));
    QCOMPARE(button.text(), QString("Pausing…"));
    QVERIFY(!button.isEnabled());
    // The state itself comes from the worker alone.
    QCOMPARE(page().header().pill().look().text, QString("Training"));
    events().push(StateChanged{RunState::Pausing, 3});
    QTRY_COMPARE(page().header().pill().look().text, QString("Pausing…"));
    QVERIFY(!button.isEnabled());
    events().push(StateChanged{RunState::Paused, 3});
    QTRY_COMPARE(button.text(), QString("Resume"));
    QVERIFY(button.isEnabled());
    QCOMPARE(page().header().pill().look().text, QString("Paused"));
    QVERIFY2(m_window->focusWidget() == &button, "Space now resumes");
    QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier);
    QVERIFY(m_service->record->got(Command::Resume));
    events().push(StateChanged{RunState::Training, 3});
    QTRY_COMPARE(button.text(), QString("Pause"));
}

void DashboardTest::stopAsksAndKeepsTheSession() {
    open();
    replayExample(events(), 3);
    QTRY_VERIFY(page().header().button().isEnabled());
    m_window->controller().stopAndFinish();
    QVERIFY(m_service->record->got(Command::Stop));
    QVERIFY(!page().header().button().isEnabled());
    events().push(StateChanged{RunState::Paused, 4});
    m_service->record->finished = true;
    events().push(LogLine{LogLine::Level::Info, "The session has ended"});
    QTRY_COMPARE(page().header().button().text(), QString("Resume"));
    // The old session is over: resuming opens the folder anew.
    const auto old = m_service->record;
    m_window->controller().resume();
    QTRY_VERIFY(old->destroyed);
    QTRY_COMPARE(m_service->resumed, std::filesystem::path("/runs/Logbooks 1.1B"));
    QCOMPARE(page().loss().plot().series().size(), size_t(3));  // what was seen of the run stays
    QCOMPARE(page().samples().count(), 4);
}

void DashboardTest::floodDoesNotBlock() {
    open();
    events().push(examplePlan());
    events().push(StateChanged{RunState::Training, 0});
    std::atomic<bool> stop = false;
    EventQueue& queue = events();
    std::thread worker([&queue, &stop] {
        // Ends by itself one day, so that a window that never catches up fails and does not hang.
        for (int64_t step = 1; !stop && step < 300'000; ++step) {
            for (int slice = 0; slice < 24; ++slice)
                queue.push(SliceActivity{slice, SliceState::Computing, Sweep::Forward, step, 1, 16});
            queue.push(exampleStep(step));
            if (step % 64 == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    // No clock decides: however slow the machine is, the loop must turn between two batches, and a batch be bounded.
    QTimer turn;
    int batches = 0, batchesInARow = 0, mostInARow = 0, stepsInBatch = 0, mostSteps = 0;
    connect(&m_window->controller().bridge(), &EventBridge::stepDone, &turn, [&] { ++stepsInBatch; });
    connect(&m_window->controller().bridge(), &EventBridge::drained, &turn, [&] {
        ++batches;
        mostInARow = std::max(mostInARow, ++batchesInARow);
        mostSteps = std::max(mostSteps, std::exchange(stepsInBatch, 0));
    });
    connect(&turn, &QTimer::timeout, &turn, [&] { batchesInARow = 0; });
    turn.start(0);
    QElapsedTimer whole;
    whole.start();
    const int64_t plotBefore = page().loss().plot().repaints(), laneBefore = page().lane().repaints();
    const auto plotRepaints = [&] { return page().loss().plot().repaints() - plotBefore; };
    const auto laneRepaints = [&] { return page().lane().repaints() - laneBefore; };
    const bool drawn =
        QTest::qWaitFor([&] { return batches >= 5 && plotRepaints() >= 3 && laneRepaints() >= 2; }, 60'000);
    stop = true;
    worker.join();
    QVERIFY2(drawn, qPrintable(QString("%1 batches, %2 repaints of the plot, %3 of the lane")
                                   .arg(batches)
                                   .arg(plotRepaints())
                                   .arg(laneRepaints())));
    QVERIFY2(mostInARow <= 2, qPrintable(QString("%1 batches without a turn of the event loop").arg(mostInARow)));
    QVERIFY2(mostSteps <= 4096, qPrintable(QString("%1 steps in one batch").arg(mostSteps)));
    // Never more often than 30 and 10 times a second, with room for timers that come a little early.
    QVERIFY2(plotRepaints() <= 2 + 34 * whole.elapsed() / 1000,
             qPrintable(QString("%1 in %2 ms").arg(plotRepaints()).arg(whole.elapsed())));
    QVERIFY2(laneRepaints() <= 2 + 12 * whole.elapsed() / 1000,
             qPrintable(QString("%1 in %2 ms").arg(laneRepaints()).arg(whole.elapsed())));
}

void DashboardTest::hiddenPlotsDoNotRepaint() {
    open();
    replayExample(events(), 5);
    QTRY_COMPARE(page().lastStep().step, int64_t(5));
    m_window->showPage(PageId::Runs);
    QTest::qWait(60);
    const int64_t before = page().loss().plot().repaints();
    for (int64_t step = 6; step < 30; ++step) {
        events().push(exampleStep(step));
        QTest::qWait(5);
    }
    QCOMPARE(page().loss().plot().repaints(), before);
    m_window->showPage(PageId::Dashboard);
    QTRY_VERIFY(page().loss().plot().repaints() > before);
}

void DashboardTest::failureShowsANotice() {
    open();
    replayExample(events(), 5);
    events().push(
        Failed{{ErrorCode::NoSpace, "there is too little space", "/runs", "7.2 GiB are left", "Free some space"}, 4});
    events().push(StateChanged{RunState::NeedsAttention, 4});
    m_service->record->finished = true;
    events().push(LogLine{LogLine::Level::Info, "The session has ended"});
    QTRY_VERIFY(page().notice().isVisible());
    const QString text = page().notice().text();
    QVERIFY2(text.contains("There is too little space.") && text.contains("7.2 GiB are left") &&
                 text.contains("step 4 is committed") && text.contains("Free some space."),
             qPrintable(text));
    QCOMPARE(page().header().pill().look().text, QString("Needs attention"));
    page().notice().findChild<QPushButton*>()->click();
    QTRY_COMPARE(m_service->resumed, std::filesystem::path("/runs/Logbooks 1.1B"));
    QTRY_VERIFY(!page().notice().isVisible());
}

void DashboardTest::refusalShowsANotice() {
    m_service->refuse = true;
    m_window->controller().start({}, {});
    QTRY_VERIFY(page().notice().isVisible());
    QVERIFY(page().notice().text().contains("This device is not available."));
}

void DashboardTest::runInUseKeepsItsStep() {
    emit m_window->runs().resumeRequested(exampleRuns()[2]);
    QTRY_VERIFY(m_service->session);
    events().push(StateChanged{RunState::Preparing, 0});
    events().push(Failed{
        {ErrorCode::Busy, "This run is in use", "/runs", "another window works in this folder", "Close it there"}, 0});
    events().push(StateChanged{RunState::NeedsAttention, 0});
    QTRY_VERIFY(page().notice().isVisible());
    QVERIFY2(page().notice().text().contains("Nothing was changed."), qPrintable(page().notice().text()));
    QCOMPARE(page().header().stepLabel().text(), QString("Step 14,400 of 20,000"));
}

void DashboardTest::hugeHistory() {
    open();
    events().push(examplePlan());
    QTRY_COMPARE(page().plan().slices, 24);
    LossPlot& plot = page().loss().plot();
    StepDone step = exampleStep(1);
    for (int64_t i = 1; i <= 1'000'000; ++i) {
        step.step = i;
        step.loss = i == 500'000 ? 9.0 : 2.0 + double(i % 13) * 0.01;
        plot.series().add(step);
    }
    plot.drawNow();
    plot.replot(QCustomPlot::rpImmediateRefresh);
    // What is drawn is bounded by the width of the plot: that keeps it fast, on any machine.
    QVERIFY(plot.graph(0)->dataCount() < 5 * plot.width());
    bool foundLow = false;
    const QCPRange range = plot.graph(0)->getValueRange(foundLow);
    QCOMPARE(range.upper, 9.0);
}

void DashboardTest::zoomStopsFollowing() {
    open();
    replayExample(events(), 100);
    QTRY_COMPARE(page().lastStep().step, int64_t(100));
    LossPlot& plot = page().loss().plot();
    QTest::qWait(60);
    QVERIFY(plot.following());
    const double end = plot.xAxis->range().upper;
    plot.setFocus();
    QTest::keyClick(&plot, Qt::Key_Plus);
    QVERIFY(!plot.following());
    QVERIFY(plot.xAxis->range().size() < end);
    const QCPRange zoomed = plot.xAxis->range();
    events().push(exampleStep(101));
    QTest::qWait(80);
    QCOMPARE(plot.xAxis->range().upper, zoomed.upper);
    QTest::keyClick(m_window.get(), Qt::Key_F);
    QTRY_VERIFY(plot.following() && plot.xAxis->range().lower == 0);
    StepDone broken = exampleStep(102);
    broken.loss = std::numeric_limits<double>::quiet_NaN();
    events().push(broken);
    QTRY_COMPARE(plot.series().brokenSteps().size(), size_t(1));
    plot.drawNow();
    plot.setLogarithmic(Qt::Vertical, true);
    plot.setLogarithmic(Qt::Horizontal, true);
    plot.drawNow();
    QVERIFY(plot.xAxis->range().lower > 0);
}

void DashboardTest::closingNeverBlocks() {
    open();
    replayExample(events(), 3);
    const auto record = m_service->record;
    record->mayEnd.acquire();
    m_window->controller().close();  // the session cannot end yet: waiting for it would never return
    QVERIFY(m_window->controller().closing());
    QVERIFY(!record->destroyed);
    record->mayEnd.release();
    QTRY_VERIFY(!m_window->controller().closing());
    QVERIFY(record->destroyed);
    QVERIFY(record->destroyedOn != std::this_thread::get_id());
}

void DashboardTest::windowWaitsForTheSession() {
    open();
    replayExample(events(), 3);
    QTRY_COMPARE(page().lastStep().step, int64_t(3));
    const auto record = m_service->record;
    record->mayEnd.acquire();
    m_window->close();
    QVERIFY(m_window->isVisible());
    QCOMPARE(page().header().button().text(), QString("Pausing…"));
    record->mayEnd.release();
    QTRY_VERIFY(!m_window->isVisible());
    QVERIFY(record->destroyed);
}

void DashboardTest::runsListActs() {
    m_service->setRuns(exampleRuns());
    m_window->showPage(PageId::Runs);
    RunsPage& runs = m_window->runs();
    QTRY_COMPARE(runs.model().rowCount(), 5);
    QCOMPARE(runs.model().deed(2), RunListModel::Deed::Resume);
    QCOMPARE(runs.model().deed(1), RunListModel::Deed::None);
    QCOMPARE(runs.model().deed(3), RunListModel::Deed::Open);
    QCOMPARE(runs.model().pill(1).text, QString("Needs attention"));
    emit runs.resumeRequested(runs.model().run(2));
    QCOMPARE(m_service->resumed, std::filesystem::path("/runs/Kitchen 125M"));
    QVERIFY(page().loss().plot().series().size() > 10);  // the sparkline's points, until better ones come
    events().push(StateChanged{RunState::Training, 14401});
    QTRY_COMPARE(runs.model().pill(2).text, QString("Training"));
    QCOMPARE(runs.model().deed(2), RunListModel::Deed::Pause);
    std::vector<RunInfo> many(500, exampleRuns()[2]);
    for (size_t i = 0; i < many.size(); ++i)
        many[i].folder += std::to_string(i);
    m_service->setRuns(std::move(many));
    m_window->showPage(PageId::Runs);
    QTRY_COMPARE(runs.model().rowCount(), 500);
}

void DashboardTest::finishedRunIsOnlyLookedAt() {
    const std::vector<RunInfo> listed = exampleRuns();
    m_service->setRuns(listed);
    emit m_window->runs().openRequested(listed[3]);
    QTRY_COMPARE(page().header().pill().look().text, QString("Finished"));
    QVERIFY(m_service->resumed.empty());
    QVERIFY(!page().header().button().isEnabled());
    emit m_window->runs().openRequested(listed[2]);
    QTRY_COMPARE(page().header().button().text(), QString("Resume"));
    const_cast<QToolButton&>(page().header().button()).click();
    QTRY_COMPARE(m_service->resumed, std::filesystem::path("/runs/Kitchen 125M"));
}

QTEST_MAIN(DashboardTest)
#include "dashboard_test.moc"
