// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/spec_rules.h"

#include "spec/json_text.h"
#include "spec/recipe_fields.h"
#include "spec/tensor_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <initializer_list>

namespace gsst {

namespace {

constexpr int64_t kMostQueryWidth = 65'536;  // as many as of the residual stream, so that products stay within int64
constexpr double kMostTotalBytes = 1e13;
constexpr double kMostTotalTokens = 1e15;
constexpr double kRunBytesPerParameter =
    28;  // two slots of state and the gradient of preset exact; the others need less
constexpr int64_t kByteVocabulary = 256;
constexpr int64_t kLeastPieces = 300;  // 256 bytes, the special pieces and some characters

std::string shown(int64_t value) {
    return std::to_string(value);
}
std::string shown(double value) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return std::string(digits, end);
}

/// Collects broken rules; one mistake gives one entry.
class Rules {
public:
    template <typename Number>
    void range(const std::string& field, Number value, Number least, Number most) {
        if (!(value >= least && value <= most))  // written so that NaN is out of range
            add({field}, shown(value) + " is not between " + shown(least) + " and " + shown(most));
    }

    /// `holds` and `why` are only called while all fields are good.
    void relation(const std::vector<std::string>& fields, const std::function<bool()>& holds,
                  const std::function<std::string()>& why) {
        const bool allGood =
            std::all_of(fields.begin(), fields.end(), [this](const std::string& field) { return isGood(field); });
        if (allGood && !holds())
            add(fields, why());
    }

    /// The range that the field's row gives.
    void rangeOf(const RecipeField& field, const RunSpec& spec) {
        if (field.matters && !field.matters(spec))
            return;
        if (const auto* whole = std::get_if<WholeNumber>(&field.kind))
            range(field.path(), whole->member.read(spec), whole->least, whole->most);
        else if (const auto* decimal = std::get_if<Decimal>(&field.kind))
            range(field.path(), decimal->member.read(spec), decimal->least, decimal->most);
        else if (const auto* bytes = std::get_if<ByteCount>(&field.kind))
            range(field.path(), bytes->member.read(spec), int64_t{0}, ByteCount::kMost);
        else if (const auto* words = std::get_if<Text>(&field.kind))
            text(field.path(), words->member.read(spec), words->mostBytes);
    }

    void text(const std::string& field, const std::string& value, size_t mostBytes) {
        if (value.size() > mostBytes)
            add({field}, "is longer than " + std::to_string(mostBytes) + " bytes");
        else if (!isJsonText(value))
            add({field}, "is not valid UTF-8");
    }

    /// In the order of the table of fields, by the one to blame.
    std::vector<BrokenRule> take() {
        const auto row = [](const BrokenRule& rule) { return findRecipeField(rule.fields.front()); };
        std::stable_sort(m_broken.begin(), m_broken.end(),
                         [&](const BrokenRule& a, const BrokenRule& b) { return row(a) < row(b); });
        return std::move(m_broken);
    }

private:
    bool isGood(const std::string& field) const {
        return std::none_of(m_broken.begin(), m_broken.end(),
                            [&](const BrokenRule& rule) { return rule.fields.front() == field; });
    }

    void add(std::vector<std::string> fields, const std::string& why) {
        const std::string text = fields.front() + ": " + why;
        m_broken.push_back({std::move(fields), text});
    }

