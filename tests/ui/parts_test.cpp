// SPDX-License-Identifier: GPL-3.0-or-later
// Parts without windows: decimation, loss series, lane model, draft, command line, background job, event bridge.
#include "tests/ui/fake_service.h"
#include "ui/dashboard/decimation.h"
#include "ui/dashboard/loss_series.h"
#include "ui/dashboard/slice_lane_model.h"
#include "ui/draft/run_draft.h"
#include "ui/session/background_job.h"
#include "ui/session/event_bridge.h"
#include "ui/text/format.h"
#include "ui/theme/theme_tokens.h"

#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <limits>
#include <thread>

using namespace gsst;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double luminance(const QColor& color) {
    const auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(double(color.redF())) + 0.7152 * linear(double(color.greenF())) +
           0.0722 * linear(double(color.blueF()));
}

double contrast(const QColor& a, const QColor& b) {
    const double one = luminance(a), two = luminance(b);
    return (std::max(one, two) + 0.05) / (std::min(one, two) + 0.05);
}

SliceActivity activity(int slice, SliceState state, int microBatch = 0) {
    return {slice, state, Sweep::Forward, 1, microBatch, 4};
}

SliceActivity computing(int slice, Sweep sweep, int64_t pass) {
    return {slice, SliceState::Computing, sweep, pass, 0, 4};
}

RunDraft draftWithText(uint64_t bytes) {
    RunDraft draft;
    draft.presets = *FakeService().presets();
    draft.preset = 1;
    draft.text = {"/texts/a file.txt"};
    TextSummary summary;
    summary.usableBytes = bytes;
    summary.suggestedVocabulary = 4000;
    draft.summary = summary;
    draft.recommended = draft.spec = adaptedToText(draft.presets[1], draft);
    draft.runsFolder = "/runs";
    draft.runFolder = "/runs/mine";
    return draft;
}

}  // namespace

class PartsTest : public QObject {
    Q_OBJECT
private slots:
    void decimationKeepsSpikes();
    void decimationOfAMillionIsFast();
    void decimationLeavesGaps();
    void decimationInLogarithm();
    void smoothingIsBiasCorrected();
    void seriesReplacesRepeatedSteps();
    void laneFollowsASweep();
    void laneTurnsBackward();
    void laneBeginsAnewWithEveryPass();
    void laneTellsReadingAheadFromBeingDone();
    void laneGroupsAboveForty();
    void railsHaveGaps();
    void draftAdaptsToText();
    void suggestionSuitsTheText();
    void commandLineIsShort();
    void commandLineHasTheChoices();
    void commandLineCarriesTheRecipe();
    void figuresReadWell();
    void latestJobWins();
    void destroyedJobDeliversNothing();
    void bridgeDrainsOncePerWake();
    void textKeepsItsContrast();
};

void PartsTest::decimationKeepsSpikes() {
    std::vector<double> x, y;
    for (int i = 0; i < 100000; ++i) {
        x.push_back(i);
        y.push_back(i == 54321 ? 100 : std::sin(i * 0.001));
    }
    const auto points = decimated(x, y, {0, 100000, 500});
    QVERIFY(points.size() <= 4 * 502);
    QVERIFY(points.size() >= 500);
    QVERIFY(std::any_of(points.begin(), points.end(),
                        [](const PlotPoint& each) { return each.x == 54321 && each.y == 100; }));
    QVERIFY(
        std::is_sorted(points.begin(), points.end(), [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; }));
    const auto part = decimated(x, y, {100, 110, 500});
    QCOMPARE(part.size(), size_t(13));  // 11 inside, one beyond each edge
}

