// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/throttled_files.h"

#include "base/clock.h"
#include "file_helpers.h"

#include "io/memory_files.h"

#include <thread>

namespace gsst {
namespace {

using namespace gsst::testing;

constexpr size_t kPiece = 64 << 10;

// Lower bounds hold on any machine; upper bounds are wide, because others use the processor too.
void expectAbout(double seconds, double expected) {
    EXPECT_GT(seconds, expected * 0.95);
    EXPECT_LT(seconds, expected * 2 + 0.2);
}

TEST(ThrottledFiles, HoldsTheBandwidthOverAllFilesAndThreads) {
    const auto memory = makeMemoryFiles();
    ThrottledFiles files(*memory, {.readBytesPerSecond = 20e6, .writeBytesPerSecond = 10e6});
    const auto a = opened(files, "a"), b = opened(files, "b");
    const auto data = noise(kPiece, 1);
    const auto eachOn = [&](auto action) {
        const Stopwatch watch;
        std::thread other([&] { action(*b); });
        action(*a);
        other.join();
        return watch.seconds();
    };
    expectAbout(eachOn([&](File& file) {
                    for (int i = 0; i < 16; ++i)
                        GSST_EXPECT_OK(file.write(0, data.span()));
                }),
                32 * kPiece / 10e6);
    expectAbout(eachOn([&](File& file) {
                    const auto into = zeros(kPiece);
                    for (int i = 0; i < 16; ++i)
                        GSST_EXPECT_OK(file.read(0, into.span()));
                    EXPECT_TRUE(same(into.span(), data.span()));
                }),
                32 * kPiece / 20e6);
}

TEST(ThrottledFiles, ReadsAndWritesDoNotShare) {
    const auto memory = makeMemoryFiles();
    ThrottledFiles files(*memory, {.readBytesPerSecond = 5e6, .writeBytesPerSecond = 5e6});
    const auto file = opened(files, "a");
    const auto data = noise(1 << 20, 1), into = zeros(1 << 20);
    GSST_EXPECT_OK(memory->open("a", OpenMode::ReadWrite, Caching::Buffered).value()->write(0, data.span()));
    const Stopwatch watch;
    std::thread writer([&] { GSST_EXPECT_OK(file->write(2 << 20, data.span())); });
    GSST_EXPECT_OK(file->read(0, into.span()));
    writer.join();
    expectAbout(watch.seconds(), (1 << 20) / 5e6);
}

TEST(ThrottledFiles, LatencyCountsPerCallAndSideBySide) {
    const auto memory = makeMemoryFiles();
    ThrottledFiles files(*memory, {.latencySeconds = 0.02});
    const auto file = opened(files, "a");
    const auto data = noise(kPiece, 1);
    Stopwatch watch;
    GSST_EXPECT_OK(file->write(0, data.span()));
    GSST_EXPECT_OK(file->sync());
    expectAbout(watch.restart(), 0.04);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] { GSST_EXPECT_OK(file->write(0, data.span())); });
    for (auto& thread : threads)
        thread.join();
    EXPECT_LT(watch.seconds(), 8 * 0.02);
}

TEST(ThrottledFiles, JitterVariesWithTheCallAndRepeatsWithTheSeed) {
    const auto times = [](uint64_t seed) {
        const auto memory = makeMemoryFiles();
        ThrottledFiles files(*memory, {.latencySeconds = 0.02, .jitter = 0.9, .seed = seed});
        const auto file = opened(files, "a");
        std::vector<double> seconds;
        for (int i = 0; i < 6; ++i) {
            const Stopwatch watch;
            GSST_EXPECT_OK(file->sync());
            seconds.push_back(watch.seconds());
        }
        return seconds;
    };
    const auto first = times(1);
    for (size_t i = 0; i < first.size(); ++i)
        EXPECT_GT(first[i], 0.02 * (1 + 0.9 * (2 * uniformAt(1, 0, i) - 1)) * 0.95);
    EXPECT_GT(*std::max_element(first.begin(), first.end()), *std::min_element(first.begin(), first.end()) + 0.008);
}

}  // namespace
}  // namespace gsst
