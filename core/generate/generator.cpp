// SPDX-License-Identifier: GPL-3.0-or-later
#include "generate/generator.h"

#include "base/cancelled.h"
#include "base/philox.h"
#include "compute/slice_tensors.h"
#include "compute/torch_guard.h"
#include "nn/attention_unit.h"
#include "nn/embedding_unit.h"
#include "nn/linear.h"
#include "nn/mlp_unit.h"
#include "spec/vocabulary_chunks.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gsst {

namespace {

/// Mostly one token at a time is fed: widening the weights would take longer than the products.
Products productsFor(Precision precision) {
    return precision == Precision::Fp16 ? Products::Upcast : Products::Native;
}

constexpr uint64_t kSamplingStream = 0x67656e6572617465;  // "generate": apart from the streams of training

}  // namespace

struct Generator::Cache {
    std::optional<Rotary> rotary;
    std::vector<KeyValueCache> layers;  ///< made when first used
};

Generator::Generator(const TensorTable& table, const TrainSpec& training, SliceSource& source, CachingPool& pool)
    : m_table(table), m_type(scalarTypeOf(training.precision)), m_products(productsFor(training.precision)),
      m_slices(makeSlicing(table, 1, VocabularyChunks(table.model(), training).rows())), m_source(source), m_pool(pool),
      m_cache(std::make_unique<Cache>()) {
    if (table.model().architecture().positions == Positions::Rotary)
        m_cache->rotary.emplace(table.model());
}

Generator::~Generator() = default;

void Generator::clear() {
    m_history.clear();
    m_position = 0;
}

Result<int64_t> Generator::generate(std::span<const int64_t> prompt, const GenerationOptions& options,
                                    const std::function<bool(int64_t token)>& onToken, std::stop_token stop) {
    clear();
    std::vector<int64_t> pending(prompt.begin(), prompt.end());
    for (int64_t drawn = 0; drawn < options.tokens; ++drawn) {
        if (stop.stop_requested())
            return cancelled("Writing the text");
        GSST_ASSIGN(const std::vector<float> logits, next(pending));
        const int64_t token =
            sampleToken(logits, options.sampling, uniformAt(options.seed, kSamplingStream, uint64_t(drawn)));
        if (token == options.endToken || (onToken && !onToken(token)))
            return drawn + 1;
        pending.assign(1, token);
    }
    return options.tokens;
}

Result<std::vector<float>> Generator::next(std::span<const int64_t> tokens) {
    const int64_t vocabulary = m_table.model().vocabulary, context = m_table.model().context;
    const bool known =
        std::all_of(tokens.begin(), tokens.end(), [vocabulary](int64_t t) { return t >= 0 && t < vocabulary; });
    if (tokens.empty() || !known)
        return Error{ErrorCode::InvalidInput, "the text cannot be continued", "prompt",
                     tokens.empty() ? "it has no token" : "it has a token that the model does not know",
                     tokens.empty() ? "give a prompt of at least one character"
                                    : "use the tokenizer that the run was trained with"};
    m_history.insert(m_history.end(), tokens.begin(), tokens.end());
    const auto historySize = int64_t(m_history.size());
    if (historySize > 2 * context)
        m_history.erase(m_history.begin(), m_history.end() - context);

    int64_t fed = int64_t(tokens.size());
    if (m_position > 0 && (fed > 1 || m_position + fed > context)) {
        // Several tokens after others, or a full context: begin again with what still fits, leaving room for as much
        // again.
        fed = m_position + fed <= context ? m_position + fed : std::max<int64_t>(1, context / 2);
        m_position = 0;
    }
    fed = std::min({fed, context, int64_t(m_history.size())});
    return run(std::span(m_history).last(size_t(fed)));
}

/// One unit, or some rows of the embedding, in place on x [1, tokens, d].
void Generator::passUnit(const UnitWeights& weights, const SliceRange& slice, std::span<const int64_t> tokens,
                         const at::Tensor& x) {
    const ModelSpec& model = m_table.model();
    const UnitInfo& info = m_table.units()[size_t(slice.firstUnit)];
    if (info.kind == UnitKind::Embedding) {
        EmbeddingUnit(weights, rowsOfSlice(m_table, slice).first).forward(tokens, x, m_position);
    } else if (info.kind == UnitKind::Attention) {
        KeyValueCache& cache = m_cache->layers[size_t(info.layer)];
        if (!cache.keys.defined()) {
            cache.keys = at::empty({1, model.context, model.kvHeads, model.headSize()}, m_type);
            cache.values = at::empty_like(cache.keys);
        }
        AttentionUnit(model, weights, m_cache->rotary ? &*m_cache->rotary : nullptr, m_products)
            .append(x, m_position, cache);
    } else {
        MlpUnit(model, weights, m_products).forward(x, x);
    }
}

Result<std::vector<float>> Generator::run(std::span<const int64_t> tokens) {
    return guardedTorch(m_pool, "writing text", [&]() -> Result<std::vector<float>> {
        const ModelSpec& model = m_table.model();
        const auto count = int64_t(tokens.size());
        m_cache->layers.resize(size_t(model.layers));
        const auto load = [&](const SliceRange& slice) -> Result<UnitWeights> {
            GSST_ASSIGN(const void* const elements, m_source.load(slice));
            return sliceTensors(m_table, slice, slice.firstUnit, elements, m_type);
        };
        const at::Tensor x = at::empty({1, count, model.width}, m_type);
        const at::Tensor last = x[0].narrow(0, count - 1, 1);
        const at::Tensor normed = at::empty_like(last);
        std::vector<float> logits;
        const auto addLogits = [&](const at::Tensor& rows) {
            const at::Tensor some = linear(normed, rows, {}, m_products).to(at::kFloat);
            logits.insert(logits.end(), some.const_data_ptr<float>(), some.const_data_ptr<float>() + some.numel());
        };
        for (const SliceRange& slice : m_slices) {
            GSST_ASSIGN(const UnitWeights weights, load(slice));
            if (slice.firstUnit < m_table.headUnit()) {
                passUnit(weights, slice, tokens, x);
                continue;
            }
            if (weights[TensorRole::NormWeight].defined()) {
                const Norm norm(model, weights);
                norm.apply(last, norm.statistics(last), normed);
            }
            if (weights[TensorRole::HeadWeight].defined())
                addLogits(weights[TensorRole::HeadWeight]);
        }
        for (const SliceRange& slice : m_slices) {
            if (!model.tiedHead || slice.firstUnit > 0)
                break;
            GSST_ASSIGN(const UnitWeights weights, load(slice));
            addLogits(weights[TensorRole::TokenEmbedding]);
        }
        m_position += count;
        return logits;
    });
}

}  // namespace gsst
