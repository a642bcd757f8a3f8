// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gsst {

/// Number format of weights and activations during forward and backward, whatever the master weights are (see
/// StatePreset).
enum class Precision {
    Fp32,
    Bf16,
    Fp16  ///< with dynamic loss scaling
};
const char* nameOf(Precision precision);  ///< "fp32", "bf16", "fp16", as in recipes

/// How bf16 matrices are multiplied on the processor. It decides bits and memory.
enum class ProductChoice {
    Auto,    ///< the faster way of the machine where the run begins: settled then, and part of the run
    Native,  ///< by the library, in bf16
    Upcast   ///< factors widened to fp32, which is exact, multiplied and added up in fp32, and rounded once
};
const char* nameOf(ProductChoice choice);  ///< as in recipes

/// How the learning rate goes on after the warm-up.
enum class ScheduleKind { Constant, Cosine };

/// What the state of a parameter consists of, and so what it costs on disk and in memory; see StateFormat for the
/// bytes.
enum class StatePreset {
    Exact,  ///< fp32 weights and fp32 moments: with AdamW 12 bytes a parameter, with Lion 8; gradients fp32
    Mixed,  ///< fp32 weights, 8-bit moments: about 6 bytes; gradients rounded to bf16
    Lean    ///< bf16 weights, rounded stochastically in each step, 8-bit moments: about 4 bytes; gradients rounded to
            ///< bf16
};

/// By which rule gradients change weights; see OptimizerSpec for what each keeps. The numbers are on disk.
enum class OptimizerKind {
    AdamW,  ///< Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019
    Lion    ///< Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023
};

/// By which norm gradients are clipped.
enum class ClipKind {
    Global,        ///< of the whole gradient, torch's semantics
    PreviousNorm,  ///< of the step before; a step whose norm jumps, and the first one, by its own
    PerUnit        ///< each unit (embedding, attention, MLP, head) by its own norm, bound clipNorm / sqrt(units)
};

/// Largest loss scale; the smallest is 1.
inline constexpr double kMostLossScale =
    1099511627776.0;  // 2^40: more than the finest gradient of a mean over 2^20 tokens needs

/// As many sequences as any text has.
inline constexpr int64_t kAllSequences = 1'000'000'000;

/// What becomes of a step whose loss or gradient norm is an outlier.
enum class OutlierAction {
    Report,  ///< it counts like any other; the log tells of it
    Skip     ///< it is dropped like a step whose loss is not a number
};

/// Everything that decides the bits of a run besides the model and the data. The defaults suit a small model.
struct TrainSpec {
    int64_t steps = 1000;
    int64_t sequenceLength = 64;    ///< tokens a sequence; <= ModelSpec::context
    int64_t sequencesPerStep = 12;  ///< multiple of microBatch
    int64_t microBatch = 12;        ///< sequences a micro-batch
    int64_t headTokenChunk = 1024;  ///< tokens whose logits exist at a time; part of the order of sums
    int64_t vocabularyChunk =
        16384;  ///< least rows of a canonical vocabulary chunk, see VocabularyChunks; part of the order of sums
    Precision precision = Precision::Fp32;
    ProductChoice products = ProductChoice::Auto;  ///< of bf16; fp32 has no choice, and fp16 is always widened
    StatePreset state = StatePreset::Exact;
    OptimizerKind optimizer = OptimizerKind::AdamW;
    double lossScale =
        65536;  ///< fp16: what the gradient of the loss is multiplied by in the first step; a power of two
    int64_t lossScaleGrowSteps =
        2000;  ///< fp16: steps in a row with a finite gradient after which the scale is doubled

    double learningRate = 1e-3;     ///< after the warm-up
    double minLearningRate = 1e-4;  ///< at the last step (cosine)
    int64_t warmupSteps = 100;
    ScheduleKind schedule = ScheduleKind::Cosine;
    double beta1 = 0.9;
    double beta2 = 0.99;
    double epsilon = 1e-8;
    double weightDecay = 0.1;  ///< decoupled; on matrices only
    double clipNorm = 1.0;     ///< bound of the norm; 0 = no clipping
    ClipKind clip = ClipKind::Global;

    uint64_t seed = 1337;
    int64_t threads = 0;  ///< compute threads; 0 = all cores; recorded in the run because it changes bits

    int64_t evaluateEvery = 250;  ///< steps; 0 = only at the end
    int64_t evaluateSequences =
        kAllSequences;          ///< of the validation part, at most, evenly spread over it; 0 = no evaluation at all
    int64_t sampleEvery = 250;  ///< steps; 0 = never
    int64_t sampleTokens = 120;
    std::string samplePrompt = "\n";
    int64_t commitEverySeconds = 600;  ///< only with all state in RAM; with state on disk every step commits

    /// A step is an outlier if its loss or its gradient norm (before clipping) lies more than this many standard
    /// deviations above the median of the last steps, see OutlierWatch; 0 = nothing is. Of 4,000 steps of small runs
    /// without any trouble none was beyond 11.
    double outlierSigmas = 12;
    OutlierAction outlierAction = OutlierAction::Report;

    bool evaluates() const { return evaluateSequences > 0; }
    int64_t tokensPerStep() const { return sequencesPerStep * sequenceLength; }
    int64_t microBatchesPerStep() const { return sequencesPerStep / microBatch; }
    int64_t tokensPerMicroBatch() const { return microBatch * sequenceLength; }
    bool operator==(const TrainSpec&) const = default;
};

/// The way that products are made in the end.
enum class Products { Native, Upcast };

/// Of the recipe; native as long as ProductChoice::Auto is not settled.
Products productsOf(const TrainSpec& training);

}  // namespace gsst
