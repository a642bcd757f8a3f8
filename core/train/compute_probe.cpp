// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/compute_probe.h"

#include "base/clock.h"
#include "base/half_float.h"
#include "io/aligned_buffer.h"
#include "spec/cost.h"
#include "train/processor_time.h"
#include "train/torch_slice_math.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <future>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kWidths[] = {64, 128, 256, 384, 512, 768, 1024, 1536, 2048};
constexpr int64_t kMostTokens = 1024;
constexpr int64_t kMostTokensWide = 512;  ///< of widths over kWide, whose layers take seconds otherwise
constexpr int64_t kWide = 1024;
constexpr int64_t kMostRows = 8192;
constexpr size_t kLeastRounds = 3;
constexpr size_t kMostRounds = 100;
constexpr double kEnoughSeconds = 0.2;
constexpr double kLongSeconds = 0.4;  ///< calls of this length need no repetition
constexpr double kUndisturbedSeconds = 0.005;  ///< systems let others run about that often
constexpr double kDisturbingShare = 0.1;
constexpr double kDisturbedShare = 0.85;
constexpr double kUsualShare = 0.95;  ///< 0.94 to 0.97 were seen for layers of gpt2-124m, in bf16
constexpr int64_t kUncachedBytes = int64_t{128} << 20;  ///< more than caches hold
constexpr int64_t kMostLayers = 16;
constexpr int64_t kMostUpdated = 16;  ///< units of state: small models are in the cache anyway

/// The smallest of the widths that is not below, or the largest.
int64_t widthFor(int64_t width) {
    const auto* found = std::lower_bound(std::begin(kWidths), std::end(kWidths), width);
    return found == std::end(kWidths) ? *std::prev(found) : *found;
}

int64_t scaled(int64_t value, int64_t to, int64_t from, int64_t multiple) {
    return std::max(multiple, value * to / from / multiple * multiple);
}

Status nothing() { return {}; }

/// Seconds that `work` usually takes when nothing else gets in its way, after one call to warm up; `prepare` goes before every call and is
/// not timed. On a busy computer one of the shorter calls counts, and calls that are too long for one of them to stay undisturbed are
/// judged by what they cost the processors, which the others do not change: undisturbed, they keep `threads` busy for kUsualShare of
/// the time.
Result<double> timed(int64_t threads, const std::function<Status()>& work, const std::function<Status()>& prepare = nothing) {
    GSST_TRY(prepare());
    GSST_TRY(work());
    std::vector<double> seconds;
    double all = 0, own = 0, others = 0;
    while (seconds.size() < kMostRounds && all < (seconds.size() < kLeastRounds ? kLongSeconds : kEnoughSeconds)) {
        GSST_TRY(prepare());
        const ProcessorTime before = processorTime();
        const Stopwatch watch;
        GSST_TRY(work());
        seconds.push_back(watch.seconds());
        const ProcessorTime after = processorTime();
        all += seconds.back();
        own += after.process - before.process;
        others += after.system - before.system;
    }
    others -= own;
    const double available = double(threads) * all;
    const bool busy = others > kDisturbingShare * available;
    std::sort(seconds.begin(), seconds.end());
    double usual = seconds[seconds.size() / (busy ? 4 : 2)];
    if (busy && usual > kUndisturbedSeconds && own < kDisturbedShare * available)
        usual = std::min(usual, own / (kUsualShare * double(threads) * double(seconds.size())));
    return std::max(1e-9, usual);
}

/// Layers, embedding and head with everything that their ops touch.
class Bench {
public:
    explicit Bench(const ProbeShape& shape)
        : m_training(shape.training), m_table(shape.model), m_format(m_table, m_training.state), m_pool(0),
          m_math(m_table, slicesOf(m_table), m_training, m_pool), m_headUnit(m_table.unitCount() - 1) {}

    Status prepare();
    Result<ComputeRates> run();

private:
    /// One slice a layer.
    static std::vector<SliceRange> slicesOf(const TensorTable& table) {
        std::vector<SliceRange> slices{{0, 1}};
        for (int unit = 1; unit + 1 < table.unitCount(); unit += 2)
            slices.push_back({unit, 2});
        slices.push_back({table.unitCount() - 1, 1});
        return slices;
    }
    /// Each call is about the next layer, so that none finds its weights in the processor's cache that would not do so in training.
    ForwardCall nextForward();
    BackwardCall backwardOf(const ForwardCall& forward);
    double flopsOf(bool forward) const;
    /// State and gradient of the unit.
    int64_t updatedBytes(const UnitInfo& unit) const {
        return m_format.bytes(unit.firstBlock, unit.blockCount) + unit.paddedElements * kGradientBytes;
    }
    Result<double> keptBackwardSeconds();
    Result<double> headSeconds();
    Result<double> updateSeconds();
    Result<double> copySeconds();
    std::byte* weightsOf(int unit) { return m_weights.data() + m_offset[size_t(unit)] * m_element; }
    float* gradientOf(int unit) { return reinterpret_cast<float*>(m_gradient.data()) + m_offset[size_t(unit)]; }

