// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/caching_pool.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kMiB = 1 << 20;

/// Memory that nobody may look into, as that of a card: addresses only.
class FakeMemory {
public:
    explicit FakeMemory(int64_t bytes) : m_left(bytes) {}

    MemorySource source() {
        return {[this](int64_t bytes) { return take(bytes); },
                [this](std::byte* data, int64_t bytes) { giveBack(data, bytes); }};
    }
    size_t blocks() const { return m_blocks.size(); }
    int refusals = 0;
    int mistakes = 0;

private:
    std::byte* take(int64_t bytes) {
        if (bytes > m_left) {
            ++refusals;
            return nullptr;
        }
        m_left -= bytes;
        m_next += uintptr_t{1} << 32;
        auto* data = reinterpret_cast<std::byte*>(m_next);
        m_blocks[data] = bytes;
        return data;
    }
    void giveBack(std::byte* data, int64_t bytes) {
        const auto found = m_blocks.find(data);
        if (found == m_blocks.end() || found->second != bytes) {
            ++mistakes;
            return;
        }
        m_left += bytes;
        m_blocks.erase(found);
    }

    int64_t m_left;
    uintptr_t m_next = 0;
    std::map<std::byte*, int64_t> m_blocks;
};

TEST(CachingPool, GivesTheCacheBackBeforeItGivesUp) {
    FakeMemory memory(10 * kMiB);
    CachingPool pool(0, memory.source());
    auto small = pool.allocate(3 * kMiB), large = pool.allocate(6 * kMiB);
    ASSERT_TRUE(small.ok() && large.ok());
    pool.free(*small);
    pool.free(*large);
    EXPECT_EQ(memory.blocks(), 2u);
    auto most = pool.allocate(9 * kMiB);
    ASSERT_TRUE(most.ok()) << "the source has room once it gets the cached blocks back";
    EXPECT_EQ(memory.refusals, 1);
    EXPECT_EQ(pool.usage().held, 9 * kMiB);
    const auto more = pool.allocate(2 * kMiB);
    ASSERT_FALSE(more.ok());
    EXPECT_EQ(more.error().code, ErrorCode::OutOfMemory);
    EXPECT_NE(more.error().text().find("no more memory"), std::string::npos) << more.error().text();
    EXPECT_EQ(pool.usage().inUse, 9 * kMiB);
    EXPECT_EQ(memory.mistakes, 0);
}

TEST(CachingPool, NeverAsksTheSourceForMoreThanTheLimit) {
    FakeMemory memory(100 * kMiB);
    CachingPool pool(8 * kMiB, memory.source());
    for (int64_t size = 1; size <= 8; ++size) {
        auto data = pool.allocate(size * kMiB);
        ASSERT_TRUE(data.ok()) << size;
        pool.free(*data);
        EXPECT_LE(pool.usage().held, 8 * kMiB);
    }
    EXPECT_FALSE(pool.allocate(8 * kMiB + 1).ok());
    EXPECT_EQ(memory.refusals, 0);
    EXPECT_EQ(memory.mistakes, 0);
}

TEST(CachingPool, TellsWhatARefusalWantedAndWhatWasThere) {
    FakeMemory memory(10 * kMiB);
    {
        CachingPool pool(8 * kMiB, memory.source());
        std::vector<PoolRefusal> refusals;
        pool.onRefusal([&](const PoolRefusal& refusal) {
            refusals.push_back(refusal);
            EXPECT_EQ(pool.usage().inUse, 5 * kMiB) << "the pool may be asked";
        });
        auto first = pool.allocate(5 * kMiB);
        ASSERT_TRUE(first.ok());
        EXPECT_FALSE(pool.allocate(4 * kMiB).ok());
        ASSERT_EQ(refusals.size(), 1u);
        EXPECT_EQ(refusals[0].wanted, 9 * kMiB);
        EXPECT_EQ(refusals[0].there, 8 * kMiB) << "its own limit";
        EXPECT_FALSE(pool.allocate(-1).ok());
        EXPECT_FALSE(pool.allocate(std::numeric_limits<int64_t>::max()).ok());
        EXPECT_GT(refusals.back().wanted, refusals[0].wanted);
    }
    CachingPool pool(0, memory.source());
    PoolRefusal refusal;
    pool.onRefusal([&](const PoolRefusal& heard) { refusal = heard; });
    auto first = pool.allocate(4 * kMiB), second = pool.allocate(kMiB);
    ASSERT_TRUE(first.ok() && second.ok());
    pool.free(*second);
    EXPECT_FALSE(pool.allocate(20 * kMiB).ok());
    EXPECT_EQ(refusal.wanted, 24 * kMiB);
    EXPECT_LE(refusal.there, 10 * kMiB) << "what the source has";
    EXPECT_GE(refusal.there, 10 * kMiB - 20 * kMiB / 1000 - 4096) << "found by halving";
    EXPECT_EQ(pool.usage().held, 4 * kMiB) << "what was tried went back";
    pool.free(*first);
    EXPECT_EQ(memory.mistakes, 0);
}

TEST(CachingPool, EverythingGoesBackToTheSource) {
    FakeMemory memory(100 * kMiB);
    {
        CachingPool pool(0, memory.source());
        auto kept = pool.allocate(kMiB), freed = pool.allocate(5 * kMiB), tiny = pool.allocate(0);
        ASSERT_TRUE(kept.ok() && freed.ok() && tiny.ok());
        pool.free(*freed);
        EXPECT_EQ(memory.blocks(), 3u);
        pool.trim();
        EXPECT_EQ(memory.blocks(), 2u) << "only what is cached";
    }
    EXPECT_EQ(memory.blocks(), 0u);
    EXPECT_EQ(memory.mistakes, 0);
}

}  // namespace
}  // namespace gsst
