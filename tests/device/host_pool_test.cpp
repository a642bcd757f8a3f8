// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/host_pool.h"

#include "base/philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kMiB = 1 << 20;

std::byte* take(HostPool& pool, int64_t bytes) {
    auto data = pool.allocate(bytes);
    EXPECT_TRUE(data.ok()) << (data.ok() ? "" : data.error().text());
    return data.ok() ? *data : nullptr;
}

bool refuses(HostPool& pool, int64_t bytes) {
    auto data = pool.allocate(bytes);
    if (data.ok())
        pool.free(*data);
    return !data.ok() && data.error().code == ErrorCode::OutOfMemory;
}

/// Resident memory of this process; 0 where the system does not tell.
int64_t residentBytes() {
    std::ifstream file("/proc/self/statm");
    int64_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * 4096;
}

TEST(HostPool, RoundsSizes) {
    EXPECT_EQ(HostPool::roundedBytes(0), 64);
    EXPECT_EQ(HostPool::roundedBytes(1), 64);
    EXPECT_EQ(HostPool::roundedBytes(65), 128);
    EXPECT_EQ(HostPool::roundedBytes(kMiB - 1), kMiB);
    EXPECT_EQ(HostPool::roundedBytes(kMiB), kMiB);
    EXPECT_EQ(HostPool::roundedBytes(kMiB + 1), kMiB + 4096);
    EXPECT_GT(HostPool::roundedBytes(std::numeric_limits<int64_t>::max()), int64_t{1} << 62);
}

TEST(HostPool, AlignsAndOwns) {
    HostPool pool(0);
    for (int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{100}, int64_t{5000}, kMiB, 3 * kMiB + 1}) {
        std::byte* data = take(pool, bytes);
        ASSERT_NE(data, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % (bytes >= kMiB ? 4096 : 64), 0u) << bytes;
        std::memset(data, 1, size_t(bytes));
        EXPECT_TRUE(pool.owns(data));
        pool.free(data);
        EXPECT_FALSE(pool.owns(data));
    }
    pool.free(nullptr);
}

TEST(HostPool, CapHoldsToTheByte) {
    constexpr int64_t kLimit = 4 * kMiB + 64;
    HostPool pool(kLimit);
    std::byte* big = take(pool, 4 * kMiB);
    EXPECT_TRUE(refuses(pool, 65));
    std::byte* small = take(pool, 64);
    EXPECT_EQ(pool.usage().inUse, kLimit);
    EXPECT_TRUE(refuses(pool, 0));
    pool.free(small);
    pool.free(big);
    EXPECT_TRUE(refuses(pool, kLimit + 1));
    EXPECT_EQ(pool.usage().inUse, 0);
    EXPECT_EQ(pool.usage().peak, kLimit);
}

TEST(HostPool, ALimitBetweenTheGranulesIsNotRoundedUp) {
    HostPool pool(2 * kMiB + 63);
    take(pool, 2 * kMiB);
    EXPECT_TRUE(refuses(pool, 1));
    HostPool small(63);
    EXPECT_TRUE(refuses(small, 1));
}

TEST(HostPool, RefusalLeavesEverythingAsItWas) {
    HostPool pool(10 * kMiB);
    std::byte* kept = take(pool, 4 * kMiB);
    std::byte* cached = take(pool, 3 * kMiB);
    pool.free(cached);
    const PoolUsage before = pool.usage();
    EXPECT_TRUE(refuses(pool, 7 * kMiB));
    EXPECT_TRUE(refuses(pool, -1));
    EXPECT_TRUE(refuses(pool, std::numeric_limits<int64_t>::max()));
    EXPECT_EQ(pool.usage().inUse, before.inUse);
    EXPECT_EQ(pool.usage().held, before.held);
    EXPECT_EQ(pool.usage().peak, before.peak);
    EXPECT_EQ(take(pool, 3 * kMiB), cached) << "the cache was given up for nothing";
    EXPECT_TRUE(pool.owns(kept));
}

TEST(HostPool, ErrorTellsTheFigures) {
    HostPool pool(8 * kMiB);
    take(pool, 5 * kMiB);
    const auto data = pool.allocate(4 * kMiB);
    ASSERT_FALSE(data.ok());
    for (const char* part : {"4 MiB", "5 MiB", "8 MiB"})
        EXPECT_NE(data.error().text().find(part), std::string::npos) << data.error().text();
}

