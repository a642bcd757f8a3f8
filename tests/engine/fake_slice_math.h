// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/slice_math.h"
#include "plan/program/slicing.h"
#include "spec/cost.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"
#include "spec/vocabulary_chunks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace gsst {

/// A model without meaning but with every dependency of a real one: each output depends on every weight of the unit and
/// on the input, each gradient on weights, input and output gradient, each update on gradient and state. Compute in
/// fp32 only; every state preset, with codes of its own for moments. Results do not depend on slicing or chunks,
/// exactly as required of the real math.
class FakeSliceMath : public SliceMath {
public:
    FakeSliceMath(const TensorTable& table, const StateFormat& format, std::vector<SliceRange> slices,
                  const TrainSpec& training)
        : m_table(table), m_format(format), m_training(training), m_slices(std::move(slices)),
          m_activations(training.tokensPerMicroBatch() * table.model().width) {}

    /// What the "text" of the next calls is.
    void setData(int64_t step) { m_step = step; }
    /// The calls' first micro-batch is this one of the whole step: those before it are other ranks'.
    void setFirstMicroBatch(int first) { m_firstMicroBatch = first; }
    /// The loss of this step is not a number.
    void poison(int64_t step) { m_poisoned = step; }
    /// One element of the gradient of this step is not a number; its loss is.
    void poisonGradient(int64_t step) { m_poisonedGradient = step; }
    /// The update of this step, whose gradient is good, makes a weight infinite.
    void overflow(int64_t step) { m_overflowing = step; }
    /// The text of these steps is such that loss and gradient are far larger than those of others.
    void spike(std::set<int64_t> steps) { m_spikes = std::move(steps); }

    /// With a larger loss scale the gradient overflows: an element becomes infinite.
    void overflowAbove(double lossScale) { m_largestScale = lossScale; }

    Status forward(const ForwardCall& call) override {
        const SliceRange& slice = m_slices[size_t(call.slice)];
        const float* weights = static_cast<const float*>(call.weights);
        // A later part of the embedding goes on with what the parts before made.
        std::vector<float> x = slice.firstUnit == 0 && call.slice > 0
                                   ? values(call.output)
                                   : inputOf(call.slice, call.microBatch, call.input);
        for (const ChunkRange& piece : piecesOf(slice))
            apply(x, weights + offsetInSlice(m_table, slice, piece.unit, piece.unitOffset), piece.paddedElements);
        std::memcpy(call.output, x.data(), x.size() * sizeof(float));
        if (call.keep)
            m_kept[{call.slice, call.microBatch}] = inputOf(call.slice, call.microBatch, call.input);
        return {};
    }

    void dropKept() override { m_kept.clear(); }
    size_t keptCount() const { return m_kept.size(); }

