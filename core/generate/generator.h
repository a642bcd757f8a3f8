// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/caching_pool.h"
#include "nn/unit_tensors.h"
#include "plan/program/slicing.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"
#include "tensors/text_generator.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace gsst {

/// A TextGenerator with a key/value cache. Needs one slice of weights at a time: a unit, or one canonical vocabulary
/// chunk of the embedding or the head (in their order, each once a token; a tied table once more at the end). The cache
/// and all temporaries come from the pool. One thread.
class Generator : public TextGenerator {
public:
    /// References must outlive the generator.
    Generator(const TensorTable& table, const TrainSpec& training, SliceSource& source, CachingPool& pool);
    ~Generator() override;

    Result<int64_t> generate(std::span<const int64_t> prompt, const GenerationOptions& options,
                             const std::function<bool(int64_t token)>& onToken, std::stop_token stop) override;

    /// Logits [vocabulary] of the token that follows `tokens`, which follow what was fed before. When the context is
    /// full, the cache is made anew from the last half of it.
    Result<std::vector<float>> next(std::span<const int64_t> tokens);
    /// Forgets what was fed.
    void clear();

private:
    struct Cache;
    void passUnit(const UnitWeights& weights, const SliceRange& slice, std::span<const int64_t> tokens,
                  const at::Tensor& x);
    Result<std::vector<float>> run(std::span<const int64_t> tokens);

    const TensorTable& m_table;
    at::ScalarType m_type;
    Products m_products;
    std::vector<SliceRange> m_slices;
    SliceSource& m_source;
    CachingPool& m_pool;
    std::unique_ptr<Cache> m_cache;
    std::vector<int64_t> m_history;  ///< at most 2 * context last tokens
    int64_t m_position = 0;          ///< tokens in the cache
};

}  // namespace gsst
