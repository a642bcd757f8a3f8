// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/generator.h"

#include "base/philox.h"
#include "nn/attention_unit.h"
#include "nn/embedding_unit.h"
#include "nn/linear.h"
#include "nn/mlp_unit.h"
#include "train/torch_guard.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gsst {

namespace {

constexpr uint64_t kSamplingStream = 0x67656e6572617465;  // "generate": apart from the streams of training

}  // namespace

struct Generator::Cache {
    std::optional<Rotary> rotary;
    std::vector<KeyValueCache> layers;  ///< made when first used
};

Generator::Generator(const TensorTable& table, Precision precision, UnitSource& source, CpuPool& pool)
    : m_table(table), m_precision(precision), m_source(source), m_pool(pool), m_cache(std::make_unique<Cache>()) {
    if (table.model().family == Family::Llama)
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
            return Error{ErrorCode::Cancelled, "writing the text was stopped", "", "you asked for it", ""};
        GSST_ASSIGN(const std::vector<float> logits, next(pending));
        const int64_t token = sampleToken(logits, options.sampling, uniformAt(options.seed, kSamplingStream, uint64_t(drawn)));
        if (token == options.endToken || (onToken && !onToken(token)))
            return drawn + 1;
        pending.assign(1, token);
    }
    return options.tokens;
}

Result<std::vector<float>> Generator::next(std::span<const int64_t> tokens) {
    const int64_t vocabulary = m_table.model().vocabulary, context = m_table.model().context;
    const bool known = std::all_of(tokens.begin(), tokens.end(), [vocabulary](int64_t t) { return t >= 0 && t < vocabulary; });
    if (tokens.empty() || !known)
        return Error{ErrorCode::InvalidInput, "the text cannot be continued", "prompt",
                     tokens.empty() ? "it has no token" : "it has a token that the model does not know",
                     tokens.empty() ? "give a prompt of at least one character" : "use the tokenizer that the run was trained with"};
    m_history.insert(m_history.end(), tokens.begin(), tokens.end());
    const auto historySize = int64_t(m_history.size());
    if (historySize > 2 * context)
        m_history.erase(m_history.begin(), m_history.end() - context);

    int64_t fed = int64_t(tokens.size());
    if (m_position > 0 && (fed > 1 || m_position + fed > context)) {
        // Several tokens after others, or a full context: begin again with what still fits, leaving room for as much again.
        fed = m_position + fed <= context ? m_position + fed : std::max<int64_t>(1, context / 2);
        m_position = 0;
    }
    fed = std::min({fed, context, int64_t(m_history.size())});
    return run(std::span(m_history).last(size_t(fed)));
}

Result<std::vector<float>> Generator::run(std::span<const int64_t> tokens) {
    return guardedTorch(m_pool, "writing text", [&]() -> Result<std::vector<float>> {
        const ModelSpec& model = m_table.model();
        const at::ScalarType type = scalarTypeOf(m_precision);
        const auto count = int64_t(tokens.size());
        const auto unitOf = [&](int unit, const void* elements) { return UnitWeights(m_table, unit, elements, type); };
        m_cache->layers.resize(size_t(model.layers));

        const at::Tensor x = at::empty({1, count, model.width}, type);
        for (int unit = 0; unit < m_table.headUnit(); ++unit) {
            GSST_ASSIGN(const void* const elements, m_source.load(unit));
            const UnitWeights weights = unitOf(unit, elements);
            const UnitInfo& info = m_table.units()[size_t(unit)];
            if (info.kind == UnitKind::Embedding) {
                EmbeddingUnit(weights).forward(tokens, x, m_position);
            } else if (info.kind == UnitKind::Attention) {
                KeyValueCache& cache = m_cache->layers[size_t(info.layer)];
                if (!cache.keys.defined()) {
                    cache.keys = at::empty({1, model.context, model.kvHeads, model.headSize()}, type);
                    cache.values = at::empty_like(cache.keys);
                }
                AttentionUnit(model, weights, m_cache->rotary ? &*m_cache->rotary : nullptr).append(x, m_position, cache);
            } else {
                MlpUnit(model, weights).forward(x, x);
            }
        }

        GSST_ASSIGN(const void* const headElements, m_source.load(m_table.headUnit()));
        UnitWeights weights = unitOf(m_table.headUnit(), headElements);
        const Norm norm(model, weights);
        const at::Tensor last = x[0].narrow(0, count - 1, 1);
        const at::Tensor normed = at::empty_like(last);
        norm.apply(last, norm.statistics(last), normed);
        at::Tensor table = weights[TensorRole::HeadWeight];
        if (model.tiedHead) {
            GSST_ASSIGN(const void* const embedding, m_source.load(0));
            table = unitOf(0, embedding)[TensorRole::TokenEmbedding];
        }
        const at::Tensor logits = linear(normed, table, {}).to(at::kFloat);
        m_position += count;
        const float* values = logits.const_data_ptr<float>();
        return std::vector<float>(values, values + model.vocabulary);
    });
}

}  // namespace gsst
