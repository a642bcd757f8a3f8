// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/empty_service.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <semaphore>
#include <thread>

namespace gsst {

/// What a fake session did, kept by the fake service so that it outlives the session.
struct FakeRecord {
    std::mutex mutex;
    std::vector<Command> commands;
    std::atomic<bool> finished = false;
    std::atomic<bool> destroyed = false;
    std::thread::id destroyedOn;
    /// The session ends as soon as it may: at once, unless a test took this before.
    std::binary_semaphore mayEnd{1};

    bool got(Command command) {
        const std::lock_guard lock(mutex);
        return std::find(commands.begin(), commands.end(), command) != commands.end();
    }
};

/// A session whose events a test writes.
class FakeSession : public RunSession {
public:
    FakeSession(std::shared_ptr<FakeRecord> record, std::function<void()> wake) : m_record(std::move(record)) {
        m_events.setWake(std::move(wake));
    }
    ~FakeSession() override {
        m_record->mayEnd.acquire();
        m_record->destroyedOn = std::this_thread::get_id();
        m_record->destroyed = true;
    }
    EventQueue& events() override { return m_events; }
    void send(Command command) override {
        const std::lock_guard lock(m_record->mutex);
        m_record->commands.push_back(command);
    }
    bool finished() const override { return m_record->finished; }

private:
    std::shared_ptr<FakeRecord> m_record;
    EventQueue m_events;
};

inline RunSpec fakePreset(const std::string& name, const std::string& title, int64_t layers, int64_t width,
                          int64_t steps) {
    RunSpec spec;
    spec.name = name;
    spec.title = title;
    spec.model.family = Family::Llama;
    spec.model.layers = layers;
    spec.model.width = width;
    spec.model.ffnWidth = 4 * width;
    spec.model.heads = spec.model.kvHeads = width / 64;
    spec.model.vocabulary = 16000;
    spec.model.context = 1024;
    spec.training.steps = steps;
    spec.training.sequenceLength = 128;
    spec.training.sequencesPerStep = 16;
    spec.training.microBatch = 16;
    spec.training.samplePrompt = "Once upon a time";
    return spec;
}

/// Answers like the real service from simple formulas, without touching text or disk. As the real one it is asked from
/// pool threads, so what those read is set through functions or atomic; the other members belong to the UI thread.
class FakeService : public test::EmptyService {
public:
    std::shared_ptr<FakeRecord> record = std::make_shared<FakeRecord>();
    FakeSession* session = nullptr;  ///< the last one; gone when record->destroyed
    RunRequest request;
    std::filesystem::path resumed;
    std::atomic<int> previews = 0;
    std::atomic<std::chrono::milliseconds> previewTakes = std::chrono::milliseconds(2);
    bool refuse = false;

    static int64_t parametersOf(const RunSpec& spec) {
        return spec.model.layers * (12 * spec.model.width * spec.model.width) +
               spec.model.vocabulary * spec.model.width;
    }
    static int64_t deviceNeed(const RunSpec& spec) {
        return parametersOf(spec) / spec.model.layers * 24 + (int64_t(64) << 20);
    }

