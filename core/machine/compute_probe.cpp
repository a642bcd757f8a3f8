// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/compute_probe.h"

#include "base/clock.h"
#include "base/half_float.h"
#include "io/aligned_buffer.h"
#include "machine/median_time.h"
#include "spec/cost.h"
#include "spec/state_format.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr size_t kPasses = 3;
constexpr double kPassesSeconds = 2.0;
constexpr int64_t kMostUpdated = 16;  ///< units of state: small models are in the cache anyway

/// Layers, embedding and head with everything that their ops touch.
class Bench {
public:
    explicit Bench(const ProbeShape& shape)
        : m_training(shape.training), m_table(shape.model),
          m_format(m_table, m_training.state, optimizerSpec(m_training.optimizer), kWholeState),
          m_headUnit(m_table.unitCount() - 1) {}

    Status prepare(ComputeBackend& backend);
    Result<ComputeRates> rates();

private:
    /// One slice a layer.
    static std::vector<SliceRange> slicesOf(const TensorTable& table) {
        std::vector<SliceRange> slices{{0, 1}};
        for (int unit = 1; unit + 1 < table.unitCount(); unit += 2)
            slices.push_back({unit, 2});
        slices.push_back({table.unitCount() - 1, 1});
        return slices;
    }
    Status fill(DeviceBuffer& buffer);
    /// Seconds that the device works on `work`, without what it has still to do for `prepare`.
    Result<double> secondsOf(const std::function<Status()>& work, const std::function<Status()>& prepare = {});
    Status onDevice(const std::function<Status()>& work);
    /// Each call is about the next layer, so that none finds its weights in the processor's cache that would not do so
    /// in training.
    ForwardCall nextForward();
    BackwardCall backwardOf(const ForwardCall& forward);
    double flopsOf(bool forward) const;
    Result<ComputeRates> ratesOnce();
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
    std::unique_ptr<OpenDevice> m_open;
    std::unique_ptr<BatchMath> m_math;
    int m_headUnit = 0;
    int64_t m_turn = 0;
    int64_t m_element = 0;
    std::vector<int64_t> m_offset;  ///< elements before each unit
    DeviceBuffer m_weights;
    DeviceBuffer m_gradient;
    DeviceBuffer m_input;
    DeviceBuffer m_output;
    AlignedBuffer m_copied;  ///< takes half of m_gradient
    AlignedBuffer m_state;   ///< of the attention unit, its gradient behind it, m_updated times
    int64_t m_updated = 0;
};

/// Ordinary numbers: zeros and subnormal ones take other times.
Status Bench::fill(DeviceBuffer& buffer) {
    GSST_ASSIGN(AlignedBuffer host, AlignedBuffer::create(size_t(buffer.size())));
    for (size_t i = 0; i < size_t(buffer.size() / m_element); ++i) {
        const float value = float(int(i * 2654435761u >> 8 & 1023) - 512) * (1.0f / 16384);
        const auto bits = std::bit_cast<uint32_t>(value);
        if (m_training.precision == Precision::Fp32)
            reinterpret_cast<float*>(host.data())[i] = value;
        else
            reinterpret_cast<uint16_t*>(host.data())[i] =
                m_training.precision == Precision::Bf16 ? uint16_t(bits >> 16) : nearestHalf(bits);
    }
    Device& device = m_open->device();
    device.hostWait(device.copyIn(Stream::Compute, buffer.data(), host.span().first(size_t(buffer.size()))));
    return {};
}

