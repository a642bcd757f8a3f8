// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/cost.h"

#include "base/round_up.h"
#include "base/usable_cores.h"
#include "spec/attention_tile.h"
#include "spec/vocabulary_chunks.h"

#include <algorithm>

namespace gsst {

namespace {

constexpr int64_t kGradientPieceElements = 1 << 20;  // pieces of a native bf16 weight gradient, see nn/linear.h
constexpr int64_t kUpcastElements = 1 << 21;         // pieces of widened matrices, see nn/upcast_products.cpp
constexpr int64_t kWholeRows = 64;
constexpr int64_t kPartialRows = 64;  // rows whose norm gradients are summed at a time, see nn/norm.cpp
constexpr int64_t kFloatBytes = 4;
constexpr int64_t kPage = 4096;
constexpr int64_t kScratchPerThread = 3 << 19;  // largest seen of native bf16 products, any shape: 1.4 MiB a thread

int64_t threadsOf(const TrainSpec& training) {
    // Asking the system takes longer than all other arithmetic of a plan.
    static const int64_t cores = usableCores();
    return training.threads > 0 ? training.threads : cores;
}

/// The shape of one micro-batch in one place; all sizes in bytes unless they say elements.
struct Shape {
    const ModelSpec& model;
    Precision precision;
    Products products;
    int64_t element;
    int64_t tokens;
    int64_t length;
    int64_t threads;
    int64_t productScratch;

    Shape(const ModelSpec& theModel, const TrainSpec& training)
        : model(theModel), precision(training.precision), products(productsOf(training)),
          element(computeElementBytes(training.precision)), tokens(training.tokensPerMicroBatch()),
          length(training.sequenceLength), threads(threadsOf(training)), productScratch(productScratchBytes(training)) {
    }