    std::vector<BrokenRule> m_broken;
};

void multipleOf(Rules& rules, const std::string& field, int64_t value, const std::string& divisorField,
                int64_t divisor) {
    rules.relation(
        {field, divisorField}, [=] { return value % divisor == 0; },
        [=] { return shown(value) + " is not a multiple of " + divisorField + " (" + shown(divisor) + ")"; });
}

template <typename Number>
void atMost(Rules& rules, const std::string& field, Number value, const std::string& limitField, Number limit) {
    rules.relation(
        {field, limitField}, [=] { return value <= limit; },
        [=] { return shown(value) + " is more than " + limitField + " (" + shown(limit) + ")"; });
}

void headRules(Rules& rules, const ModelSpec& model) {
    const int64_t own = model.ownHeadSize;
    if (own == 0) {
        multipleOf(rules, "model.width", model.width, "model.heads", model.heads);
        rules.relation(
            {"model.width", "model.heads"}, [&] { return model.headSize() % 2 == 0; },
            [&] {
                return shown(model.width) + " over model.heads (" + shown(model.heads) + ") gives heads of " +
                       shown(model.headSize()) + ", which must be even";
            });
        return;
    }
    rules.relation(
        {"model.head_size", "model.family"}, [&] { return model.architecture().headSize == HeadSizing::Own; },
        [&] {
            return shown(own) + " must be 0 in the " + infoOf(model.family).word +
                   " family, whose heads have model.width over model.heads elements";
        });
    rules.relation({"model.head_size"}, [=] { return own % 2 == 0; }, [=] { return shown(own) + " is not even"; });
    rules.relation(
        {"model.head_size", "model.heads"}, [&] { return model.queryWidth() <= kMostQueryWidth; },
        [&] {
            return shown(own) + " times model.heads (" + shown(model.heads) + ") is more than " +
                   shown(kMostQueryWidth);
        });
}

void modelRules(Rules& rules, const ModelSpec& model) {
    headRules(rules, model);
    if (model.architecture().qkv == QkvLayout::Fused)
        rules.relation(
            {"model.kv_heads", "model.heads", "model.family"}, [&] { return model.kvHeads == model.heads; },
            [&] {
                return shown(model.kvHeads) + " must equal model.heads (" + shown(model.heads) + ") in the " +
                       infoOf(model.family).word + " family";
            });
    else
        rules.relation(
            {"model.kv_heads", "model.heads", "model.family"}, [&] { return model.heads % model.kvHeads == 0; },
            [&] { return shown(model.kvHeads) + " does not divide model.heads (" + shown(model.heads) + ")"; });
}

void batchRules(Rules& rules, const TrainSpec& training, const ModelSpec& model) {
    atMost(rules, "training.sequence_length", training.sequenceLength, "model.context", model.context);
    multipleOf(rules, "training.sequences_per_step", training.sequencesPerStep, "training.micro_batch",
               training.microBatch);
}

void optimizerRules(Rules& rules, const TrainSpec& training) {
    rules.relation(
        {"training.loss_scale"},
        [&] { return std::exp2(std::round(std::log2(training.lossScale))) == training.lossScale; },
        [&] { return shown(training.lossScale) + " is no power of two"; });
    if (training.schedule == ScheduleKind::Cosine)
        rules.relation(
            {"training.min_learning_rate", "training.learning_rate", "training.schedule"},
            [&] { return training.minLearningRate <= training.learningRate; },
            [&] {
                return shown(training.minLearningRate) + " is more than training.learning_rate (" +
                       shown(training.learningRate) + ")";
            });
    atMost(rules, "training.warmup_steps", training.warmupSteps, "training.steps", training.steps);
}

void dataRules(Rules& rules, const RunSpec& spec) {
    const std::vector<std::string> tokens{"model.vocabulary", "data.tokenizer"};
    const int64_t vocabulary = spec.model.vocabulary;
    if (spec.data.tokenizer == TokenizerKind::Bytes)
        rules.relation(
            tokens, [=] { return vocabulary == kByteVocabulary; },
            [=] { return shown(vocabulary) + " must be 256 with the bytes tokenizer"; });
    else
        rules.relation(
            tokens, [=] { return vocabulary >= kLeastPieces; },
            [=] { return shown(vocabulary) + " must be at least 300 with the sentencepiece-bpe tokenizer"; });
}

/// Whatever is allocated later is a sum of a few such terms, computed in int64. Doubles cannot overflow here.
void totalRules(Rules& rules, const RunSpec& spec) {
    const ModelSpec& model = spec.model;
    const TrainSpec& training = spec.training;
    rules.relation(
        {"model.layers", "model.width", "model.ffn_width", "model.vocabulary", "model.context", "model.heads",
         "model.kv_heads", "model.head_size"},
        [&] { return double(parameterCount(model)) * kRunBytesPerParameter <= kMostTotalBytes; },
        [&] {
            return "the model has " + shown(parameterCount(model)) +
                   " parameters; the most that this program trains is " +
                   shown(int64_t(kMostTotalBytes / kRunBytesPerParameter));
        });
    const double tokens = double(training.sequencesPerStep) * double(training.sequenceLength);
    rules.relation(
        {"training.sequences_per_step", "training.sequence_length", "model.layers", "model.width", "model.ffn_width",
         "model.heads", "model.head_size"},
        [&] {
            const double boundaries = tokens * double(model.width) * double(2 * model.layers + 2) * 4.0;
            const double inner = tokens * double(3 * model.ffnWidth + 4 * model.width + 4 * model.queryWidth()) * 4.0;
            return boundaries <= kMostTotalBytes && inner <= kMostTotalBytes;
        },
        [&] { return shown(int64_t(tokens)) + " tokens a step need more than 10 TB for this model's activations"; });
    rules.relation(
        {"training.steps", "training.sequences_per_step", "training.sequence_length"},
        [&] { return double(training.steps) * tokens <= kMostTotalTokens; },
        [&] {
            return shown(training.steps) + " steps of " + shown(int64_t(tokens)) + " tokens are more than 10^15 tokens";
        });
}

}  // namespace

std::vector<BrokenRule> brokenRules(const RunSpec& spec) {
    Rules rules;
    if (spec.name.empty())
        rules.relation({"name"}, [] { return false; }, [] { return std::string("must not be empty"); });
    for (const RecipeField& field : recipeFields())
        rules.rangeOf(field, spec);
    modelRules(rules, spec.model);
    batchRules(rules, spec.training, spec.model);
    optimizerRules(rules, spec.training);
    dataRules(rules, spec);
    totalRules(rules, spec);
    return rules.take();
}

}  // namespace gsst
