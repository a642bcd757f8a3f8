// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/staging_ring.h"

#include "base/philox.h"
#include "io/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

namespace gsst {
namespace {

constexpr size_t kPage = kIoAlignment;

std::unique_ptr<StagingRing> makeRing(size_t bytes) {
    auto ring = StagingRing::create(bytes);
    EXPECT_TRUE(ring.ok());
    return std::move(*ring);
}

TEST(StagingRing, TheWholeRingFitsAndNoMore) {
    auto ring = makeRing(10 * kPage - 5);
    EXPECT_EQ(ring->capacity(), 10 * kPage);
    EXPECT_FALSE(ring->allocate(10 * kPage + 1));
    EXPECT_FALSE(ring->allocate(std::numeric_limits<size_t>::max()));
    for (int round = 0; round < 3; ++round) {
        auto small = ring->allocate(3 * kPage);
        ASSERT_TRUE(small);
        EXPECT_FALSE(ring->allocate(8 * kPage));
        ring->release(*small);
        auto all = ring->allocate(10 * kPage);
        ASSERT_TRUE(all) << "an empty ring has room for everything, wherever its head was";
        EXPECT_EQ(ring->usedBytes(), 10 * kPage);
        EXPECT_FALSE(ring->allocate(0));
        ring->release(*all);
        EXPECT_EQ(ring->usedBytes(), 0u);
    }
    EXPECT_EQ(ring->peakBytes(), 10 * kPage);
}

TEST(StagingRing, SpansAreAlignedAndExact) {
    auto ring = makeRing(16 * kPage);
    for (size_t bytes : {size_t{1}, kPage, kPage + 1, size_t{0}}) {
        const auto piece = ring->allocate(bytes);
        ASSERT_TRUE(piece);
        EXPECT_EQ(piece->size(), bytes);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(piece->data()) % kPage, 0u);
    }
    EXPECT_EQ(ring->usedBytes(), 5 * kPage);
}

TEST(StagingRing, RoomComesBackInOrderOfAllocation) {
    auto ring = makeRing(4 * kPage);
    const auto first = ring->allocate(kPage), second = ring->allocate(kPage), third = ring->allocate(2 * kPage);
    ring->release(*second);
    EXPECT_EQ(ring->usedBytes(), 4 * kPage) << "the first is older and still out";
    EXPECT_FALSE(ring->allocate(kPage));
    ring->release(*first);
    EXPECT_EQ(ring->usedBytes(), 2 * kPage);
    const auto wrapped = ring->allocate(2 * kPage);
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(wrapped->data(), first->data());
    ring->release(*third);
    EXPECT_EQ(ring->usedBytes(), 2 * kPage);
}

TEST(StagingRing, APieceNeverStraddlesTheEnd) {
    auto ring = makeRing(5 * kPage);
    const auto first = ring->allocate(2 * kPage), second = ring->allocate(2 * kPage);
    ring->release(*first);
    const auto third = ring->allocate(2 * kPage);  // one page is left at the end
    ASSERT_TRUE(third);
    EXPECT_EQ(third->data(), first->data());
    EXPECT_FALSE(ring->allocate(kPage)) << "the page at the end lies behind the newest piece";
    ring->release(*second);
    EXPECT_TRUE(ring->allocate(3 * kPage));
}

/// Against a plain model: pieces never overlap, hold what was written, and are refused only if there is no room behind
/// the newest.
TEST(StagingRing, RandomOrdersKeepTheRules) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
        constexpr size_t kPages = 24;
        auto ring = makeRing(kPages * kPage);
        struct Out {
            std::span<std::byte> piece;
            std::byte mark{};
        };
        std::vector<Out> out;
        std::byte* base = nullptr;
        size_t wraps = 0, refusals = 0;
        for (uint64_t i = 0; i < 3000; ++i) {
            const uint64_t random = randomBits(seed, 7, i);
            if (random % 2 == 0 && !out.empty()) {
                std::swap(out[random / 2 % std::min<size_t>(out.size(), 3)], out.back());  // mostly the older ones
                const Out& last = out.back();
                ASSERT_TRUE(
                    std::all_of(last.piece.begin(), last.piece.end(), [&](std::byte b) { return b == last.mark; }));
                ring->release(last.piece);
                out.pop_back();
            } else {
                const size_t bytes = 1 + (random >> 8) % (7 * kPage);
                const auto piece = ring->allocate(bytes);
                if (!piece) {
                    ++refusals;
                    ASSERT_FALSE(out.empty()) << "refused although everything is free";
                    continue;
                }
                base = base ? base : piece->data();
                wraps += piece->data() == base;
                ASSERT_GE(piece->data(), base);
                ASSERT_LE(piece->data() + piece->size(), base + ring->capacity());
                for (const Out& other : out)
                    ASSERT_TRUE(piece->data() + piece->size() <= other.piece.data() ||
                                other.piece.data() + other.piece.size() <= piece->data());
                std::fill(piece->begin(), piece->end(), std::byte(i));
                out.push_back({*piece, std::byte(i)});
            }
            ASSERT_LE(ring->usedBytes(), ring->capacity());
        }
        for (const Out& each : out)
            ring->release(each.piece);
        EXPECT_EQ(ring->usedBytes(), 0u);
        EXPECT_GT(wraps, 100u);
        EXPECT_GT(refusals, 10u);
    }
}

TEST(StagingRing, ThreadsMayRelease) {
    auto ring = makeRing(8 * kPage);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread)
        threads.emplace_back([&ring, thread] {
            for (int i = 0; i < 2000; ++i)
                if (const auto piece = ring->allocate(kPage * size_t(1 + i % 3))) {
                    std::fill_n(piece->begin(), 64, std::byte(thread));
                    EXPECT_EQ((*piece)[63], std::byte(thread));
                    ring->release(*piece);
                }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(ring->usedBytes(), 0u);
}

}  // namespace
}  // namespace gsst