    int64_t rows(int64_t width) const { return tokens * width * element; }
    int64_t activations() const { return rows(model.width); }
    int64_t queries() const { return rows(model.queryWidth()); }
    int64_t keys() const { return rows(model.keyWidth()); }
    int64_t heads() const { return queries() + 2 * keys(); }  ///< query, key, value
    /// Queries and keys once more, where scores are made of others than their backward needs.
    int64_t normedHeads() const {
        return model.architecture().queryKeyNorm == QueryKeyNorm::PerHead ? queries() + keys() : 0;
    }
    int64_t logSumExp() const { return tokens * model.heads * kFloatBytes; }
    int64_t inner() const { return rows(model.ffnWidth); }
    int64_t projections() const { return model.architecture().mlp == MlpKind::SwiGlu ? 2 * inner() : inner(); }
    int64_t normVectors() const { return model.architecture().norm == NormKind::LayerNorm ? 2 : 1; }
    int64_t statistics(int64_t count) const { return count * normVectors() * kFloatBytes; }
    int64_t partials(int64_t count) const {
        return (count + kPartialRows - 1) / kPartialRows * model.width * normVectors() * kFloatBytes;
    }
    AttentionTile attentionTile() const { return gsst::attentionTile(length); }
    bool nativeBf16() const { return precision == Precision::Bf16 && products == Products::Native; }
    /// Upcast attention goes through fp32, one sequence at a time: `width` elements of each of its tokens.
    int64_t upcastSequence(int64_t width) const {
        return products == Products::Upcast ? length * width * kFloatBytes : 0;
    }
    /// What a window hides of the causal half.
    int64_t windowMask() const {
        const bool hides = model.window > 0 && model.window < length;
        return hides ? length * length * (products == Products::Upcast ? kFloatBytes : element) : 0;
    }
    int64_t attentionForwardScratch() const {
        const AttentionTile tile = attentionTile();
        const int64_t floats = tile.elements() + tile.queries * (model.headSize() + 2);
        return threads * (floats * kFloatBytes + (nativeBf16() ? tile.elements() * element : 0)) + productScratch +
               upcastSequence(2 * model.queryWidth() + 2 * model.keyWidth() + model.heads) + windowMask();
    }
    int64_t attentionBackwardScratch() const {
        return threads * 2 * attentionTile().elements() * (kFloatBytes + (nativeBf16() ? element : 0)) +
               productScratch + upcastSequence(4 * model.queryWidth() + 4 * model.keyWidth()) + windowMask();
    }
    /// Elements of the pieces in which matrices are widened.
    int64_t upcastPiece(int64_t rowCount, int64_t outputs, int64_t inputs, int64_t elementsPerOutput) const {
        const int64_t most = kUpcastElements / (inputs + rowCount);
        return std::min(outputs, most < kWholeRows ? std::max<int64_t>(1, most) : most / kWholeRows * kWholeRows) *
               elementsPerOutput;
    }
    /// Temporaries of a product of rows [rowCount, inputs] with a matrix [outputs, inputs], or of its gradient for the
    /// input.
    int64_t product(int64_t outputs, int64_t inputs, int64_t rowCount) const {
        if (products == Products::Native)
            return productScratch;
        return (rowCount * inputs + upcastPiece(rowCount, outputs, inputs, inputs + rowCount)) * kFloatBytes;
    }
    int64_t product(int64_t outputs, int64_t inputs) const { return product(outputs, inputs, tokens); }
    /// Temporaries of a weight gradient [outputs, inputs]; fp32 needs none.
    int64_t gradient(int64_t outputs, int64_t inputs, int64_t rowCount) const {
        if (precision == Precision::Fp32)
            return 0;
        if (products == Products::Upcast)
            return (rowCount * inputs + upcastPiece(rowCount, outputs, inputs, rowCount)) * kFloatBytes;
        return std::min(outputs, std::max<int64_t>(1, kGradientPieceElements / inputs)) * inputs * element +
               productScratch;
    }
    int64_t gradient(int64_t outputs, int64_t inputs) const { return gradient(outputs, inputs, tokens); }
    /// Temporaries of a LinearBackward, with its widened input and sum.
    int64_t backward(int64_t outputs, int64_t inputs, int64_t rowCount) const {
        if (products == Products::Native)
            return std::max(product(outputs, inputs, rowCount), gradient(outputs, inputs, rowCount));
        return (2 * rowCount * inputs + upcastPiece(rowCount, outputs, inputs, inputs + rowCount)) * kFloatBytes;
    }
    int64_t backward(int64_t outputs, int64_t inputs) const { return backward(outputs, inputs, tokens); }
};

/// Peaks of one unit. Saved bytes are without the unit's output; backward counts from the moment its saved bytes exist.
struct UnitPeaks {
    int64_t forward = 0;
    int64_t save = 0;
    int64_t saved = 0;
    int64_t backward = 0;
};

UnitPeaks attentionPeaks(const Shape& shape, bool wantsOutput) {
    const int64_t d = shape.model.width, query = shape.model.queryWidth(), key = shape.model.keyWidth();
    const int64_t statistics = shape.statistics(shape.tokens);
    const int64_t attended = shape.queries() + shape.logSumExp();
    UnitPeaks peaks;
    peaks.saved = statistics + shape.heads() + attended;
    const int64_t separate = std::max(shape.heads() + shape.product(key, d), shape.queries() + shape.product(query, d));
    const int64_t fused = shape.heads() + shape.product(query + 2 * key, d);
    const int64_t projecting =
        shape.activations() + (shape.model.architecture().qkv == QkvLayout::Fused ? fused : separate);
    const int64_t attending = shape.heads() + attended + shape.attentionForwardScratch();
    const int64_t finishing = shape.heads() + attended + shape.product(d, query);
    peaks.forward = statistics + std::max({projecting, attending, finishing});
    // What is normed in place by a forward is copied here.
    peaks.save = statistics + std::max({projecting, attending + shape.normedHeads(), wantsOutput ? finishing : 0});
    const int64_t ofOutput = std::max(shape.gradient(d, query), shape.queries() + shape.product(d, query));
    const int64_t ofAttention =
        shape.normedHeads() + shape.queries() + shape.heads() + shape.attentionBackwardScratch();
    const int64_t ofProjections = statistics - peaks.saved + shape.heads() + shape.activations() +
                                  std::max(shape.backward(query, d), shape.partials(shape.tokens));
    peaks.backward = std::max({ofOutput, ofAttention, ofProjections});
    return peaks;
}

UnitPeaks mlpPeaks(const Shape& shape, bool wantsOutput) {
    const int64_t d = shape.model.width, f = shape.model.ffnWidth;
    UnitPeaks peaks;
    peaks.saved = shape.statistics(shape.tokens) + shape.projections();
    const int64_t projecting = shape.activations() + shape.product(f, d);
    peaks.forward = peaks.saved + std::max(projecting, shape.product(d, f));
    peaks.save = peaks.saved + (wantsOutput ? std::max(projecting, shape.inner() + shape.product(d, f)) : projecting);
    peaks.backward = std::max(shape.inner() + std::max(shape.gradient(d, f), shape.product(d, f)),
                              shape.activations() + std::max(shape.backward(f, d), shape.partials(shape.tokens)));
    return peaks;
}

UnitPeaks peaksOf(const Shape& shape, UnitKind kind, bool wantsOutput) {
    if (kind == UnitKind::Attention)
        return attentionPeaks(shape, wantsOutput);
    if (kind == UnitKind::Mlp)
        return mlpPeaks(shape, wantsOutput);
    return {};
}

/// Logits of so many tokens of the vocabulary, and the normed input, in chunks over tokens.
int64_t logitsPeak(const Shape& shape, const TrainSpec& training, int64_t vocabulary) {
    const int64_t chunk = std::min(shape.tokens, training.headTokenChunk);
    return chunk * (vocabulary + shape.model.width) * shape.element + shape.statistics(chunk);
}

/// Loss alone: one vocabulary chunk after the other.
int64_t sumsPeak(const Shape& shape, const TrainSpec& training) {
    const int64_t rows = VocabularyChunks(shape.model, training).largest();
    return logitsPeak(shape, training, rows) +
           shape.product(rows, shape.model.width, std::min(shape.tokens, training.headTokenChunk));
}

/// Gradients with so many logits a token at a time.
int64_t gradientsPeak(const Shape& shape, const TrainSpec& training, int64_t vocabulary) {
    const int64_t chunk = std::min(shape.tokens, training.headTokenChunk);
    const int64_t rows = VocabularyChunks(shape.model, training).largest(), width = shape.model.width;
    return logitsPeak(shape, training, vocabulary) +
           std::max(shape.backward(rows, width, chunk), shape.partials(chunk));
}

/// Of queries with keys and of scores with values, the causal half of each. What a window hides is computed as well.
double scoreFlops(const Shape& shape) {
    return 2.0 * double(shape.tokens) * double(shape.length) * double(shape.model.queryWidth());
}

double forwardFlops(const Shape& shape, UnitKind kind) {
    const ModelSpec& model = shape.model;
    const double tokens = double(shape.tokens), d = double(model.width);
    switch (kind) {
    case UnitKind::Embedding:
        return 0.0;
    case UnitKind::Attention:
        // Projections, then scores and their product with the values over the causal half.
        return 2.0 * tokens * d * (2.0 * double(model.queryWidth()) + 2.0 * double(model.keyWidth())) +
               scoreFlops(shape);
    case UnitKind::Mlp:
        return 2.0 * tokens * d * double(model.ffnWidth) * (model.architecture().mlp == MlpKind::SwiGlu ? 3.0 : 2.0);
    case UnitKind::Head:
        return 2.0 * tokens * d * double(model.vocabulary);
    }
    return 0.0;
}

double backwardFlops(const Shape& shape, UnitKind kind) {
    const double forward = forwardFlops(shape, kind);
    if (kind != UnitKind::Attention)
        return 2.0 * forward;
    // Scores are computed once more: five products instead of two.
    const double scores = scoreFlops(shape);
    return 2.0 * (forward - scores) + 2.5 * scores;
}

}  // namespace

UnitCost unitCost(const TensorTable& table, int unit, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    const UnitKind kind = table.units()[size_t(unit)].kind;
    UnitCost cost;
    cost.forwardFlops = forwardFlops(shape, kind);
    cost.backwardFlops = backwardFlops(shape, kind);
    if (kind == UnitKind::Head) {
        cost.forwardWorkspace = headPeak(table, training, true);
        cost.backwardWorkspace = headPeak(table, training, false);
        return cost;
    }
    const UnitPeaks peaks = peaksOf(shape, kind, true);
    cost.forwardWorkspace = peaks.forward + shape.activations();
    cost.savedBytes = peaks.saved + shape.activations();
    cost.backwardWorkspace = peaks.backward;
    return cost;
}

int64_t sliceForwardPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    int64_t peak = 0;
    for (int unit = firstUnit; unit < firstUnit + unitCount; ++unit)
        peak = std::max(peak, peaksOf(shape, table.units()[size_t(unit)].kind, true).forward);
    return peak;
}

