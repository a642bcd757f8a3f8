// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace gsst {
namespace {

TEST(WorkerPool, EveryItemOnce) {
    for (int threads : {-1, 1, 2, 5}) {
        WorkerPool pool(threads);
        EXPECT_EQ(pool.threads(), std::max(threads, 1));
        for (int64_t count : {0, 1, 2, 3, 100, 0, 1000}) {
            std::vector<int> calls(size_t(count),
                                   0);  // plain: every item has one caller, and forEach returns after all
            pool.forEach(count, [&](int64_t item) { ++calls[size_t(item)]; });
            EXPECT_EQ(std::count(calls.begin(), calls.end(), 1), count);
        }
    }
}

TEST(WorkerPool, ManyShortRounds) {
    WorkerPool pool(3);
    int64_t sum = 0;
    for (int round = 0; round < 5000; ++round) {
        int64_t parts[4] = {};
        pool.forEach(4, [&](int64_t item) { parts[item] = item; });
        sum += parts[0] + parts[1] + parts[2] + parts[3];
    }
    EXPECT_EQ(sum, 5000 * 6);
}

TEST(WorkerPool, UsesItsThreads) {
    WorkerPool pool(2);
    std::atomic<int> inside = 0;
    pool.forEach(2, [&](int64_t) {
        ++inside;
        while (inside < 2)  // ends only if the other thread comes too
            std::this_thread::yield();
    });
    EXPECT_EQ(inside, 2);
}

TEST(WorkerPool, OneThreadIsTheCaller) {
    WorkerPool pool(1);
    std::set<std::thread::id> ids;
    pool.forEach(10, [&](int64_t) { ids.insert(std::this_thread::get_id()); });
    EXPECT_EQ(ids, std::set{std::this_thread::get_id()});
}

}  // namespace
}  // namespace gsst
