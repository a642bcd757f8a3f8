// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/bench_contender.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gsst {
namespace {

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

/// That always updates so.
UpdateRule ruleOf(BackwardUpdate update) {
    switch (update) {
    case BackwardUpdate::None:
        return UpdateRule::Deferred;
    case BackwardUpdate::Speculative:
        return UpdateRule::Speculative;
    case BackwardUpdate::Insured:
        return UpdateRule::Insured;
    }
    return UpdateRule::Deferred;
}

}  // namespace

const char* nameOf(BenchWay way) {
    switch (way) {
    case BenchWay::Plain:
        return "plain";
    case BenchWay::Resident:
        return "resident";
    case BenchWay::Ram:
        return "ram";
    case BenchWay::Disk:
        return "disk";
    }
    return "";
}

BenchContender::~BenchContender() {
    m_trainer.reset();
    m_run.reset();
    std::error_code ignored;
    if (!m_folder.empty())
        std::filesystem::remove_all(m_folder, ignored);
}

/// From RAM: with as much device memory as streaming from disk takes, so that nothing can stay on the device.
Result<RunSpec> BenchContender::specOf(const BenchOptions& options) const {
    RunSpec spec = options.spec;
    spec.training.steps = std::max<int64_t>(spec.training.steps, 100000);
    spec.budget.activations = m_way == BenchWay::Plain ? ActivationChoice::Auto : ActivationChoice::Recompute;
    spec.budget.residency = m_way == BenchWay::Disk ? ResidencyChoice::Disk : ResidencyChoice::Resident;
    if (m_way != BenchWay::Ram || spec.budget.deviceBytes > 0)
        return spec;
    RunSpec streamed = spec;
    streamed.budget.residency = ResidencyChoice::Disk;
    GSST_ASSIGN(const Plan plan, makePlan(streamed, TensorTable(spec.model), {}, {}));
    spec.budget.deviceBytes = plan.devicePeak;
    return spec;
}

/// A rule that goes by how often steps clip shall have seen enough of them when the measuring begins.
Status BenchContender::learnClipping(const TrainerParts& parts, const std::stop_token& stop) const {
    if (parts.plan.rule != UpdateRule::Adaptive)
        return {};
    GSST_ASSIGN(const auto trainer, Trainer::open(parts, *m_run->table, {}, stop));
    for (int i = 0; i < kHistoryThatCounts; ++i)
        GSST_TRY(trainer->runStep(i + 1 < kHistoryThatCounts, stop));
    return trainer->flush();
}

Status BenchContender::prepare(const BenchOptions& options, const EventSink& sink, const std::stop_token& stop) {
    // Only the slots' traffic shall be slow, not the preparation.
    FileSystem& files = osFileSystem();
    RunRequest request;
    GSST_ASSIGN(request.spec, specOf(options));
    request.device = options.device;
    request.sampleText = true;
    request.driveBytesPerSecond = options.diskBytesPerSecond;
    request.runFolder = options.folder / (std::string("gsst-bench-") + nameOf(m_way));
    if (files.exists(request.runFolder / "run.json"))
        return Error{ErrorCode::InvalidInput, "The benchmark's folder is left from an earlier one",
                     request.runFolder.string(), "a run is in it", "Remove it, or name another --folder"};
    m_folder = request.runFolder;
    GSST_ASSIGN(m_run, prepareNewRun(files, request, sink, stop));
    TrainerParts parts = partsOf(files, *m_run);
    GSST_TRY(learnClipping(parts, stop));
    if (options.diskBytesPerSecond > 0) {
        ThrottleOptions throttle;
        throttle.readBytesPerSecond = throttle.writeBytesPerSecond = options.diskBytesPerSecond;
        m_slow = std::make_unique<ThrottledFiles>(files, throttle);
        parts.files = m_slow.get();
        parts.engine = IoEngine::ThreadPool;  // io_uring would pass the brake by
    }
    GSST_ASSIGN(m_trainer, Trainer::open(parts, *m_run->table, {}, stop));
    GSST_ASSIGN([[maybe_unused]] const StepResult first, m_trainer->runStep(false, stop));
    return m_trainer->quiesce();
}