int64_t sliceBackwardPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    const bool embeds = table.units()[size_t(firstUnit)].kind == UnitKind::Embedding;
    const int first = embeds ? firstUnit + 1 : firstUnit;
    const int last = firstUnit + unitCount - 1;
    const auto peaks = [&](int unit) { return peaksOf(shape, table.units()[size_t(unit)].kind, unit < last); };
    int64_t alive = embeds && unitCount > 1 ? shape.activations() : 0;  // the embedding's output
    int64_t peak = alive;
    for (int unit = first; unit <= last; ++unit) {
        if (unit < last)
            alive += shape.activations();
        peak = std::max(peak, alive + peaks(unit).save);
        alive += peaks(unit).saved;
    }
    if (embeds && unitCount > 1)
        alive += shape.activations();  // the gradient that the embedding gets
    for (int unit = last; unit >= first; --unit) {
        peak = std::max(peak, alive + peaks(unit).backward);
        alive -= peaks(unit).saved + shape.activations();
    }
    return peak;
}

int64_t sliceKeptBytes(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    int64_t kept = (unitCount - 1) * shape.activations();
    for (int unit = firstUnit; unit < firstUnit + unitCount; ++unit)
        kept += peaksOf(shape, table.units()[size_t(unit)].kind, true).saved;
    return kept;
}