void PartsTest::decimationOfAMillionIsFast() {
    std::vector<double> x(1'000'000), y(1'000'000);
    for (size_t i = 0; i < x.size(); ++i) {
        x[i] = double(i);
        y[i] = double(i % 97);
    }
    QElapsedTimer timer;
    timer.start();
    size_t count = 0;
    for (int i = 0; i < 10; ++i)
        count += decimated(x, y, {0, 1e6, 900}).size();
    QVERIFY(count > 0);
    // 30 pictures a second leave 33 ms; a loaded machine gets room.
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
}

void PartsTest::decimationLeavesGaps() {
    const std::vector<double> x{1, 2, 3, 4, 5}, y{1, kNaN, kNaN, 4, 5};
    const auto points = decimated(x, y, {0, 6, 2});
    QCOMPARE(std::count_if(points.begin(), points.end(), [](const PlotPoint& each) { return std::isnan(each.y); }), 1);
    QCOMPARE(points.front().y, 1.0);
    QCOMPARE(points.back().y, 5.0);
}

void PartsTest::decimationInLogarithm() {
    std::vector<double> x, y;
    for (int i = 1; i <= 10000; ++i) {
        x.push_back(i);
        y.push_back(i);
    }
    const auto points = decimated(x, y, {1, 10000, 100, true});
    const auto early = std::count_if(points.begin(), points.end(), [](const PlotPoint& each) { return each.x <= 100; });
    QVERIFY2(early > 40, "half of a logarithmic axis belongs to the first hundredth");
}

void PartsTest::smoothingIsBiasCorrected() {
    LossSeries series;
    StepDone step;
    for (double loss : {4.0, 2.0, kNaN, 2.0}) {
        ++step.step;
        step.loss = loss;
        series.add(step);
    }
    const auto& smooth = series.smoothedLoss();
    QCOMPARE(smooth[0], 4.0);
    // (0.93 * 0.07 * 4 + 0.07 * 2) / (1 - 0.93^2)
    QVERIFY(std::fabs(smooth[1] - (0.93 * 0.07 * 4 + 0.07 * 2) / (1 - 0.93 * 0.93)) < 1e-12);
    QVERIFY(std::isnan(smooth[2]));
    QVERIFY(smooth[3] < smooth[1]);
    QCOMPARE(series.brokenSteps().size(), size_t(1));
    series.setSmoothing(0);
    QCOMPARE(series.smoothedLoss()[3], 2.0);
}

void PartsTest::seriesReplacesRepeatedSteps() {
    LossSeries series;
    series.setTokensPerStep(10);
    for (int64_t step = 1; step <= 5; ++step)
        series.add(exampleStep(step));
    StepDone again = exampleStep(4);
    again.loss = 7;
    series.add(again);
    QCOMPARE(series.size(), size_t(4));
    QCOMPARE(series.raw().back(), 7.0);
    QCOMPARE(series.x(LossSeries::X::Tokens).back(), 40.0);
    QCOMPARE(series.smoothedLoss().size(), size_t(4));
}

void PartsTest::laneFollowsASweep() {
    SliceLaneModel lane;
    lane.reset(4);
    lane.add(activity(0, SliceState::Reading), 1);
    QCOMPARE(lane.state(0), SliceState::Reading);
    lane.add(activity(0, SliceState::Ready), 2);
    QCOMPARE(lane.state(0), SliceState::Ready);
    lane.add(activity(0, SliceState::Computing, 1), 3);
    QCOMPARE(lane.computing(), 0);
    QCOMPARE(lane.cells()[0].done, 0.5);
    lane.add(activity(0, SliceState::Ready, 3), 4);
    QCOMPARE(lane.state(0), SliceState::Written);
    QCOMPARE(lane.computing(), -1);
    QCOMPARE(lane.state(3), SliceState::Waiting);
    lane.add(activity(9, SliceState::Computing), 5);  // a slice that does not exist is ignored
    QCOMPARE(lane.computing(), -1);
}