    Result<LossSum> head(const HeadCall& call) override {
        const bool tied = call.tiedTable != nullptr;
        const int rowsUnit = tied ? 0 : m_table.headUnit();
        const float* rows = static_cast<const float*>(tied ? call.tiedTable : call.weights);
        float* rowsGradient = tied ? call.tiedGradient : call.gradient;
        std::vector<Sum> sums(size_t(m_training.tokensPerMicroBatch()));
        HeadPass pass{call.microBatch, values(call.input), static_cast<const float*>(call.weights), sums.data(),
                      static_cast<float*>(call.inputGradient)};
        const std::vector<ChunkRange> chunks = chunksOfRows({rowsUnit, 1});
        for (const ChunkRange& chunk : chunks)
            addSums(pass, rows + chunk.unitOffset, chunk);
        m_lossScale = float(call.lossScale);
        if (call.inputGradient) {
            for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk)
                addGradient(pass, rows + chunk->unitOffset, rowsGradient + chunk->unitOffset, *chunk,
                            chunk == chunks.rbegin());
            endGradient(pass, call.gradient);
        }
        return lossOf(pass);
    }

    Result<LossSum> headSums(const HeadSliceCall& call) override {
        const SliceRange& slice = m_slices[size_t(call.slice)];
        HeadPass pass{call.microBatch, values(call.input), static_cast<const float*>(call.norm),
                      static_cast<Sum*>(call.sums), nullptr};
        if (rowsOfSlice(m_table, slice).first == 0)
            std::fill_n(pass.sums, m_training.tokensPerMicroBatch(), Sum{});
        for (const ChunkRange& chunk : chunksOfRows(slice))
            addSums(pass,
                    static_cast<const float*>(call.rows) + offsetInSlice(m_table, slice, chunk.unit, chunk.unitOffset),
                    chunk);
        return rowsOfSlice(m_table, slice).end() == m_table.model().vocabulary ? lossOf(pass) : LossSum{};
    }

    Status headSlice(const HeadSliceCall& call) override {
        const SliceRange& slice = m_slices[size_t(call.slice)];
        const RowRange rows = rowsOfSlice(m_table, slice);
        m_lossScale = float(call.lossScale);
        HeadPass pass{call.microBatch, values(call.input), static_cast<const float*>(call.norm),
                      static_cast<Sum*>(call.sums), static_cast<float*>(call.inputGradient)};
        const std::vector<ChunkRange> chunks = chunksOfRows(slice);
        for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
            const int64_t offset = offsetInSlice(m_table, slice, chunk->unit, chunk->unitOffset);
            addGradient(pass, static_cast<const float*>(call.rows) + offset, call.rowsGradient + offset, *chunk,
                        chunk == chunks.rbegin() && rows.end() == m_table.model().vocabulary);
        }
        if (rows.first == 0)
            endGradient(pass, call.normGradient);
        return {};
    }

    Status backward(const BackwardCall& call) override {
        const SliceRange& slice = m_slices[size_t(call.slice)];
        std::vector<float> upper = values(call.outputGradient);
        const float* weights = static_cast<const float*>(call.weights);
        if (slice.firstUnit == 0) {
            for (const ChunkRange& piece : piecesOf(slice))
                accumulate(call.gradient + offsetInSlice(m_table, slice, piece.unit, piece.unitOffset),
                           inputOf(0, call.microBatch, nullptr), upper.data(), piece.paddedElements);
            return {};
        }
        std::vector<std::vector<float>> inputs{call.kept ? m_kept.extract({call.slice, call.microBatch}).mapped()
                                                         : values(call.input)};
        for (int unit = slice.firstUnit; unit + 1 < slice.firstUnit + slice.unitCount; ++unit) {
            inputs.push_back(inputs.back());
            apply(inputs.back(), weights + elementsBefore(m_table, slice, unit), elements(unit));
        }
        for (int unit = slice.firstUnit + slice.unitCount - 1; unit >= slice.firstUnit; --unit) {
            const int64_t before = elementsBefore(m_table, slice, unit);
            accumulate(call.gradient + before, inputs[size_t(unit - slice.firstUnit)], upper.data(), elements(unit));
            const float weight = mean(weights + before, elements(unit));
            for (float& value : upper)
                value = 0.9f * value + 0.01f * weight * m_lossScale;
        }
        std::memcpy(call.inputGradient, upper.data(), upper.size() * sizeof(float));
        return {};
    }

    Status update(const UpdateCall& call) override {
        uint16_t *const hi = call.state.hi(), *const lo = call.state.lo();
        int64_t i = 0;
        for (int block = call.firstBlock; block < call.firstBlock + call.blockCount; ++block) {
            if (call.hooks.opening)
                GSST_TRY(call.hooks.opening(block));
            const Moment moment1 = momentOf(call.state, StateKind::Moment1, call.firstBlock, block);
            const Moment moment2 = momentOf(call.state, StateKind::Moment2, call.firstBlock, block);
            for (int64_t j = i; call.current && j < i + m_table.blocks()[size_t(block)].paddedElements; ++j) {
                const uint32_t bits = std::bit_cast<uint32_t>(static_cast<const float*>(call.current)[j]);
                hi[j] = nearest(bits);
                if (lo)
                    lo[j] = uint16_t(bits);
            }
            for (int64_t own = 0; own < m_table.blocks()[size_t(block)].paddedElements; ++own, ++i) {
                const float g = (call.packed ? widened(call.packed[i]) : call.gradient[i]) * call.gradientScale;
                const float m = 0.9f * moment1.get(own) + 0.1f * g;
                const float v = 0.9f * moment2.get(own) + 0.1f * g * g;
                moment1.set(own, m);
                moment2.set(own, v);
                const float before = lo ? joined(hi[i], lo[i]) : widened(hi[i]);
                const float after = call.step == m_overflowing && block == m_table.units()[1].firstBlock && own == 3
                                        ? std::numeric_limits<float>::infinity()
                                        : before - 0.01f * m / (std::sqrt(v) + 1e-3f) / float(call.step);
                if (!std::isfinite(after) || !std::isfinite(v))
                    *call.notFinite = 1;
                const uint32_t bits = std::bit_cast<uint32_t>(after);
                hi[i] = nearest(bits);
                if (lo)
                    lo[i] = uint16_t(bits);
                if (call.weights)
                    static_cast<float*>(call.weights)[i] = lo ? std::bit_cast<float>(bits) : widened(hi[i]);
            }
            if (call.hooks.closing)
                call.hooks.closing(block);
        }
        return {};
    }

    Status join(const MaterializeCall& call) override {
        for (int block = call.firstBlock; call.hooks.opening && block < call.firstBlock + call.blockCount; ++block)
            GSST_TRY(call.hooks.opening(block));
        for (int64_t i = 0; i < blockElements(call.firstBlock, call.blockCount); ++i)
            static_cast<float*>(call.weights)[i] = call.lo ? joined(call.hi[i], call.lo[i]) : widened(call.hi[i]);
        return {};
    }

    Status norms(const NormCall& call) override {
        float* gradient = call.gradient;
        for (int block = 0; block < call.blockCount; ++block) {
            double sum = 0;
            const int64_t count = m_table.blocks()[size_t(call.firstBlock + block)].paddedElements;
            for (int64_t i = 0; i < count; ++i) {
                if (m_format.preset() != StatePreset::Exact)
                    gradient[i] = widened(nearest(std::bit_cast<uint32_t>(gradient[i])));
                sum += double(gradient[i]) * double(gradient[i]);
            }
            call.squaredNorms[block] = sum;
            gradient += count;
        }
        return {};
    }

    Status packGradient(const PackCall& call) override {
        for (int64_t i = 0; i < blockElements(call.firstBlock, call.blockCount); ++i)
            call.packed[i] = uint16_t(std::bit_cast<uint32_t>(call.gradient[i]) >> 16);
        return {};
    }

