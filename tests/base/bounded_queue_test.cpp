// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace gsst {
namespace {

TEST(BoundedQueue, KeepsOrderAndCapacity) {
    BoundedQueue<int> queue(2);
    int third = 3;
    EXPECT_TRUE(queue.push(1));
    EXPECT_TRUE(queue.push(2));
    EXPECT_FALSE(queue.tryPush(third));
    EXPECT_EQ(queue.size(), 2u);
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_TRUE(queue.tryPush(third));
    EXPECT_EQ(queue.tryPop(), 2);
    EXPECT_EQ(queue.pop(), 3);
    EXPECT_EQ(queue.tryPop(), std::nullopt);
}

TEST(BoundedQueue, RefusedItemIsUntouched) {
    BoundedQueue<std::unique_ptr<int>> queue(1);
    auto first = std::make_unique<int>(1), second = std::make_unique<int>(2);
    EXPECT_TRUE(queue.tryPush(first));
    EXPECT_FALSE(queue.tryPush(second));
    ASSERT_TRUE(second);
    EXPECT_FALSE(first);
}

TEST(BoundedQueue, CloseDeliversTheRestThenEnds) {
    BoundedQueue<int> queue(4);
    queue.push(1);
    queue.close();
    EXPECT_TRUE(queue.closed());
    EXPECT_FALSE(queue.push(2));
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesBothSides) {
    BoundedQueue<int> full(1), empty(1);
    full.push(1);
    std::atomic<bool> pushed = true;
    std::thread pusher([&] { pushed = full.push(2); });
    std::thread popper([&] { EXPECT_EQ(empty.pop(), std::nullopt); });
    // So that both wait already, nearly always; what is promised holds either way.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    full.close();
    empty.close();
    pusher.join();
    popper.join();
    EXPECT_FALSE(pushed);
}

TEST(BoundedQueue, ManyThreadsLoseAndDoubleNothing) {
    constexpr int kThreads = 3, kEach = 5000;
    BoundedQueue<int> queue(7);
    std::vector<std::atomic<int>> seen(kThreads * kEach);
    std::vector<std::thread> producers, consumers;
    for (int t = 0; t < kThreads; ++t) {
        producers.emplace_back([&queue, t] {
            for (int i = 0; i < kEach; ++i)
                queue.push(t * kEach + i);
        });
        consumers.emplace_back([&] {
            std::vector<int> last(kThreads, -1);
            while (const auto item = queue.pop()) {
                ++seen[static_cast<size_t>(*item)];
                int& previous = last[static_cast<size_t>(*item / kEach)];
                EXPECT_GT(*item, previous);  // one producer's items stay in order
                previous = *item;
            }
        });
    }
    for (auto& thread : producers)
        thread.join();
    queue.close();
    for (auto& thread : consumers)
        thread.join();
    for (const auto& count : seen)
        EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace gsst