    TrainSpec m_training;
    TensorTable m_table;
    StateFormat m_format;
    CpuPool m_pool;
    TorchSliceMath m_math;
    int m_headUnit = 0;
    int64_t m_turn = 0;
    int64_t m_element = 0;
    std::vector<int64_t> m_offset;  ///< elements before each unit
    AlignedBuffer m_weights;
    AlignedBuffer m_gradient;
    AlignedBuffer m_input;
    AlignedBuffer m_output;
    AlignedBuffer m_state;     ///< of the attention unit, its gradient behind it, m_updated times
    int64_t m_updated = 0;
};

Status Bench::prepare() {
    m_element = computeElementBytes(m_training.precision);
    int64_t elements = 0;
    for (const UnitInfo& unit : m_table.units()) {
        m_offset.push_back(elements);
        elements += unit.paddedElements;
    }
    const auto activation = size_t(boundaryPlaceBytes(m_table.model(), m_training));
    const UnitInfo& attention = m_table.units()[1];
    GSST_ASSIGN(m_weights, AlignedBuffer::create(size_t(elements * m_element)));
    GSST_ASSIGN(m_gradient, AlignedBuffer::create(size_t(elements * kGradientBytes)));
    GSST_ASSIGN(m_input, AlignedBuffer::create(activation));
    GSST_ASSIGN(m_output, AlignedBuffer::create(activation));
    m_updated = std::clamp<int64_t>(kUncachedBytes / updatedBytes(attention), 1, kMostUpdated);
    GSST_ASSIGN(m_state, AlignedBuffer::create(size_t(m_updated * updatedBytes(attention))));
    std::fill_n(m_gradient.data(), m_gradient.size(), std::byte{0});
    std::fill_n(m_state.data(), m_state.size(), std::byte{0});
    // Ordinary numbers: zeros and subnormal ones take other times.
    const auto fill = [this](AlignedBuffer& buffer) {
        for (size_t i = 0; i < buffer.size() / size_t(m_element); ++i) {
            const float value = float(int(i * 2654435761u >> 8 & 1023) - 512) * (1.0f / 16384);
            const auto bits = std::bit_cast<uint32_t>(value);
            if (m_training.precision == Precision::Fp32)
                reinterpret_cast<float*>(buffer.data())[i] = value;
            else
                reinterpret_cast<uint16_t*>(buffer.data())[i] = m_training.precision == Precision::Bf16 ? uint16_t(bits >> 16) : nearestHalf(bits);
        }
    };
    fill(m_weights);
    fill(m_input);
    fill(m_output);
    std::vector<int64_t> tokens(size_t(m_training.tokensPerMicroBatch()));
    for (size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = int64_t(i * 7919 % size_t(m_table.model().vocabulary));
    return m_math.setBatch(0, tokens, tokens, int64_t(tokens.size()));
}

double Bench::flopsOf(bool forward) const {
    double flops = 0;
    for (int unit : {1, 2}) {
        const UnitCost cost = unitCost(m_table, unit, m_training);
        flops += forward ? cost.forwardFlops : cost.backwardFlops;
    }
    return flops;
}

ForwardCall Bench::nextForward() {
    const int slice = 1 + int(m_turn++ % m_table.model().layers);
    return {slice, 0, weightsOf(2 * slice - 1), m_input.data(), m_output.data()};
}

BackwardCall Bench::backwardOf(const ForwardCall& forward) {
    return {forward.slice, 0, forward.weights, forward.input, m_output.data(), m_output.data(), gradientOf(2 * forward.slice - 1)};
}

Result<double> Bench::keptBackwardSeconds() {
    BackwardCall backward;
    const auto keep = [&]() -> Status {
        ForwardCall forward = nextForward();
        backward = backwardOf(forward);
        forward.keep = backward.kept = true;
        return m_math.forward(forward);
    };
    return timed(m_training.threads, [&] { return m_math.backward(backward); }, keep);
}

Result<double> Bench::headSeconds() {
    HeadCall call;
    call.weights = weightsOf(m_headUnit);
    call.tiedTable = m_table.model().tiedHead ? weightsOf(0) : nullptr;
    call.input = m_input.data();
    call.inputGradient = m_output.data();
    call.gradient = gradientOf(m_headUnit);
    call.tiedGradient = m_table.model().tiedHead ? gradientOf(0) : nullptr;
    return timed(m_training.threads, [&]() -> Status {
        GSST_ASSIGN([[maybe_unused]] const LossSum loss, m_math.head(call));
        return {};
    });
}

Result<double> Bench::updateSeconds() {
    const UnitInfo& unit = m_table.units()[1];
    UpdateCall call;
    call.firstBlock = unit.firstBlock;
    call.blockCount = unit.blockCount;
    int64_t turn = 0;
    return timed(m_training.threads, [&] {
        std::byte* section = m_state.data() + turn++ % m_updated * updatedBytes(unit);
        const auto take = [&](StateKind kind) {
            return std::exchange(section, section + m_format.bytes(unit.firstBlock, unit.blockCount, kind));
        };
        call.hi = reinterpret_cast<uint16_t*>(take(StateKind::Hi));
        if (m_format.has(StateKind::Lo))
            call.lo = reinterpret_cast<uint16_t*>(take(StateKind::Lo));
        call.moment1 = take(StateKind::Moment1);
        call.moment2 = take(StateKind::Moment2);
        call.gradient = reinterpret_cast<float*>(section);
        return m_math.update(call);
    });
}

Result<double> Bench::copySeconds() {
    return timed(1, [&]() -> Status {
        std::copy_n(m_gradient.data(), m_gradient.size() / 2, m_gradient.data() + m_gradient.size() / 2);
        return {};
    });
}

Result<ComputeRates> Bench::run() {
    ComputeRates rates;
    GSST_ASSIGN(const double forwardSeconds, timed(m_training.threads, [&] { return m_math.forward(nextForward()); }));
    rates.forwardFlops = flopsOf(true) / forwardSeconds;
    GSST_ASSIGN(const double backwardSeconds, timed(m_training.threads, [&] { return m_math.backward(backwardOf(nextForward())); }));
    rates.backwardFlops = (flopsOf(true) + flopsOf(false)) / backwardSeconds;
    GSST_ASSIGN(const double keptBackward, keptBackwardSeconds());
    rates.keptBackwardFlops = flopsOf(false) / keptBackward;
    GSST_ASSIGN(const double head, headSeconds());
    const UnitCost headCost = unitCost(m_table, m_headUnit, m_training);
    rates.headFlops = (headCost.forwardFlops + headCost.backwardFlops) / head;
    GSST_ASSIGN(const double update, updateSeconds());
    const UnitInfo& unit = m_table.units()[1];
    rates.updateBytes = double(2 * m_format.bytes(unit.firstBlock, unit.blockCount) + unit.paddedElements * kGradientBytes) / update;
    GSST_ASSIGN(const double copy, copySeconds());
    rates.copyBytes = double(m_gradient.size()) / copy;
    return rates;
}

}  // namespace