void PartsTest::laneTurnsBackward() {
    SliceLaneModel lane;
    lane.reset(3);
    for (int slice = 0; slice < 3; ++slice)
        lane.add(activity(slice, SliceState::Computing), slice);
    lane.add(computing(2, Sweep::Backward, 1), 3);
    QCOMPARE(lane.sweep(), Sweep::Backward);
    QCOMPARE(lane.state(2), SliceState::Computing);
    QCOMPARE(lane.state(0), SliceState::Waiting);
    lane.idle(4);
    QCOMPARE(lane.computing(), -1);
    QCOMPARE(lane.state(2), SliceState::Waiting);
}

/// An evaluation goes up the slices again and again, and a step may be computed twice: only the event can tell.
void PartsTest::laneBeginsAnewWithEveryPass() {
    SliceLaneModel lane;
    lane.reset(3);
    for (int slice = 0; slice < 3; ++slice)
        lane.add(computing(slice, Sweep::Forward, 1), slice);
    lane.add(computing(1, Sweep::Forward, 2), 3);  // its first event was dropped under load
    QCOMPARE(lane.state(0), SliceState::Waiting);
    QCOMPARE(lane.state(1), SliceState::Computing);
    QCOMPARE(lane.state(2), SliceState::Waiting);
}

/// What is read ahead for the next pass is no end of this one.
void PartsTest::laneTellsReadingAheadFromBeingDone() {
    SliceLaneModel lane;
    lane.reset(2);
    lane.add(computing(0, Sweep::Forward, 1), 0);
    lane.add(computing(1, Sweep::Forward, 1), 1);
    SliceActivity ahead = activity(0, SliceState::Ready);
    ahead.pass = 2;
    lane.add(ahead, 2);
    QCOMPARE(lane.state(0), SliceState::Ready);
    lane.add(computing(1, Sweep::Forward, 2), 3);
    QCOMPARE(lane.state(0), SliceState::Ready);  // still there, and still to be computed
}

void PartsTest::laneGroupsAboveForty() {
    for (int slices : {1, 24, 40, 41, 80, 997}) {
        SliceLaneModel lane;
        lane.reset(slices);
        lane.add(activity(slices - 1, SliceState::Reading), 0);
        lane.add(activity(slices / 2, SliceState::Computing), 0);
        const auto cells = lane.cells();
        QCOMPARE(int(cells.size()), std::min(slices, SliceLaneModel::kMostCells));
        QCOMPARE(cells.front().first, 0);
        QCOMPARE(cells.back().last, slices - 1);
        for (size_t i = 1; i < cells.size(); ++i)
            QCOMPARE(cells[i].first, cells[i - 1].last + 1);
        QCOMPARE(std::count_if(cells.begin(), cells.end(),
                               [](const auto& each) { return each.state == SliceState::Computing; }),
                 1);
    }
}

void PartsTest::railsHaveGaps() {
    SliceLaneModel lane;
    lane.reset(2);
    lane.add(activity(0, SliceState::Computing), 1);
    lane.add(activity(0, SliceState::Ready), 2);
    lane.add(activity(1, SliceState::Reading), 2);
    lane.add(activity(1, SliceState::Ready), 3.5);
    lane.add(activity(1, SliceState::Computing), 3.5);
    const auto& compute = lane.rail(SliceLaneModel::Compute);
    QCOMPARE(compute.size(), size_t(2));
    QCOMPARE(compute[0].to, 2.0);
    QCOMPARE(compute[1].from, 3.5);
    QVERIFY(compute[1].to < 0);
    QCOMPARE(lane.rail(SliceLaneModel::Read)[0].to, 3.5);
    lane.add(activity(0, SliceState::Reading), 60);
    QCOMPARE(lane.rail(SliceLaneModel::Compute).size(), size_t(1));  // what left the window is forgotten
}