TEST(HostPool, ReusesBySizeAndCounts) {
    HostPool pool(0);
    std::byte* first = take(pool, 2 * kMiB);
    pool.free(first);
    EXPECT_EQ(pool.usage().inUse, 0);
    EXPECT_EQ(pool.usage().held, 2 * kMiB);
    EXPECT_NE(take(pool, kMiB), first);
    EXPECT_EQ(take(pool, 2 * kMiB - 100), first);
    EXPECT_EQ(pool.usage().held, 3 * kMiB);
    EXPECT_EQ(pool.usage().peak, 3 * kMiB);
    pool.free(first);
    pool.resetPeak();
    EXPECT_EQ(pool.usage().peak, kMiB);
}

TEST(HostPool, GivesBackAsLittleOfTheCacheAsWillDo) {
    HostPool pool(12 * kMiB);
    std::vector<std::byte*> blocks;
    for (int64_t size : {1, 2, 3, 6})
        blocks.push_back(take(pool, size * kMiB));
    for (std::byte* block : blocks)
        pool.free(block);
    std::byte* fresh = take(pool, 2 * kMiB + 4096);  // the 3 MiB block makes room, alone
    EXPECT_EQ(pool.usage().held, 11 * kMiB + 4096);
    for (int64_t size : {1, 2, 6})
        take(pool, size * kMiB);
    EXPECT_EQ(pool.usage().held, 11 * kMiB + 4096) << "one of them was not cached any more";
    pool.free(fresh);
}

TEST(HostPool, HeldNeverExceedsTheLimit) {
    constexpr int64_t kLimit = 20 * kMiB;
    HostPool pool(kLimit);
    std::vector<std::pair<std::byte*, int64_t>> blocks;
    int refusals = 0;
    for (uint64_t i = 0; i < 20000; ++i) {
        const uint64_t random = randomBits(1, 0, i);
        if (random % 2 && !blocks.empty()) {
            std::swap(blocks[random / 2 % blocks.size()], blocks.back());
            pool.free(blocks.back().first);
            blocks.pop_back();
        } else {
            const int64_t bytes = int64_t(random >> 8) % (int64_t{1} << (random % 5 + 18));
            auto data = pool.allocate(bytes);
            int64_t inUse = 0;
            for (const auto& block : blocks)
                inUse += block.second;
            const int64_t rounded = HostPool::roundedBytes(bytes);
            ASSERT_EQ(data.ok(), inUse + rounded <= kLimit) << "what fits is given, what does not fit is refused";
            refusals += !data.ok();
            if (data.ok())
                blocks.emplace_back(*data, rounded);
        }
        ASSERT_LE(pool.usage().held, kLimit);
    }
    EXPECT_GT(refusals, 100) << "the test did not reach the limit";
}

TEST(HostPool, TrimLowersResidentMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's own memory hides the figure";
#endif
    constexpr int64_t kBytes = 256 * kMiB;
    if (residentBytes() == 0)
        GTEST_SKIP() << "the system does not tell the resident memory";
    HostPool pool(0);
    const int64_t before = residentBytes();
    std::byte* data = take(pool, kBytes);
    EXPECT_LT(residentBytes() - before, 16 * kMiB) << "fresh memory is not touched";
    std::memset(data, 1, size_t(kBytes));
    EXPECT_GT(residentBytes() - before, kBytes - 16 * kMiB);
    pool.free(data);
    EXPECT_GT(residentBytes() - before, kBytes - 16 * kMiB) << "free caches";
    pool.trim();
    EXPECT_LT(residentBytes() - before, 16 * kMiB);
    EXPECT_EQ(pool.usage().held, 0);
}

TEST(HostPool, ThreadsShareIt) {
    constexpr int64_t kLimit = 8 * kMiB;
    HostPool pool(kLimit);
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            std::vector<std::pair<std::byte*, size_t>> mine;
            const auto dropLast = [&] {
                const auto [data, bytes] = mine.back();
                const auto mark = std::byte(thread + 1);
                EXPECT_TRUE(std::all_of(data, data + bytes, [mark](std::byte value) { return value == mark; }));
                pool.free(data);
                mine.pop_back();
            };
            for (uint64_t i = 0; i < 2000; ++i) {
                const uint64_t random = randomBits(2, thread, i);
                if (random % 3 == 0 && !mine.empty()) {
                    dropLast();
                    continue;
                }
                const int64_t bytes = random % 50 == 1 ? kMiB : int64_t(random % 2000);
                if (auto data = pool.allocate(bytes); data.ok()) {
                    std::memset(*data, int(thread + 1), size_t(bytes));
                    mine.emplace_back(*data, size_t(bytes));
                }
                if (i % 500 == 0)
                    pool.trim();
                EXPECT_LE(pool.usage().held, kLimit);
            }
            while (!mine.empty())
                dropLast();
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(pool.usage().inUse, 0);
}

}  // namespace
}  // namespace gsst