std::string ProbeShape::key() const {
    std::string text = model.family == Family::Llama ? "llama" : "gpt2";
    for (const int64_t number : {model.layers, model.width, model.heads, model.kvHeads, model.ffnWidth, model.vocabulary, training.sequenceLength,
                                 training.microBatch, training.headTokenChunk, int64_t(model.tiedHead), training.threads})
        text.append("-").append(std::to_string(number));
    // What fp16 does goes without saying.
    const bool widened = training.precision == Precision::Bf16 && productsOf(training) == Products::Widened;
    return text + "-" + nameOf(training.precision) + (widened ? "-widened-" : "-") + nameOf(training.state);
}

ProbeShape probeShapeOf(const ModelSpec& model, const TrainSpec& training) {
    ProbeShape shape{model, training};
    const int64_t width = widthFor(model.width);
    const int64_t headSize = model.headSize();
    shape.model.width = std::max<int64_t>(1, width / headSize) * headSize;
    shape.model.heads = shape.model.width / headSize;
    shape.model.kvHeads = std::clamp<int64_t>(shape.model.heads * model.kvHeads / model.heads, 1, shape.model.heads);
    while (shape.model.heads % shape.model.kvHeads != 0)
        --shape.model.kvHeads;
    shape.model.ffnWidth = scaled(model.ffnWidth, shape.model.width, model.width, 16);
    shape.model.vocabulary = std::min(model.vocabulary, kMostRows);
    const int64_t layerElements = shape.model.width * (4 * shape.model.width + 3 * shape.model.ffnWidth);
    shape.model.layers = std::clamp<int64_t>(kUncachedBytes / ((computeElementBytes(training.precision) + kGradientBytes) * layerElements), 1,
                                             std::min(model.layers, kMostLayers));
    shape.training.vocabularyChunk = kMostRows;
    const int64_t mostTokens = width > kWide ? kMostTokensWide : kMostTokens;
    shape.training.sequenceLength = std::min(training.sequenceLength, mostTokens);
    shape.model.context = shape.training.sequenceLength;
    shape.training.microBatch = std::clamp<int64_t>(mostTokens / shape.training.sequenceLength, 1, training.microBatch);
    shape.training.sequencesPerStep = shape.training.microBatch;
    shape.training.headTokenChunk = std::min(training.headTokenChunk, shape.training.tokensPerMicroBatch());
    if (shape.training.threads == 0)
        shape.training.threads = std::max(1u, std::thread::hardware_concurrency());
    return shape;
}

Result<ComputeRates> probeCompute(const ProbeShape& shape) {
    const auto measure = [&shape]() -> Result<ComputeRates> {
        at::set_num_threads(int(shape.training.threads));
        Bench bench(shape);
        GSST_TRY(bench.prepare());
        return bench.run();
    };
    return std::async(std::launch::async, measure).get();
}

}  // namespace gsst