Status Bench::prepare(ComputeBackend& backend) {
    GSST_ASSIGN(m_open, backend.open(0));
    m_math = backend.makeMath({m_table, slicesOf(m_table), m_training}, *m_open);
    m_element = computeElementBytes(m_training.precision);
    int64_t elements = 0;
    for (const UnitInfo& unit : m_table.units()) {
        m_offset.push_back(elements);
        elements += unit.paddedElements;
    }
    const int64_t activation = boundarySlotBytes(m_table.model(), m_training);
    const UnitInfo& attention = m_table.units()[1];
    Device& device = m_open->device();
    GSST_ASSIGN(m_weights, device.allocate(elements * m_element));
    GSST_ASSIGN(m_gradient, device.allocate(elements * kGradientBytes));
    GSST_ASSIGN(m_input, device.allocate(activation));
    GSST_ASSIGN(m_output, device.allocate(activation));
    GSST_ASSIGN(m_copied, AlignedBuffer::create(size_t(m_gradient.size()) / 2));
    m_updated = std::clamp<int64_t>(kProbeUncachedBytes / updatedBytes(attention), 1, kMostUpdated);
    GSST_ASSIGN(m_state, AlignedBuffer::create(size_t(m_updated * updatedBytes(attention))));
    device.hostWait(device.fillZero(Stream::Compute, m_gradient.data(), m_gradient.size()));
    for (DeviceBuffer* buffer : {&m_weights, &m_input, &m_output})
        GSST_TRY(fill(*buffer));
    std::vector<int64_t> tokens(size_t(m_training.tokensPerMicroBatch()));
    for (size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = int64_t(i * 7919 % size_t(m_table.model().vocabulary));
    return m_math->setBatch(0, tokens, tokens, int64_t(tokens.size()));
}

Status Bench::onDevice(const std::function<Status()>& work) {
    Status status;
    Device& device = m_open->device();
    device.hostWait(device.run(Stream::Compute, [&] { status = work(); }));
    return status;
}

Result<double> Bench::secondsOf(const std::function<Status()>& work, const std::function<Status()>& prepare) {
    const auto prepared = [&] { return prepare ? onDevice(prepare) : Status(); };
    return usualSeconds(m_training.threads, [&] { return onDevice(work); }, prepared);
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
    return {forward.slice,
            0,
            forward.weights,
            forward.input,
            m_output.data(),
            m_output.data(),
            gradientOf(2 * forward.slice - 1)};
}

Result<double> Bench::keptBackwardSeconds() {
    BackwardCall backward;
    const auto keep = [&]() -> Status {
        ForwardCall forward = nextForward();
        backward = backwardOf(forward);
        forward.keep = backward.kept = true;
        return m_math->forward(forward);
    };
    return secondsOf([&] { return m_math->backward(backward); }, keep);
}

Result<double> Bench::headSeconds() {
    HeadCall call;
    call.weights = weightsOf(m_headUnit);
    call.tiedTable = m_table.model().tiedHead ? weightsOf(0) : nullptr;
    call.input = m_input.data();
    call.inputGradient = m_output.data();
    call.gradient = gradientOf(m_headUnit);
    call.tiedGradient = m_table.model().tiedHead ? gradientOf(0) : nullptr;
    return secondsOf([&]() -> Status {
        GSST_ASSIGN([[maybe_unused]] const LossSum loss, m_math->head(call));
        return {};
    });
}

Result<double> Bench::updateSeconds() {
    const UnitInfo& unit = m_table.units()[1];
    UpdateCall call;
    call.firstBlock = unit.firstBlock;
    call.blockCount = unit.blockCount;
    int64_t turn = 0;
    return secondsOf([&] {
        std::byte* section = m_state.data() + turn++ % m_updated * updatedBytes(unit);
        for (StateKind kind : m_format.kinds())
            call.state[kind] = std::exchange(section, section + m_format.bytes(unit.firstBlock, unit.blockCount, kind));
        call.gradient = reinterpret_cast<float*>(section);
        return m_math->update(call);
    });
}

Result<double> Bench::copySeconds() {
    return usualSeconds(1, [&]() -> Status {
        Device& device = m_open->device();
        device.hostWait(
            device.copyOut(Stream::Compute, m_copied.span().first(size_t(m_gradient.size()) / 2), m_gradient.data()));
        return {};
    });
}

/// Three times where that is quick, and the middle counts: what disturbs a computer for a moment is over when a rate
/// has its next turn.
Result<ComputeRates> Bench::rates() {
    std::vector<ComputeRates> found;
    for (const Stopwatch watch; found.empty() || (found.size() < kPasses && watch.seconds() < kPassesSeconds);) {
        GSST_ASSIGN(const ComputeRates rates, ratesOnce());
        found.push_back(rates);
    }
    ComputeRates middle;
    for (double ComputeRates::* rate :
         {&ComputeRates::forwardFlops, &ComputeRates::backwardFlops, &ComputeRates::keptBackwardFlops,
          &ComputeRates::headFlops, &ComputeRates::updateBytes, &ComputeRates::copyBytes}) {
        std::sort(found.begin(), found.end(),
                  [rate](const ComputeRates& a, const ComputeRates& b) { return a.*rate < b.*rate; });
        middle.*rate = found[found.size() / 2].*rate;
    }
    return middle;
}

Result<ComputeRates> Bench::ratesOnce() {
    ComputeRates rates;
    GSST_ASSIGN(const double forwardSeconds, secondsOf([&] { return m_math->forward(nextForward()); }));
    rates.forwardFlops = flopsOf(true) / forwardSeconds;
    GSST_ASSIGN(const double backwardSeconds, secondsOf([&] { return m_math->backward(backwardOf(nextForward())); }));
    rates.backwardFlops = (flopsOf(true) + flopsOf(false)) / backwardSeconds;
    GSST_ASSIGN(const double keptBackward, keptBackwardSeconds());
    rates.keptBackwardFlops = flopsOf(false) / keptBackward;
    GSST_ASSIGN(const double head, headSeconds());
    const UnitCost headCost = unitCost(m_table, m_headUnit, m_training);
    rates.headFlops = (headCost.forwardFlops + headCost.backwardFlops) / head;
    GSST_ASSIGN(const double update, updateSeconds());
    const UnitInfo& unit = m_table.units()[1];
    rates.updateBytes =
        double(m_format.updateBytes(unit.firstBlock, unit.blockCount, unit.paddedElements * kGradientBytes)) / update;
    GSST_ASSIGN(const double copy, copySeconds());
    rates.copyBytes = double(m_gradient.size()) / copy;
    return rates;
}

}  // namespace

Result<ComputeRates> probeCompute(ComputeBackend& backend, const ProbeShape& shape) {
    const auto measure = [&]() -> Result<ComputeRates> {
        backend.useThreads(shape.training.threads);
        Bench bench(shape);
        GSST_TRY(bench.prepare(backend));
        return bench.rates();
    };
    return std::async(std::launch::async, measure).get();
}

}  // namespace gsst