void PartsTest::draftAdaptsToText() {
    const RunDraft draft = draftWithText(3'600'000);
    QCOMPARE(draft.spec.model.vocabulary, int64_t(4000));
    QVERIFY(draft.spec.training.steps < draft.presets[1].training.steps);
    QVERIFY(draft.passes(draft.spec) < 10.1);
    QVERIFY(draft.spec.training.warmupSteps <= draft.spec.training.steps);
    RunDraft sample = draft;
    sample.sampleText = true;
    QVERIFY(adaptedToText(sample.presets[1], sample) == sample.presets[1]);
    QVERIFY(requestOf(sample).text.empty());
}

void PartsTest::suggestionSuitsTheText() {
    FakeService service;
    RunDraft draft = draftWithText(1'000'000);
    const auto planAll = [&] {
        draft.presetPlans.clear();
        for (const RunSpec& preset : draft.presets) {
            draft.presetPlans.push_back(*service.previewPlan({adaptedToText(preset, draft)}));
            draft.presetPlans.back()->totalSeconds = 60;
        }
    };
    planAll();
    QCOMPARE(suggestedPreset(draft), 0);  // a million bytes teach a hundred million parameters nothing
    draft.summary->usableBytes = 100'000'000'000;
    planAll();
    QCOMPARE(suggestedPreset(draft), int(draft.presets.size()) - 1);
    draft.presetPlans.back()->fits = false;
    QCOMPARE(suggestedPreset(draft), int(draft.presets.size()) - 2);
    draft.sampleText = true;
    QCOMPARE(suggestedPreset(draft), 0);
}

