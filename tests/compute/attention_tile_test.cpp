// SPDX-License-Identifier: GPL-3.0-or-later
// What LibTorch's attention takes as scratch, against the tile that the cost formulas take it for.
#include "spec/attention_tile.h"

#include "device/host_pool.h"
#include "device/torch_pool.h"

#include <ATen/ATen.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/Parallel.h>

#include <gtest/gtest.h>

#include <initializer_list>
#include <tuple>

namespace gsst {
namespace {

constexpr int kThreads = 2;
constexpr int64_t kHeads = 2, kHeadSize = 16;
constexpr double kRounding = 3 * 4096;  // of the pool, for a handful of tensors

int64_t bytesOf(std::initializer_list<at::Tensor> tensors) {
    int64_t bytes = 0;
    for (const at::Tensor& tensor : tensors)
        bytes += int64_t(tensor.nbytes());
    return bytes;
}

class AttentionTileOf : public testing::TestWithParam<int64_t> {
protected:
    void SetUp() override { at::set_num_threads(kThreads); }

    /// What `attention` takes from the pool at its peak, beyond its results.
    template <typename Attention>
    int64_t scratchOf(const Attention& attention) {
        const TorchPoolScope scope(m_pool);
        m_pool.resetPeak();
        const int64_t before = m_pool.usage().inUse;
        const int64_t results = attention();
        return m_pool.usage().peak - before - results;
    }
    /// Heads as our units lay them out: a token after another. LibTorch copies what is laid out otherwise.
    static at::Tensor random() { return at::randn({1, GetParam(), kHeads, kHeadSize}).transpose(1, 2); }

private:
    HostPool m_pool{0};
};
// At the edges of every size of tile, and between them.
INSTANTIATE_TEST_SUITE_P(Lengths, AttentionTileOf, testing::Values(16, 33, 191, 192, 500, 600, 767, 768, 1100));

TEST_P(AttentionTileOf, IsThatOfLibTorch) {
    const AttentionTile tile = attentionTile(GetParam());
    const at::Tensor query = random(), key = random(), value = random(), gradient = random();
    at::Tensor values, logSumExp;
    const int64_t forward = scratchOf([&] {
        std::tie(values, logSumExp) =
            at::_scaled_dot_product_flash_attention_for_cpu(query, key, value, 0.0, /*is_causal=*/true);
        return bytesOf({values, logSumExp});
    });
    const int64_t perQuery = kHeadSize + 2;  // its sum of values, the maximum and the sum of its weights
    EXPECT_NEAR(double(forward), double(kThreads * 4 * (tile.elements() + tile.queries * perQuery)), kRounding);
    const int64_t backward = scratchOf([&] {
        const auto [dQuery, dKey, dValue] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
            gradient, query, key, value, values, logSumExp, 0.0, /*is_causal=*/true);
        return bytesOf({dQuery, dKey, dValue});
    });
    EXPECT_NEAR(double(backward), double(kThreads * 4 * 2 * tile.elements()), kRounding);
}

}  // namespace
}  // namespace gsst