private:
    /// A moment of one block: fp32, or a signed byte for each element, or always 1 where the optimizer has none.
    struct Moment {
        float* values = nullptr;
        int8_t* codes = nullptr;
        static constexpr float kUnit = 1e-3f;
        float get(int64_t i) const { return values ? values[i] : codes ? float(codes[i]) * kUnit : 1.0f; }
        void set(int64_t i, float value) const {
            if (values)
                values[i] = value;
            else if (codes)
                codes[i] = int8_t(std::min(127.0f, std::max(-127.0f, std::round(value / kUnit))));
        }
    };
    Moment momentOf(const StateSections& state, StateKind kind, int firstBlock, int block) const {
        if (!m_format.keeps(block, kind))
            return {};
        std::byte* section = state[kind] + m_format.bytes(firstBlock, block - firstBlock, kind);
        if (m_format.quantized(block, kind))
            return {nullptr, reinterpret_cast<int8_t*>(section)};
        return {reinterpret_cast<float*>(section), nullptr};
    }
    /// As TokenSum: of one token over the rows so far.
    struct Sum {
        double sum = 0;
        double unused = 0;
    };
    static_assert(sizeof(Sum) == kTokenSumBytes);
    struct HeadPass {
        int microBatch;
        std::vector<float> input;
        const float* norm;
        Sum* sums;
        float* inputGradient;
    };
    /// What of the unit is not rows of the vocabulary is one piece before or after them.
    std::vector<ChunkRange> piecesOf(const SliceRange& slice) const {
        std::vector<ChunkRange> pieces = chunksOfRows(slice);
        if (pieces.empty())
            return unitsOfSlice(m_table, slice);
        const ChunkRange whole = unitsOfSlice(m_table, slice).front();
        const int end = pieces.back().firstBlock + pieces.back().blockCount;
        const int left = whole.firstBlock + whole.blockCount - end;
        if (left > 0)
            pieces.push_back(unitsOfSlice(m_table, {whole.unit, 1, end, left}).front());
        return pieces;
    }
    /// The canonical chunks that the slice's rows are made of.
    std::vector<ChunkRange> chunksOfRows(const SliceRange& slice) const {
        const int64_t chunkRows = VocabularyChunks(m_table.model(), m_training).rows();
        const int blocks = int(chunkRows * m_table.model().width / kBlockElements);
        std::vector<ChunkRange> chunks;
        for (const TensorInfo& tensor : m_table.tensorsOf(slice.firstUnit)) {
            if (tensor.role != TensorRole::TokenEmbedding && tensor.role != TensorRole::HeadWeight)
                continue;
            for (int first = tensor.firstBlock; first < tensor.firstBlock + tensor.blockCount; first += blocks) {
                if (slice.isPart() && (first < slice.firstBlock || first >= slice.firstBlock + slice.blockCount))
                    continue;
                const int count = std::min(blocks, tensor.firstBlock + tensor.blockCount - first);
                chunks.push_back(unitsOfSlice(m_table, {slice.firstUnit, 1, first, count}).front());
            }
        }
        return chunks;
    }
    /// Elements of what the norm is: all that the head's unit has before its rows.
    int64_t normElements() const {
        const TensorInfo* matrix = m_table.find(m_table.headUnit(), TensorRole::HeadWeight);
        return matrix ? matrix->offset : elements(m_table.headUnit());
    }
    std::vector<float> normed(const HeadPass& pass) const {
        std::vector<float> x = pass.input;
        apply(x, pass.norm, normElements());
        return x;
    }
    void addSums(const HeadPass& pass, const float* rows, const ChunkRange& chunk) const {
        const std::vector<float> x = normed(pass);
        const float weight = mean(rows, chunk.paddedElements);
        for (int64_t token = 0; token < m_training.tokensPerMicroBatch(); ++token)
            pass.sums[token].sum =
                0.9 * pass.sums[token].sum + double(weight) * (1.0 + double(x[size_t(token * m_table.model().width)]));
    }
    void addGradient(const HeadPass& pass, const float* rows, float* gradient, const ChunkRange& chunk,
                     bool begins) const {
        const std::vector<float> x = normed(pass);
        std::vector<float> upper(x.size());
        for (size_t i = 0; i < x.size(); ++i)
            upper[i] = (0.01f * x[i] + 0.001f * float(m_firstMicroBatch + pass.microBatch) +
                        1e-3f * float(pass.sums[i / size_t(m_table.model().width)].sum)) *
                       m_lossScale;
        accumulate(gradient, x, upper.data(), chunk.paddedElements);
        const float weight = 1.0f + mean(rows, chunk.paddedElements);
        for (size_t i = 0; i < x.size(); ++i)
            pass.inputGradient[i] = (begins ? 0.0f : 0.7f * pass.inputGradient[i]) + weight * upper[i];
    }
    void endGradient(const HeadPass& pass, float* normGradient) const {
        accumulate(normGradient, pass.input, pass.inputGradient, normElements());
        if (m_step == m_poisonedGradient)
            normGradient[5] = std::numeric_limits<float>::quiet_NaN();
        if (double(m_lossScale) > m_largestScale)
            normGradient[7] = std::numeric_limits<float>::infinity();
    }
    LossSum lossOf(const HeadPass& pass) const {
        double sum = 0;
        for (int64_t token = 0; token < m_training.tokensPerMicroBatch(); ++token)
            sum += pass.sums[token].sum;
        return {m_step == m_poisoned ? std::numeric_limits<double>::quiet_NaN() : sum, m_activations};
    }
    std::vector<float> values(const void* activation) const {
        return {static_cast<const float*>(activation), static_cast<const float*>(activation) + m_activations};
    }
    static uint16_t nearest(uint32_t bits) { return uint16_t((bits + 0x8000u) >> 16); }
    static float widened(uint16_t half) { return std::bit_cast<float>(uint32_t(half) << 16); }
    static float joined(uint16_t hi, uint16_t lo) {
        return std::bit_cast<float>((uint32_t(hi) << 16) + uint32_t(int32_t(int16_t(lo))));
    }
    static float mean(const float* values, int64_t count) {
        float sum = 0;
        for (int64_t i = 0; i < count; ++i)
            sum += values[i];
        return sum / float(count);
    }
    static void apply(std::vector<float>& x, const float* weights, int64_t count) {
        const float weight = mean(weights, count);
        for (float& value : x)
            value = 0.8f * value + weight + 0.1f;
    }
    /// Linear in the loss scale: as that is a power of two, no bit of a mantissa depends on it.
    void accumulate(float* gradient, const std::vector<float>& x, const float* upper, int64_t count) const {
        for (int64_t i = 0; i < count; ++i)
            gradient[i] +=
                x[size_t(i) % x.size()] * upper[size_t(i) % x.size()] * 1e-2f + 1e-4f * float(i % 7) * m_lossScale;
    }
    std::vector<float> inputOf(int slice, int microBatch, const void* input) const {
        if (slice > 0)
            return values(input);
        std::vector<float> tokens(static_cast<size_t>(m_activations));
        for (size_t i = 0; i < tokens.size(); ++i)
            tokens[i] = float(m_firstMicroBatch + microBatch + 1) * 0.1f + float(i) * 1e-3f +
                        0.2f * float(m_step * 7 % 5) + (m_spikes.contains(m_step) ? 300.0f : 0.0f);
        return tokens;
    }
    int64_t elements(int unit) const { return m_table.units()[size_t(unit)].paddedElements; }
    int64_t blockElements(int first, int count) const {
        int64_t sum = 0;
        for (int block = first; block < first + count; ++block)
            sum += m_table.blocks()[size_t(block)].paddedElements;
        return sum;
    }

    const TensorTable& m_table;
    const StateFormat& m_format;
    const TrainSpec& m_training;
    std::vector<SliceRange> m_slices;
    int64_t m_activations;
    std::map<std::pair<int, int>, std::vector<float>> m_kept;
    int m_firstMicroBatch = 0;
    int64_t m_step = 0;
    int64_t m_poisoned = -1;
    int64_t m_poisonedGradient = -1;
    int64_t m_overflowing = -1;
    float m_lossScale = 1;
    double m_largestScale = std::numeric_limits<double>::infinity();
    std::set<int64_t> m_spikes;
};

}  // namespace gsst