    Result<std::vector<RunSpec>> presets() override {
        return std::vector<RunSpec>{fakePreset("sample", "Sample stories", 6, 192, 600),
                                    fakePreset("gpt2-124m", "GPT-2 124M", 12, 768, 20000),
                                    fakePreset("llama-350m", "Llama 350M", 24, 1024, 30000),
                                    fakePreset("llama-800m", "Llama 800M", 20, 1536, 40000),
                                    fakePreset("llama-1.3b", "Llama 1.3B", 24, 2048, 50000),
                                    fakePreset("llama-3b", "Llama 3B", 26, 3200, 50000),
                                    fakePreset("llama-7b", "Llama 7B", 32, 4096, 50000)};
    }
    Result<TextSummary> summarizeText(const std::vector<std::filesystem::path>& text,
                                      const std::function<void(const Progress&)>& progress, std::stop_token) override {
        TextSummary summary;
        for (const auto& path : text) {
            const bool usable = path.extension() != ".pdf";
            summary.files.push_back({path, usable ? uint64_t(141) << 20 : uint64_t(9) << 20,
                                     usable ? "" : "PDF has no plain text here; export it as txt first"});
            summary.usableBytes += usable ? summary.files.back().bytes : 0;
            if (progress)
                progress({"Reading the text", summary.usableBytes, summary.usableBytes, "MiB"});
        }
        summary.preview = "Thursday 14th. Fresh gales and squally with rain. At 4 took in the topgallants, wind WSW. "
                          "Carp enters employed at "
                          "the main capstan. Lat. by obs. 48° 51' N.\n\nFriday 15th. Moderate and fair; out second "
                          "reef of the topsails. ";
        summary.suggestedVocabulary = 16000;
        return summary;
    }
    Result<ExplainedPlan> explainPlan(const PlanQuestion& question) override {
        PlanExplanation told;
        const int64_t parameters = parametersOf(question.spec);
        told.kinds = {
            {"working weights", parameters * 4, {0, 12, 0}, "RAM (all)", "they fit, and every sweep needs them"},
            {"moments", parameters * 8, {0, 9, 5}, "RAM 9, disk 5", "RAM is used up by what is needed more often"},
            {"boundary activations", int64_t(1) << 29, {0, 0, 0}, "RAM", "read again in the backward sweep"}};
        told.updateRule = "insured";
        told.updateReason = "the backward sweep hides the writing, and clipped steps are rare";
        told.memory = {{"now", true, "", "insured", 14.2, parameters * 12, parameters * 12},
                       {"1 GiB more RAM", false, "", "insured", 12.9, parameters * 11, parameters * 12},
                       {"1 GiB more device memory", false, "This machine has no more of it", "", 0, 0, 0}};
        ++explanations;
        return ExplainedPlan{{}, told};
    }
    std::atomic<int> explanations = 0;
    std::optional<ComputerReport> lastComputerReport() override {
        const std::lock_guard lock(m_runsMutex);
        return m_report;
    }
    void setReport(std::optional<ComputerReport> report) {
        const std::lock_guard lock(m_runsMutex);
        m_report = std::move(report);
    }
    static ComputerReport exampleReport() {
        ComputerReport report;
        report.measuredAt = 1763960520;
        report.folder = "/runs";
        report.recipe = "gpt2-124m";
        report.processor = "AMD Ryzen 7 7700 8-Core Processor";
        report.cores = 8;
        report.threads = 16;
        report.instructions = {"AVX2", "AVX-512", "AVX-512 BF16"};
        report.fastBf16 = true;
        report.ramTotalBytes = int64_t(32) << 30;
        report.ramFreeBytes = int64_t(24) << 30;
        report.diskFreeBytes = int64_t(186) << 30;
        report.memoryBytes = 48e9;
        report.productFlopsFp32 = 950e9;
        report.productFlopsBf16 = 1800e9;
        report.productFlopsFp16 = 930e9;
        report.forwardFlops = 620e9;
        report.backwardFlops = 580e9;
        report.updateBytes = 31e9;
        report.readBytes = 3.4e9;
        report.writeBytes = 2.6e9;
        report.uring = true;
        return report;
    }
    std::atomic<int> measurements = 0;
    std::atomic<bool> holdMeasuring = false;  ///< measuring goes on until it is stopped
    Result<ComputerReport> measureComputer(const ComputerQuestion& question,
                                           const std::function<void(const Progress&)>& progress,
                                           std::stop_token stop) override {
        ++measurements;
        progress({"Measuring the drive", 40, 100, "%"});
        while (holdMeasuring && !stop.stop_requested())
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (stop.stop_requested())
            return Error{ErrorCode::Cancelled, "Measuring was cancelled", "", "", ""};
        ComputerReport report = exampleReport();
        report.folder = question.folder;
        setReport(report);
        return report;
    }
    Result<PlanPreview> previewPlan(const PlanQuestion& question) override {
        ++previews;
        const RunSpec& spec = question.spec;
        {
            const std::lock_guard lock(m_runsMutex);
            m_lastPreviewed = spec;
            m_lastFolder = question.folder;
        }
        std::this_thread::sleep_for(previewTakes.load());
        if (spec.budget.residency == refuseResidency.load())
            return Error{ErrorCode::OverBudget, "The state does not fit into RAM", "budget.residency",
                         "all of it would have to", "Choose Automatic"};
        PlanPreview plan;
        plan.parameters = parametersOf(spec);
        plan.smallestDeviceBytes = deviceNeed(spec);
        if (spec.budget.deviceBytes > 0 && spec.budget.deviceBytes < plan.smallestDeviceBytes) {
            plan.problem = "The plan does not fit the device limit: one slice alone needs more. Raise the limit";
            return plan;
        }
        plan.fits = true;
        plan.streamed = plan.parameters > 200'000'000;
        plan.slices = int(spec.model.layers) + 2;
        const int64_t slice = plan.parameters / spec.model.layers;
        const auto put = [&plan](MemoryKind kind, MemoryTier tier, int64_t bytes) {
            plan.bytes[size_t(kind)][size_t(tier)] = bytes;
        };
        const MemoryTier home = plan.streamed ? MemoryTier::Disk : MemoryTier::Ram;
        put(MemoryKind::Weights, MemoryTier::Device, slice * 4);
        put(MemoryKind::Gradients, MemoryTier::Device, slice * 4);
        put(MemoryKind::Activations, MemoryTier::Device, slice * 12);
        put(MemoryKind::Weights, home, plan.parameters * 4);
        put(MemoryKind::Optimizer, home, plan.parameters * 8);
        put(MemoryKind::Gradients, home, plan.parameters * 4);
        put(MemoryKind::Activations, MemoryTier::Ram, int64_t(1) << 29);
        put(MemoryKind::Staging, MemoryTier::Ram, int64_t(96) << 20);
        for (size_t kind = 0; kind < 5; ++kind) {
            plan.devicePeakBytes += plan.bytes[kind][size_t(MemoryTier::Device)];
            plan.ramPeakBytes += plan.bytes[kind][size_t(MemoryTier::Ram)];
            plan.diskBytes += plan.bytes[kind][size_t(MemoryTier::Disk)];
        }
        plan.readBytesPerStep = plan.streamed ? plan.parameters * 18 : 0;
        plan.writtenBytesPerStep = plan.streamed ? plan.parameters * 16 : 0;
        plan.secondsPerStep = double(plan.parameters) * 8.0 * double(spec.training.tokensPerStep()) / 4e12;
        plan.tokensPerSecond = double(spec.training.tokensPerStep()) / plan.secondsPerStep;
        plan.totalSeconds = plan.secondsPerStep * double(spec.training.steps);
        plan.bottleneck = Bottleneck::Compute;
        plan.driveReadRate = driveMeasured ? 3.4e9 : 1.5e9;
        plan.driveWriteRate = driveMeasured ? 2.6e9 : 1e9;
        plan.driveMeasured = driveMeasured;
        return plan;
    }
    std::atomic<bool> driveMeasured = true;
    std::filesystem::path lastFolder() {
        const std::lock_guard lock(m_runsMutex);
        return m_lastFolder;
    }
    RunSpec lastPreviewed() {
        const std::lock_guard lock(m_runsMutex);
        return m_lastPreviewed;
    }
    std::atomic<ResidencyChoice> refuseResidency = ResidencyChoice(-1);  ///< plans with it fail
    Result<std::vector<RunInfo>> listRuns(const std::filesystem::path&) override {
        const std::lock_guard lock(m_runsMutex);
        return m_runs;
    }
    void setRuns(std::vector<RunInfo> runs) {
        const std::lock_guard lock(m_runsMutex);
        m_runs = std::move(runs);
    }
    Result<std::unique_ptr<RunSession>> startRun(RunRequest wanted, std::function<void()> wake) override {
        if (refuse)
            return Error{ErrorCode::InvalidInput, "This device is not available", "--device cuda",
                         "this version trains on the processor", "Use the CPU"};
        request = std::move(wanted);
        return open(std::move(wake));
    }
    Result<std::unique_ptr<RunSession>> resumeRun(ResumeRequest wanted, std::function<void()> wake) override {
        resumed = wanted.folder;
        return open(std::move(wake));
    }

private:
    std::unique_ptr<RunSession> open(std::function<void()> wake) {
        record = std::make_shared<FakeRecord>();
        auto opened = std::make_unique<FakeSession>(record, std::move(wake));
        session = opened.get();
        return opened;
    }

