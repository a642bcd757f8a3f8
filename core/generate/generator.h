// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/caching_pool.h"
#include "generate/token_sampler.h"
#include "nn/unit_tensors.h"
#include "plan/program/slicing.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace gsst {

/// Where a Generator gets weights from: all in memory, or read slice by slice.
class SliceSource {
public:
    virtual ~SliceSource() = default;
    /// Element space of the slice in compute precision; stays valid until the next load(). A slice is a unit or a part
    /// of one, always the same parts.
    virtual Result<const void*> load(const SliceRange& slice) = 0;
};

struct GenerationOptions {
    int64_t tokens = 200;
    SamplingOptions sampling;
    uint64_t seed = 1;
    int64_t endToken = -1;  ///< ends the text; -1 = none
};

/// Continues token sequences with a key/value cache. Needs one slice of weights at a time: a unit, or one canonical
/// vocabulary chunk of the embedding or the head (in their order, each once a token; a tied table once more at the
/// end). The cache and all temporaries come from the pool. One thread.
class Generator {
public:
    /// References must outlive the generator.
    Generator(const TensorTable& table, const TrainSpec& training, SliceSource& source, CachingPool& pool);
    ~Generator();

    /// Draws up to options.tokens tokens after `prompt` (the last `context` tokens of it; at least one). `onToken` gets
    /// each, the end token excepted, and stops the text by returning false. The same prompt, options and weights give
    /// the same tokens. Number of tokens drawn. Cancelled when `stop` is requested.
    Result<int64_t> generate(std::span<const int64_t> prompt, const GenerationOptions& options,
                             const std::function<bool(int64_t token)>& onToken, std::stop_token stop);

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
