// SPDX-License-Identifier: GPL-3.0-or-later
// What the plots draw: the loss of every step, smoothed, in as few points as the plot is wide.
#include "tests/ui/fake_service.h"
#include "ui/dashboard/decimation.h"
#include "ui/dashboard/loss_series.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace gsst;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

class LossSeriesTest : public QObject {
    Q_OBJECT
private slots:
    void decimationKeepsSpikes();
    void decimationOfAMillionIsBounded();
    void decimationLeavesGaps();
    void decimationInLogarithm();
    void smoothingIsBiasCorrected();
    void seriesReplacesRepeatedSteps();
};

void LossSeriesTest::decimationKeepsSpikes() {
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

void LossSeriesTest::decimationOfAMillionIsBounded() {
    std::vector<double> x(1'000'000), y(1'000'000);
    for (size_t i = 0; i < x.size(); ++i) {
        x[i] = double(i);
        y[i] = double(i % 97);
    }
    size_t points = 0;
    // Told, not judged: 30 pictures a second leave 33 ms, but how long it takes is the machine's affair.
    QBENCHMARK {
        points = decimated(x, y, {0, 1e6, 900}).size();
    }
    QVERIFY(points >= 900);
    QVERIFY(points <= 4 * 902);
}

void LossSeriesTest::decimationLeavesGaps() {
    const std::vector<double> x{1, 2, 3, 4, 5}, y{1, kNaN, kNaN, 4, 5};
    const auto points = decimated(x, y, {0, 6, 2});
    QCOMPARE(std::count_if(points.begin(), points.end(), [](const PlotPoint& each) { return std::isnan(each.y); }), 1);
    QCOMPARE(points.front().y, 1.0);
    QCOMPARE(points.back().y, 5.0);
}

void LossSeriesTest::decimationInLogarithm() {
    std::vector<double> x, y;
    for (int i = 1; i <= 10000; ++i) {
        x.push_back(i);
        y.push_back(i);
    }
    const auto points = decimated(x, y, {1, 10000, 100, true});
    const auto early = std::count_if(points.begin(), points.end(), [](const PlotPoint& each) { return each.x <= 100; });
    QVERIFY2(early > 40, "half of a logarithmic axis belongs to the first hundredth");
}

void LossSeriesTest::smoothingIsBiasCorrected() {
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

void LossSeriesTest::seriesReplacesRepeatedSteps() {
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

QTEST_GUILESS_MAIN(LossSeriesTest)
#include "loss_series_test.moc"
