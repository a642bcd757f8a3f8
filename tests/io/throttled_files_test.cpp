// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/throttled_files.h"

#include "file_helpers.h"
#include "io_engines.h"

#include "io/twins/memory_files.h"
#include "tests/support/manual_clock.h"

#include <barrier>
#include <thread>

namespace gsst {
namespace {

using namespace gsst::testing;

constexpr size_t kPiece = 64 << 10;
constexpr double kCatchUp = 0.002;

struct ThrottledFilesTest : ::testing::Test {
    std::unique_ptr<FileSystem> memory = makeMemoryFiles();
    test::ManualClock clock;
    AlignedBuffer data = noise(kPiece, 1), into = zeros(kPiece);

    template <typename Action>
    double secondsOf(Action action) {
        const double before = clock.seconds();
        action();
        return clock.seconds() - before;
    }
};

TEST_F(ThrottledFilesTest, SeveralThreadsAndFilesShareTheBandwidth) {
    ThrottledFiles files(*memory, {.readBytesPerSecond = 20e6, .writeBytesPerSecond = 10e6}, clock);
    const auto a = opened(files, "a"), b = opened(files, "b");
    const auto eachOn = [&](auto action) {
        return secondsOf([&] {
            std::vector<std::thread> threads;
            for (int i = 0; i < 4; ++i)
                threads.emplace_back([&, i] { action(i % 2 == 0 ? *a : *b); });
            for (std::thread& thread : threads)
                thread.join();
        });
    };
    const double written = eachOn([&](File& file) {
        for (int i = 0; i < 16; ++i)
            GSST_EXPECT_OK(file.write(0, data.span()));
    });
    EXPECT_NEAR(written, 64 * kPiece / 10e6 - kCatchUp, 1e-6);
    const double read = eachOn([&](File& file) {
        const auto own = zeros(kPiece);
        for (int i = 0; i < 16; ++i)
            GSST_EXPECT_OK(file.read(0, own.span()));
        EXPECT_TRUE(same(own.span(), data.span()));
    });
    EXPECT_NEAR(read, 64 * kPiece / 20e6, 1e-6) << "nothing was saved up: the drive had just written";
}

TEST_F(ThrottledFilesTest, TheTimeDependsOnTheBytesNotOnTheNumberOfRequests) {
    ThrottledFiles files(*memory, {.writeBytesPerSecond = 1e6}, clock);
    const auto file = opened(files, "a");
    const double whole = secondsOf([&] { GSST_EXPECT_OK(file->write(0, data.span())); });
    clock.advance(std::chrono::seconds(1));
    const double parts = secondsOf([&] {
        for (size_t at = 0; at < kPiece; at += kPiece / 16)
            GSST_EXPECT_OK(file->write(at, data.span().subspan(at, kPiece / 16)));
    });
    EXPECT_NEAR(whole, parts, 1e-6);
}

TEST_F(ThrottledFilesTest, APauseIsNotSavedUp) {
    ThrottledFiles files(*memory, {.writeBytesPerSecond = 1e6}, clock);
    const auto file = opened(files, "a");
    clock.advance(std::chrono::seconds(100));
    EXPECT_NEAR(secondsOf([&] { GSST_EXPECT_OK(file->write(0, data.span())); }), kPiece / 1e6 - kCatchUp, 1e-6);
}

TEST_F(ThrottledFilesTest, ReadsAndWritesShareTheTimeOfTheDrive) {
    ThrottledFiles files(*memory, {.readBytesPerSecond = 1e6, .writeBytesPerSecond = 4e6}, clock);
    const auto file = opened(files, "a"), other = opened(files, "b");
    GSST_EXPECT_OK(file->write(0, data.span()));
    const double seconds = secondsOf([&] {
        std::thread writer([&] {
            for (int i = 0; i < 16; ++i)
                GSST_EXPECT_OK(other->write(0, data.span()));
        });
        for (int i = 0; i < 16; ++i)
            GSST_EXPECT_OK(file->read(0, into.span()));
        writer.join();
    });
    EXPECT_NEAR(seconds, 16 * kPiece / 1e6 + 16 * kPiece / 4e6, 1e-6);
}

TEST_F(ThrottledFilesTest, OneDirectionAloneMayBeSlow) {
    ThrottledFiles files(*memory, {.writeBytesPerSecond = 1e6}, clock);
    const auto file = opened(files, "a");
    GSST_EXPECT_OK(file->write(0, data.span()));
    EXPECT_EQ(secondsOf([&] { GSST_EXPECT_OK(file->read(0, into.span())); }), 0.0);
}

TEST_F(ThrottledFilesTest, LatencyCountsPerCall) {
    ThrottledFiles files(*memory, {.latencySeconds = 0.25}, clock);
    const auto file = opened(files, "a");
    EXPECT_NEAR(secondsOf([&] {
                    GSST_EXPECT_OK(file->write(0, data.span()));
                    GSST_EXPECT_OK(file->read(0, into.span()));
                    GSST_EXPECT_OK(file->sync());
                }),
                0.75, 1e-6);
}

TEST_F(ThrottledFilesTest, JitterIsAFunctionOfTheSeedAndTheCall) {
    const auto times = [&](uint64_t seed) {
        ThrottledFiles files(*memory, {.latencySeconds = 0.5, .jitter = 0.9, .seed = seed}, clock);
        const auto file = opened(files, "a");
        std::vector<double> seconds;
        for (int i = 0; i < 6; ++i)
            seconds.push_back(secondsOf([&] { GSST_EXPECT_OK(file->sync()); }));
        return seconds;
    };
    const auto first = times(1), again = times(1), other = times(2);
    for (size_t i = 0; i < first.size(); ++i) {
        EXPECT_NEAR(first[i], 0.5 * (1 + 0.9 * (2 * uniformAt(1, 0, i) - 1)), 1e-6);
        EXPECT_NEAR(first[i], again[i], 1e-6);
        EXPECT_GT(std::abs(first[i] - other[i]), 1e-4);
    }
}

TEST_F(ThrottledFilesTest, JitterVariesTheBandwidthAsWell) {
    ThrottledFiles files(*memory, {.writeBytesPerSecond = 1e6, .jitter = 0.5, .seed = 4}, clock);
    const auto file = opened(files, "a");
    double expected = -kCatchUp;
    const double seconds = secondsOf([&] {
        for (uint64_t i = 0; i < 8; ++i) {
            GSST_EXPECT_OK(file->write(0, data.span()));
            expected += kPiece / 1e6 * (1 + 0.5 * (2 * uniformAt(4, 0, i) - 1));
        }
    });
    EXPECT_NEAR(seconds, expected, 1e-6);
}

TEST_F(ThrottledFilesTest, ARateOfNextToNothingDoesNotOverflow) {
    ThrottledFiles files(*memory, {.writeBytesPerSecond = 1e-300}, clock);
    const double seconds = secondsOf([&] { GSST_EXPECT_OK(opened(files, "a")->write(0, data.span())); });
    EXPECT_GT(seconds, 3600);
}

TEST_F(ThrottledFilesTest, NoEngineGetsPastIt) {
    const TemporaryFolder folder{std::filesystem::current_path()};
    for (const IoEngine engine : kIoEngines) {
        ThrottledFiles files(osFileSystem(), {.writeBytesPerSecond = 1e6}, clock);
        const auto file = opened(files, folder.path / nameOf(engine), OpenMode::Create, Caching::Direct);
        const auto io = makeEngine(engine, {.pieceBytes = kPiece / 4});
        if (!io)
            continue;
        Waiter written;
        const double seconds = secondsOf([&] {
            io->write(*file, 0, data.span(), written.done());
            GSST_EXPECT_OK(written.wait());
        });
        EXPECT_NEAR(seconds, kPiece / 1e6 - kCatchUp, 1e-6) << nameOf(engine);
    }
}

TEST_F(ThrottledFilesTest, LatenciesOfSeveralThreadsPassSideBySide) {
    /// Lets nobody wake before all are asleep.
    class Dormitory final : public Clock {
    public:
        explicit Dormitory(Clock& clock, int sleepers) : m_clock(clock), m_all(sleepers) {}
        Duration now() const override { return m_clock.now(); }
        void sleepUntil(Duration time) override {
            m_all.arrive_and_wait();
            m_clock.sleepUntil(time);
        }
        bool waitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Duration duration,
                     const std::function<bool()>& ready) override {
            return m_clock.waitFor(changed, lock, duration, ready);
        }

    private:
        Clock& m_clock;
        std::barrier<> m_all;
    };
    constexpr int kThreads = 8;
    Dormitory dormitory(clock, kThreads);
    ThrottledFiles files(*memory, {.latencySeconds = 0.3}, dormitory);
    const auto file = opened(files, "a");
    const double seconds = secondsOf([&] {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i)
            threads.emplace_back([&] { GSST_EXPECT_OK(file->write(0, data.span())); });
    });
    EXPECT_NEAR(seconds, 0.3, 1e-6);
}

// Against the computer's clock only what holds on any machine, however busy.
TEST(ThrottledFilesSystemClock, IsAtLeastAsSlowAsTheDrive) {
    const auto memory = makeMemoryFiles();
    ThrottledFiles files(*memory, {.writeBytesPerSecond = 4e6, .latencySeconds = 0.005});
    const auto file = opened(files, "a");
    const auto data = noise(kPiece, 1);
    const Stopwatch watch;
    for (int i = 0; i < 4; ++i)
        GSST_EXPECT_OK(file->write(0, data.span()));
    EXPECT_GT(watch.seconds(), 4 * kPiece / 4e6 - kCatchUp);
}

}  // namespace
}  // namespace gsst