Status BenchContender::measure(int steps, const std::stop_token& stop) {
    const IoCounters before = m_trainer->ioCounters();
    for (int i = 0; i <= steps; ++i) {
        GSST_ASSIGN(const StepResult result, m_trainer->runStep(i < steps, stop));
        if (i > 0)
            m_timed.push_back(result);
    }
    GSST_TRY(m_trainer->quiesce());
    const IoCounters after = m_trainer->ioCounters();
    m_stepsCounted += steps + 1;
    m_readBytes += int64_t(after.readBytes - before.readBytes);
    m_writtenBytes += int64_t(after.writtenBytes - before.writtenBytes);
    return {};
}

template <typename Value>
double BenchContender::medianOf(const Value& value) const {
    std::vector<double> values;
    for (const StepResult& step : m_timed)
        values.push_back(value(step));
    return median(std::move(values));
}

BenchContender::Predicted BenchContender::predicted(BackwardUpdate update) const {
    const CompiledPlan& plan = m_trainer->plan();
    const SimulatedCost cost = simulateStep(plan.stepPrograms(update), m_run->planned.hardware, plan.plan().ringBytes);
    return {cost.seconds, cost.readBytes, cost.writtenBytes};
}

void BenchContender::fillPredictions(BenchVariant& variant) const {
    std::map<BackwardUpdate, Predicted> kinds;
    int64_t readBytes = 0, writtenBytes = 0;
    for (const StepResult& step : m_timed) {
        if (!kinds.contains(step.update))
            kinds[step.update] = predicted(step.update);
        readBytes += kinds[step.update].readBytes;
        writtenBytes += kinds[step.update].writtenBytes;
    }
    const auto steps = std::max<int64_t>(1, int64_t(m_timed.size()));
    variant.updateRule = nameOf(kinds.size() == 1 ? ruleOf(kinds.begin()->first) : m_run->planned.plan.rule);
    variant.predictedSeconds = medianOf([&kinds](const StepResult& step) { return kinds.at(step.update).seconds; });
    variant.predictedReadBytes = readBytes / steps;
    variant.predictedWrittenBytes = writtenBytes / steps;
}

BenchVariant BenchContender::result() const {
    const Plan& plan = m_run->planned.plan;
    BenchVariant variant;
    variant.way = m_way;
    for (const StepResult& step : m_timed) {
        variant.secondsPerStep.push_back(step.seconds);
        variant.devicePeak = std::max(variant.devicePeak, step.devicePeakBytes);
        variant.ramPeak = std::max(variant.ramPeak, step.countedRamBytes);
        variant.clippedShare += step.clipFactor < 1.0f ? 1.0 / double(m_timed.size()) : 0.0;
    }
    variant.median = medianOf([](const StepResult& step) { return step.seconds; });
    variant.readWait = medianOf([](const StepResult& step) { return step.readWaitSeconds; });
    variant.writeWait = medianOf([](const StepResult& step) { return step.writeWaitSeconds; });
    variant.computeSeconds = medianOf([](const StepResult& step) { return step.compute.total(); });
    for (size_t kind = 0; kind < kOpKinds; ++kind)
        if (const double seconds = medianOf([kind](const StepResult& step) { return step.compute.byKind[kind]; });
            seconds > 0)
            variant.computeByKind.emplace_back(nameOf(OpKind(kind)), seconds);
    variant.readBytes = double(m_readBytes) / double(std::max<int64_t>(1, m_stepsCounted));
    variant.writtenBytes = double(m_writtenBytes) / double(std::max<int64_t>(1, m_stepsCounted));
    fillPredictions(variant);
    variant.predictedDevicePeak = plan.devicePeak;
    variant.predictedRamPeak = plan.ramPeak - plan.programBytes;
    variant.flops = plan.step.flops;
    return variant;
}

}  // namespace gsst