    std::mutex m_runsMutex;
    RunSpec m_lastPreviewed;
    std::filesystem::path m_lastFolder;
    std::optional<ComputerReport> m_report;
    std::vector<RunInfo> m_runs;  ///< guarded by m_runsMutex
};

/// The worked example of the screens: a 1.1B model, 24 slices, 916 steps.
inline Planned examplePlan() {
    Planned plan;
    plan.steps = 916;
    plan.slices = 24;
    plan.sliceInfos.assign(24, {});
    for (int i = 0; i < 24; ++i)
        plan.sliceInfos[size_t(i)].firstLayer = plan.sliceInfos[size_t(i)].lastLayer = i;
    plan.sliceInfos.front().kind = SliceInfo::Kind::Embedding;
    plan.sliceInfos.back().kind = SliceInfo::Kind::Head;
    plan.tokensPerStep = 131072;
    plan.parameters = 1'100'000'000;
    plan.secondsPerStep = 52.4;
    plan.devicePeakBytes = int64_t(6.2 * 1073741824.0);
    plan.deviceLimitBytes = int64_t(7) << 30;
    plan.ramPeakBytes = int64_t(14.3 * 1073741824.0);
    plan.ramLimitBytes = int64_t(16) << 30;
    plan.diskBytes = int64_t(61) << 30;
    plan.readBytesPerStep = int64_t(19) << 30;
    plan.writtenBytesPerStep = int64_t(12.3 * 1073741824.0);
    plan.bottleneck = Bottleneck::Compute;
    return plan;
}

inline StepDone exampleStep(int64_t step) {
    StepDone done;
    done.step = step;
    const double noise = 0.12 * std::sin(double(step) * 12.9898) * std::cos(double(step) * 78.233);
    done.loss = 1.92 + 0.82 * std::exp(-double(step) / 110.0) + noise * (0.5 + std::exp(-double(step) / 80.0));
    done.gradientNorm = 0.8 + noise;
    done.learningRate = 2e-5;
    done.seconds = 53.0 + 2 * noise;
    done.tokensPerSecond = 131072 / done.seconds;
    done.secondsLeft = 53.0 * double(916 - step);
    done.devicePeakBytes = int64_t((6.0 + noise) * 1073741824.0);
    done.ramBytes = int64_t(14.1 * 1073741824.0);
    done.readBytes = int64_t((19 + 4 * noise) * 1073741824.0);
    done.writtenBytes = int64_t((12.3 + 2 * noise) * 1073741824.0);
    done.readWaitSeconds = 0.9;
    done.writeWaitSeconds = 0.3;
    return done;
}

}  // namespace gsst