int64_t sliceKeepingPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    int64_t alive = 0;
    int64_t peak = 0;
    for (int unit = firstUnit; unit < firstUnit + unitCount; ++unit) {
        const UnitPeaks peaks = peaksOf(shape, table.units()[size_t(unit)].kind, true);
        alive += unit + 1 < firstUnit + unitCount ? shape.activations() : 0;
        peak = std::max(peak, alive + peaks.save);
        alive += peaks.saved;
    }
    return std::max<int64_t>(0, peak - sliceKeptBytes(table, firstUnit, unitCount, training));
}

int64_t sliceKeptBackwardPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    int64_t gone = 0;  // of what was kept
    int64_t peak = 0;
    for (int unit = firstUnit + unitCount - 1; unit >= firstUnit; --unit) {
        const UnitPeaks peaks = peaksOf(shape, table.units()[size_t(unit)].kind, true);
        peak = std::max(peak, peaks.backward - gone);
        gone += peaks.saved + shape.activations();
    }
    return peak;
}

int64_t headPeak(const TensorTable& table, const TrainSpec& training, bool lossOnly) {
    const Shape shape(table.model(), training);
    return lossOnly ? sumsPeak(shape, training) : gradientsPeak(shape, training, table.model().vocabulary);
}

int64_t headSumsPeak(const TensorTable& table, const TrainSpec& training) {
    return sumsPeak(Shape(table.model(), training), training);
}

int64_t headSlicePeak(const TensorTable& table, const TrainSpec& training) {
    const Shape shape(table.model(), training);
    return gradientsPeak(shape, training, VocabularyChunks(table.model(), training).largest());
}

int64_t headSumsBytes(const TrainSpec& training) {
    return roundUp(training.tokensPerMicroBatch() * kTokenSumBytes, kPage);
}

int64_t productScratchBytes(const TrainSpec& training) {
    return training.precision == Precision::Bf16 && productsOf(training) == Products::Native
               ? threadsOf(training) * kScratchPerThread
               : 0;
}

int64_t boundaryBytes(const ModelSpec& model, const TrainSpec& training) {
    return Shape(model, training).activations();
}

int64_t boundarySlotBytes(const ModelSpec& model, const TrainSpec& training) {
    return roundUp(boundaryBytes(model, training), kPage);
}

}  // namespace gsst
