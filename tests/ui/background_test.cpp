// SPDX-License-Identifier: GPL-3.0-or-later
// How results and events of other threads come to the thread of the window.
#include "tests/ui/fake_service.h"
#include "ui/session/background_job.h"
#include "ui/session/event_bridge.h"

#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>

#include <atomic>
#include <thread>
#include <vector>

using namespace gsst;

namespace {

/// All that pool threads do and post has been done and delivered.
void settle() {
    QThreadPool::globalInstance()->waitForDone();
    QCoreApplication::processEvents();
}

}  // namespace

class BackgroundTest : public QObject {
    Q_OBJECT
private slots:
    void latestJobWins();
    void destroyedJobDeliversNothing();
    void bridgeDrainsOncePerWake();
};

void BackgroundTest::latestJobWins() {
    BackgroundJob job;
    QSemaphore mayEnd;
    std::vector<int> results;
    std::atomic<int> ran = 0;
    for (int i = 0; i < 50; ++i)
        job.start(
            [i, &ran, &mayEnd](std::stop_token) {
                ++ran;
                mayEnd.acquire();
                return i;
            },
            [&results](int value) { results.push_back(value); });
    QVERIFY(job.busy());
    mayEnd.release(50);
    QTRY_VERIFY(!results.empty());
    settle();
    QCOMPARE(results, std::vector<int>{49});
    QVERIFY2(ran == 2, "what was overtaken before it began never runs");
    QVERIFY(!job.busy());
    job.start([](std::stop_token) { return 1; }, [&results](int value) { results.push_back(value); });
    job.cancel();
    settle();
    QCOMPARE(results.size(), size_t(1));
}

void BackgroundTest::destroyedJobDeliversNothing() {
    std::atomic<bool> started = false, stopped = false;
    bool delivered = false;
    {
        BackgroundJob job;
        job.start(
            [&started, &stopped](std::stop_token stop) {
                started = true;
                while (!stop.stop_requested())
                    QThread::msleep(1);
                stopped = true;
                return 1;
            },
            [&delivered](int) { delivered = true; });
        QTRY_VERIFY(started);
    }
    QTRY_VERIFY(stopped);
    settle();
    QVERIFY(!delivered);
}

void BackgroundTest::bridgeDrainsOncePerWake() {
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
    settle();
}

QTEST_GUILESS_MAIN(BackgroundTest)
#include "background_test.moc"
