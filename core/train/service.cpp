// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/create_training_service.h"

#include "base/units.h"
#include "data/text_source.h"
#include "data/tokenizer.h"
#include "plan/state_bytes.h"
#include "train/machine.h"
#include "train/run_listing.h"
#include "train/session.h"

#include <utility>

namespace gsst {
namespace {

void put(PlanPreview& preview, MemoryKind kind, MemoryTier tier, int64_t bytes) {
    preview.bytes[size_t(kind)][size_t(tier)] += bytes;
}

/// Device bytes of the program's worst op, by kind of use.
void placeDeviceBytes(PlanPreview& preview, const StepProgram& program) {
    std::array<int64_t, 5> live{};
    std::array<int64_t, 5> worst{};
    int64_t peak = -1;
    for (const Op& op : program.ops) {
        const auto account = [&](const std::vector<int>& buffers, int64_t sign) {
            for (int buffer : buffers) {
                const BufferInfo& info = program.buffers[size_t(buffer)];
                if (info.space == Space::Device)
                    live[size_t(info.use)] += sign * info.bytes;
            }
        };
        account(op.acquires, 1);
        int64_t sum = op.workspace;
        for (int64_t bytes : live)
            sum += bytes;
        if (sum > peak) {
            peak = sum;
            worst = live;
            worst[size_t(BufferUse::Activation)] += op.workspace;
        }
        account(op.releases, -1);
    }
    put(preview, MemoryKind::Weights, MemoryTier::Device, worst[size_t(BufferUse::Weights)]);
    put(preview, MemoryKind::Gradients, MemoryTier::Device, worst[size_t(BufferUse::Gradient)]);
    put(preview, MemoryKind::Activations, MemoryTier::Device, worst[size_t(BufferUse::Activation)]);
}

class Service : public TrainingService {
public:
    explicit Service(std::filesystem::path presetsFolder) : m_files(osFileSystem()), m_presetsFolder(std::move(presetsFolder)) {}

    Result<std::vector<RunSpec>> presets() override { return loadPresets(m_presetsFolder); }

    Result<TextSummary> summarizeText(const std::vector<std::filesystem::path>& text,
                                      const std::function<void(const Progress&)>& progress, std::stop_token stop) override {
        GSST_ASSIGN(const TextInspection inspection, inspectText(m_files, text, [&progress](const DataProgress& data) {
            if (progress)
                progress({data.what, data.done, data.total, data.unit});
        }, stop));
        TextSummary summary;
        for (const TextFile& file : inspection.files)
            summary.files.push_back({file.path, file.bytes, file.problem});
        summary.usableBytes = inspection.usableBytes;
        summary.invalidUtf8Bytes = inspection.invalidUtf8Bytes;
        summary.preview = inspection.preview;
        summary.suggestedVocabulary = suggestedVocabulary(inspection.usableBytes);
        return summary;
    }

    Result<PlanPreview> previewPlan(const RunSpec& spec) override {
        GSST_TRY(validate(spec, "the recipe"));
        const TensorTable table(spec.model);
        PlanPreview preview;
        preview.parameters = table.parameters();
        preview.smallestDeviceBytes = smallestDeviceLimit(spec, table);
        const MachineLimits machine = machineLimits(m_files, std::filesystem::current_path());
        const auto plan = makePlan(spec, table, measureHardware(m_files, {}), machine);
        if (!plan.ok()) {
            preview.problem = plan.error().text();
            return preview;
        }
        fill(preview, spec, table, *plan);
        return preview;
    }

    Result<std::vector<RunInfo>> listRuns(const std::filesystem::path& runsFolder) override {
        return listRunFolders(m_files, runsFolder);
    }

    Result<std::unique_ptr<RunSession>> startRun(RunRequest request, std::function<void()> wake) override {
        GSST_TRY(checkDevice(request.device));
        return std::unique_ptr<RunSession>(std::make_unique<Session>(m_files, std::move(request), std::move(wake)));
    }

    Result<std::unique_ptr<RunSession>> resumeRun(const std::filesystem::path& runFolder, int64_t steps, std::function<void()> wake) override {
        return std::unique_ptr<RunSession>(std::make_unique<Session>(m_files, ResumeRequest{runFolder, steps}, std::move(wake)));
    }

private:
    static Status checkDevice(const std::string& device) {
        if (device == "cpu")
            return {};
        return Error{ErrorCode::InvalidInput, "This device is not available", "--device " + device,
                     "this version trains on the processor", "Use --device cpu"};
    }

    static void fill(PlanPreview& preview, const RunSpec& spec, const TensorTable& table, const Plan& plan) {
        preview.fits = true;
        preview.streamed = !plan.placement.stateResident;
        preview.slices = plan.slices;
        TrainSpec training = spec.training;
        training.microBatch = plan.microBatch;
        placeDeviceBytes(preview, ProgramBuilder(table, training, plan.placement).build(ProgramKind::StepPlain));
        const int64_t parameters = table.paddedParameters();
        const MemoryTier home = preview.streamed ? MemoryTier::Disk : MemoryTier::Ram;
        put(preview, MemoryKind::Weights, home, parameters * (kHiBytes + kLoBytes));
        put(preview, MemoryKind::Optimizer, home, parameters * (kStateBytes - kHiBytes - kLoBytes));
        put(preview, MemoryKind::Gradients, home, parameters * kGradientBytes);
        put(preview, MemoryKind::Activations, MemoryTier::Ram, plan.boundaryBytes);
        put(preview, MemoryKind::Staging, MemoryTier::Ram, plan.ringBytes);
        // Two slots on disk: the working one was counted if streamed, the rest is the safety copy.
        const int64_t counted = preview.streamed ? parameters * (kStateBytes + kGradientBytes) : 0;
        put(preview, MemoryKind::Optimizer, MemoryTier::Disk, plan.diskBytes - counted);
        preview.devicePeakBytes = plan.devicePeak;
        preview.ramPeakBytes = plan.ramPeak;
        preview.diskBytes = plan.diskBytes;
        preview.readBytesPerStep = plan.step.readBytes;
        preview.writtenBytesPerStep = plan.step.writtenBytes;
        preview.secondsPerStep = plan.step.seconds;
        preview.tokensPerSecond = double(spec.training.tokensPerStep()) / plan.step.seconds;
        preview.totalSeconds = plan.step.seconds * double(spec.training.steps);
        preview.bottleneck = plan.diskBound() ? "disk" : "compute";
    }

    FileSystem& m_files;
    std::filesystem::path m_presetsFolder;
};

}  // namespace

std::unique_ptr<TrainingService> createTrainingService(std::filesystem::path presetsFolder) {
    return std::make_unique<Service>(std::move(presetsFolder));
}

}  // namespace gsst