void PartsTest::commandLineIsShort() {
    RunDraft draft = draftWithText(360'000'000'000);
    draft.spec.budget.deviceBytes = 4096;
    QCOMPARE(
        commandLineOf(draft),
        QString(
            "gsst train --preset gpt2-124m --vocabulary 4000 --vram 4096 --text '/texts/a file.txt' --run /runs/mine"));
}

void PartsTest::commandLineHasTheChoices() {
    RunDraft draft = draftWithText(360'000'000'000);
    draft.spec.training.state = StatePreset::Mixed;
    draft.spec.training.precision = Precision::Fp16;
    draft.spec.training.clip = ClipKind::PreviousNorm;
    draft.spec.budget.residency = ResidencyChoice::Disk;
    draft.spec.budget.update = UpdateChoice::Deferred;
    draft.spec.budget.gradients = GradientChoice::Disk;
    draft.spec.budget.activations = ActivationChoice::Recompute;
    const QString command = commandLineOf(draft);
    QVERIFY2(command.contains("--precision fp16 --state mixed --clip previous --residency disk --update deferred "
                              "--gradients disk --activations recompute"),
             qPrintable(command));
    draft.spec.training.clipNorm = 0;
    draft.spec.training.clip = ClipKind::Global;
    QVERIFY(commandLineOf(draft).contains("--clip none"));
}

void PartsTest::commandLineCarriesTheRecipe() {
    RunDraft draft = draftWithText(360'000'000'000);
    draft.sampleText = true;
    draft.spec.training.learningRate = 0.5;
    const QString command = commandLineOf(draft);
    QVERIFY(command.endsWith("\ngsst train --spec mine.json --sample-text --run /runs/mine"));
    const qsizetype begin = command.indexOf('{'), end = command.indexOf("\nRECIPE\n");
    const auto spec = parseRunSpec(toUtf8(command.mid(begin, end - begin)), "command");
    QVERIFY2(spec.ok(), spec.ok() ? "" : spec.error().text().c_str());
    QCOMPARE(spec->training.learningRate, 0.5);
}

void PartsTest::figuresReadWell() {
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    QCOMPARE(durationText(26700), QString("7 h 25 min"));
    QCOMPARE(durationText(59.6 * 60), QString("1 h"));
    QCOMPARE(durationText(kNaN), QString("–"));
    QCOMPARE(bytesText(6.2 * kGiB), QString("6.2 GiB"));
    QCOMPARE(bytesText(500 * kMiB), QString("500 MiB"));
    QCOMPARE(countText(120e6), QString("120 M"));
    QCOMPARE(countText(1.1e9), QString("1.1 B"));
    QCOMPARE(changeText(-0.031), QString("−3 %"));
    QCOMPARE(changeText(0.001), QString("0 %"));
    QCOMPARE(fromPath(toPath("Übung/файл")), QString("Übung/файл"));
}

void PartsTest::latestJobWins() {
    BackgroundJob job;
    std::vector<int> results;
    std::atomic<int> ran = 0;
    for (int i = 0; i < 50; ++i)
        job.start(
            [i, &ran](std::stop_token) {
                ++ran;
                QThread::msleep(5);
                return i;
            },
            [&results](int value) { results.push_back(value); });
    QVERIFY(job.busy());
    QTRY_VERIFY(!results.empty());
    QTest::qWait(50);
    QCOMPARE(results, std::vector<int>{49});
    QVERIFY2(ran <= 2, "what was overtaken before it began never runs");
    QVERIFY(!job.busy());
    job.start([](std::stop_token) { return 1; }, [&results](int value) { results.push_back(value); });
    job.cancel();
    QTest::qWait(50);
    QCOMPARE(results.size(), size_t(1));
}

void PartsTest::destroyedJobDeliversNothing() {
    std::atomic<bool> stopped = false;
    bool delivered = false;
    {
        BackgroundJob job;
        job.start(
            [&stopped](std::stop_token stop) {
                while (!stop.stop_requested())
                    QThread::msleep(1);
                stopped = true;
                return 1;
            },
            [&delivered](int) { delivered = true; });
        QTest::qWait(20);
    }
    QTRY_VERIFY(stopped);
    QThreadPool::globalInstance()->waitForDone();
    QTest::qWait(20);
    QVERIFY(!delivered);
}

void PartsTest::bridgeDrainsOncePerWake() {
    EventQueue queue;
    auto bridge = std::make_unique<EventBridge>();
    queue.setWake(bridge->wake());
    bridge->attach(&queue);
    QSignalSpy drains(bridge.get(), &EventBridge::drained);
    std::vector<int64_t> steps;
    connect(bridge.get(), &EventBridge::stepDone, this, [&steps](const StepDone& step) { steps.push_back(step.step); });
    std::thread worker([&queue] {
        for (int64_t i = 1; i <= 1000; ++i)
            queue.push(exampleStep(i));
    });
    worker.join();
    QTRY_COMPARE(steps.size(), size_t(1000));
    QVERIFY(std::is_sorted(steps.begin(), steps.end()));
    QCOMPARE(drains.count(), 1);
    const auto late = bridge->wake();
    bridge.reset();
    late();  // the worker may wake a bridge that is gone
    QTest::qWait(10);
}

void PartsTest::textKeepsItsContrast() {
    for (const ThemeTokens* tokens : {&lightTokens(), &darkTokens()}) {
        for (const QColor& ground : {tokens->window, tokens->card, tokens->side, tokens->inset, tokens->accentTint})
            for (const QColor& text : {tokens->text, tokens->text2})
                QVERIFY2(contrast(text, ground) >= 4.5, qPrintable(text.name() + " on " + ground.name()));
        QVERIFY(contrast(tokens->onAccent, tokens->accent) >= 4.5);
        const std::pair<QColor, QColor> pills[] = {{tokens->ok, tokens->okTint},
                                                   {tokens->warning, tokens->warningTint},
                                                   {tokens->error, tokens->errorTint},
                                                   {tokens->info, tokens->infoTint},
                                                   {tokens->text2, tokens->neutralTint}};
        for (const auto& [text, ground] : pills)
            QVERIFY2(contrast(text, ground) >= 4.5, qPrintable(text.name() + " on " + ground.name()));
        QVERIFY(contrast(tokens->edge, tokens->card) >= 3);
    }
}

QTEST_GUILESS_MAIN(PartsTest)
#include "parts_test.moc"
