// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/host_pool.h"
#include "device/torch_pool.h"

#include <c10/core/CPUAllocator.h>
#include <torch/torch.h>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace gsst {
namespace {

constexpr int64_t kMiB = 1 << 20;

torch::Tensor mebibytes(int64_t count) {
    return torch::empty({count * kMiB / 4});
}

TEST(TorchPool, CountsInsideTheScopeOnly) {
    HostPool pool(0);
    const torch::Tensor before = mebibytes(1);
    EXPECT_EQ(pool.usage().inUse, 0);
    {
        const TorchPoolScope scope(pool);
        const torch::Tensor inside = mebibytes(2);
        EXPECT_EQ(pool.usage().inUse, 2 * kMiB);
        EXPECT_TRUE(pool.owns(static_cast<const std::byte*>(inside.data_ptr())));
    }
    EXPECT_EQ(pool.usage().inUse, 0);
    EXPECT_EQ(pool.usage().held, 2 * kMiB) << "kept for the next tensor";
    const torch::Tensor after = mebibytes(2);
    EXPECT_EQ(pool.usage().inUse, 0);
}

TEST(TorchPool, ReusesMemory) {
    HostPool pool(0);
    const TorchPoolScope scope(pool);
    const void* first = mebibytes(3).data_ptr();
    EXPECT_EQ(mebibytes(3).data_ptr(), first);
}

TEST(TorchPool, FreesAfterTheScopeAndOnOtherThreads) {
    HostPool pool(0);
    torch::Tensor kept, sent;
    {
        const TorchPoolScope scope(pool);
        kept = torch::ones({kMiB / 4});
        sent = torch::ones({kMiB / 4});
    }
    EXPECT_EQ(pool.usage().inUse, 2 * kMiB);
    std::thread([tensor = std::move(sent)]() mutable { tensor.reset(); }).join();
    EXPECT_EQ(pool.usage().inUse, kMiB);
    EXPECT_EQ(kept.sum().item<float>(), float(kMiB / 4));
    kept.reset();
    EXPECT_EQ(pool.usage().inUse, 0);
}

TEST(TorchPool, OutOfMemoryIsATorchException) {
    HostPool pool(4 * kMiB);
    const TorchPoolScope scope(pool);
    const torch::Tensor most = mebibytes(3);
    try {
        mebibytes(2);
        FAIL() << "the limit was not kept";
    } catch (const c10::OutOfMemoryError& error) {
        EXPECT_NE(std::string(error.what()).find("4 MiB"), std::string::npos) << error.what();
    }
    EXPECT_THROW(torch::matmul(torch::ones({8, 8}), torch::ones({8, 1 << 20})), c10::OutOfMemoryError);
    EXPECT_EQ(pool.usage().inUse, 3 * kMiB);
    EXPECT_NO_THROW(mebibytes(1));
}

TEST(TorchPool, ScopesNest) {
    HostPool outer(0), inner(0);
    const TorchPoolScope first(outer);
    torch::Tensor a, b, c;
    a = mebibytes(1);
    {
        const TorchPoolScope second(inner);
        b = mebibytes(2);
    }
    c = mebibytes(4);
    EXPECT_EQ(outer.usage().inUse, 5 * kMiB);
    EXPECT_EQ(inner.usage().inUse, 2 * kMiB);
    b.reset();
    EXPECT_EQ(inner.usage().inUse, 0);
}

TEST(TorchPool, OtherThreadsHaveTheirOwnScope) {
    HostPool pool(0);
    const TorchPoolScope scope(pool);
    std::thread([] { mebibytes(1); }).join();
    EXPECT_EQ(pool.usage().peak, 0);
}

TEST(TorchPool, ResizingOutsideAndInside) {
    HostPool pool(0);
    torch::Tensor outside = torch::ones({kMiB / 4}), inside;
    {
        const TorchPoolScope scope(pool);
        inside = torch::ones({kMiB / 4});
        outside.resize_({2 * kMiB / 4});
        EXPECT_EQ(pool.usage().inUse, 3 * kMiB) << "the new memory counts, whoever made the tensor";
    }
    inside.resize_({4 * kMiB / 4});
    EXPECT_EQ(pool.usage().inUse, 2 * kMiB);
    EXPECT_EQ(inside[0].item<float>(), 1.0f);
    EXPECT_EQ(outside[kMiB / 4 - 1].item<float>(), 1.0f);
    outside.reset();
    EXPECT_EQ(pool.usage().inUse, 0);
}

TEST(TorchPool, RawInterfaceFreesBothKinds) {
    HostPool pool(0);
    c10::Allocator* allocator = nullptr;
    void* inside = nullptr;
    {
        const TorchPoolScope scope(pool);
        allocator = c10::GetCPUAllocator();
        inside = allocator->raw_allocate(kMiB);
        EXPECT_EQ(allocator->raw_allocate(0), nullptr);
        EXPECT_EQ(pool.usage().inUse, kMiB);
    }
    void* outside = allocator->raw_allocate(kMiB);
    EXPECT_EQ(pool.usage().inUse, kMiB);
    {
        const TorchPoolScope scope(pool);
        allocator->raw_deallocate(outside);
    }
    allocator->raw_deallocate(inside);
    allocator->raw_deallocate(nullptr);
    EXPECT_EQ(pool.usage().inUse, 0);
}

TEST(TorchPool, CloneCopiesInThePool) {
    HostPool pool(0);
    const TorchPoolScope scope(pool);
    c10::Allocator* allocator = c10::GetCPUAllocator();
    const c10::DataPtr original = allocator->allocate(4);
    *static_cast<int*>(original.get()) = 42;
    const c10::DataPtr copy = allocator->clone(original.get(), 4);
    EXPECT_NE(copy.get(), original.get());
    EXPECT_EQ(*static_cast<int*>(copy.get()), 42);
    EXPECT_TRUE(allocator->is_simple_data_ptr(copy));
    EXPECT_EQ(pool.usage().inUse, 128);
}

/// Notes the thread that the backward of an identity ran on.
struct Witness : torch::autograd::Function<Witness> {
    static inline std::thread::id thread;
    static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& x) { return x * 1; }
    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::tensor_list gradients) {
        thread = std::this_thread::get_id();
        return gradients;
    }
};

TEST(TorchPool, BackwardRunsOnTheCallingThreadAndCounts) {
    HostPool pool(0);
    const TorchPoolScope scope(pool);
    {
        const torch::Tensor x = torch::ones({256, 1024}, torch::requires_grad());
        const torch::Tensor loss = (Witness::apply(x).sin() * 2).sum();
        const int64_t before = pool.usage().inUse;
        loss.backward();
        EXPECT_EQ(Witness::thread, std::this_thread::get_id());
        EXPECT_GT(pool.usage().peak, before);
        EXPECT_TRUE(pool.owns(static_cast<const std::byte*>(x.grad().data_ptr())));
    }
    EXPECT_EQ(pool.usage().inUse, 0);
}

/// All of a transformer's memory shows up: with a limit just below the peak of the same work, it is refused.
TEST(TorchPool, AttentionAndMlpAreCounted) {
    const auto work = [](HostPool& pool) {
        const TorchPoolScope scope(pool);
        const torch::Tensor x = torch::ones({2, 4, 128, 32}, torch::requires_grad());
        const torch::Tensor weights = torch::ones({32, 256}, torch::requires_grad());
        const torch::Tensor attended = at::scaled_dot_product_attention(x, x, x, {}, 0.0, true);
        torch::gelu(torch::matmul(attended, weights), "tanh").sum().backward();
    };
    HostPool free(0);
    work(free);
    EXPECT_EQ(free.usage().inUse, 0);
    const int64_t peak = free.usage().peak;
    EXPECT_GT(peak, 2 * 2 * 4 * 128 * 256 * 4);
    HostPool enough(peak), tooSmall(peak - 64);
    EXPECT_NO_THROW(work(enough));
    EXPECT_THROW(work(tooSmall), c10::OutOfMemoryError);
    EXPECT_EQ(tooSmall.usage().inUse, 0);
}

/// Other threads have no scope: what they allocate is torch's, and whoever frees it finds the right owner.
TEST(TorchPool, WorkersOfTorchMayAllocateAndFree) {
    HostPool pool(0);
    std::vector<torch::Tensor> made(8);
    {
        const TorchPoolScope scope(pool);
        std::vector<torch::Tensor> mine;
        for (size_t i = 0; i < made.size(); ++i)
            mine.push_back(mebibytes(1));
        std::vector<std::thread> workers;
        for (size_t i = 0; i < made.size(); ++i)
            workers.emplace_back([&, i] {
                mine[i].reset();
                made[i] = mebibytes(1);
            });
        for (std::thread& worker : workers)
            worker.join();
        EXPECT_EQ(pool.usage().inUse, 0);
        made.clear();
    }
    EXPECT_EQ(pool.usage().peak, 8 * kMiB);
}

}  // namespace
}  // namespace gsst
