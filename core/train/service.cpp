// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/create_training_service.h"

#include "base/units.h"
#include "data/text_source.h"
#include "data/tokenizer.h"
#include "train/explain_plan.h"
#include "train/machine.h"
#include "train/machine_report.h"
#include "train/plan_preview.h"
#include "train/ranks.h"
#include "train/run_listing.h"
#include "train/session.h"
#include "train/trace_writer.h"

#include <chrono>
#include <utility>

namespace gsst {
namespace {

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
        const RunSpec settled = settledHere(spec);
        const TensorTable table(settled.model);
        PlanPreview preview;
        preview.parameters = table.parameters();
        preview.smallestDeviceBytes = smallestDeviceLimit(settled, table);
        GSST_ASSIGN(const RankPlace place, rankPlaceHere());
        GSST_ASSIGN(const RunSpec share, shareOf(settled, place.ranks));
        MachineLimits limits = limitsHere();
        limits.ranks = place.ranks;
        const HardwareProfile hardware = profileHere(share);
        const auto plan = makePlan(share, table, hardware, limits);
        if (!plan.ok()) {
            preview.problem = plan.error().text();
            return preview;
        }
        fillPreview(preview, share, table, hardware, *plan);
        return preview;
    }

    Result<PlanExplanation> explainPlan(const RunSpec& spec) override {
        return withPlan<PlanExplanation>(spec, [](const PlanBasis& basis, const Plan& plan) { return gsst::explainPlan(basis, plan); });
    }

    Result<StepListing> listStep(const RunSpec& spec) override {
        return withPlan<StepListing>(spec, [](const PlanBasis& basis, const Plan& plan) { return gsst::listStep(basis, plan); });
    }

    Result<std::vector<RunInfo>> listRuns(const std::filesystem::path& runsFolder) override {
        return listRunFolders(m_files, runsFolder);
    }

    std::optional<ComputerReport> lastComputerReport() override {
        const std::filesystem::path file = reportFile();
        if (file.empty() || !m_files.exists(file))
            return std::nullopt;
        const auto text = readText(m_files, file, kLargestReport);
        return text.ok() ? parseComputerReport(*text) : std::nullopt;
    }

    Result<ComputerReport> measureComputer(const ComputerQuestion& question, const std::function<void(const Progress&)>& progress,
                                           std::stop_token stop) override {
        if (MachineInUse::now())
            return Error{ErrorCode::Busy, "This computer cannot be measured now", "", "a run computes and would spoil the figures", "Pause the run first"};
        ReportOptions options;
        options.folder = question.folder;
        GSST_ASSIGN(options.spec, loadPreset(m_presetsFolder, "gpt2-124m"));
        options.driveBytes = uint64_t{question.quick ? 128u : 1024u} << 20;
        options.sustainedBytes = question.quick ? 0 : uint64_t{4} << 30;
        options.progress = progress;
        GSST_ASSIGN(const MachineReport measured, reportMachine(m_files, options, std::move(stop)));
        ComputerReport report = toldOf(measured, question);
        // That it cannot be kept is no harm: it is shown all the same.
        if (const std::filesystem::path file = reportFile(); !file.empty() && m_files.makeFolders(file.parent_path()).ok())
            static_cast<void>(writeTextAtomically(m_files, file, toJson(report)));
        return report;
    }

    Result<std::unique_ptr<RunSession>> startRun(RunRequest request, std::function<void()> wake) override {
        GSST_TRY(checkDevice(request.device));
        GSST_ASSIGN(auto trace, openTrace(request.trace));
        return std::unique_ptr<RunSession>(std::make_unique<Session>(m_files, std::move(request), std::move(wake), std::move(trace)));
    }

    Result<std::unique_ptr<RunSession>> resumeRun(ResumeRequest request, std::function<void()> wake) override {
        GSST_ASSIGN(auto trace, openTrace(request.trace));
        return std::unique_ptr<RunSession>(std::make_unique<Session>(m_files, std::move(request), std::move(wake), std::move(trace)));
    }

private:
    static constexpr uint64_t kLargestReport = 1u << 16;
    static std::filesystem::path reportFile() {
        const std::filesystem::path folder = userCacheFolder();
        return folder.empty() ? folder : folder / "computer.json";
    }

    static ComputerReport toldOf(const MachineReport& measured, const ComputerQuestion& question) {
        ComputerReport report;
        report.measuredAt = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
        report.folder = question.folder;
        report.processor = measured.processor;
        report.cores = measured.cores;
        report.threads = measured.threads;
        report.instructions = measured.instructions;
        report.fastBf16 = measured.fastBf16;
        report.ramTotalBytes = measured.ramTotalBytes;
        report.ramFreeBytes = measured.ramFreeBytes;
        report.diskFreeBytes = measured.diskFreeBytes;
        report.memoryBytes = measured.memoryBytes;
        report.productFlopsFp32 = measured.productFlopsFp32;
        report.productFlopsBf16 = measured.productFlopsBf16;
        report.productFlopsFp16 = measured.productFlopsFp16;
        report.forwardFlops = measured.training.forwardFlops;
        report.backwardFlops = measured.training.backwardFlops;
        report.updateBytes = measured.training.updateBytes;
        const DriveRates drive = ratesOf(measured.drive);
        report.readBytes = drive.readBytesPerSecond;
        report.writeBytes = drive.writeBytesPerSecond;
        report.uring = drive.uring;
        report.direct = measured.drive.caching == Caching::Direct;
        report.whyNoUring = measured.drive.whyNoUring;
        report.sustained = !question.quick;
        return report;
    }

    MachineLimits limitsHere() { return machineLimits(m_files, std::filesystem::current_path()); }
    RunSpec settledHere(RunSpec spec) {
        settleProducts(m_files, spec.training);
        return spec;
    }
    HardwareProfile profileHere(const RunSpec& spec) {
        return measureMachine(m_files, std::filesystem::current_path(), spec, DriveProbe::KnownOnly).profile;
    }

    /// What `tell` makes of the recipe's plan on this machine.
    template <typename Told>
    Result<Told> withPlan(const RunSpec& spec, const std::function<Told(const PlanBasis&, const Plan&)>& tell) {
        GSST_TRY(validate(spec, "the recipe"));
        GSST_ASSIGN(const RankPlace place, rankPlaceHere());
        GSST_ASSIGN(const RunSpec share, shareOf(settledHere(spec), place.ranks));
        const TensorTable table(spec.model);
        MachineLimits limits = limitsHere();
        limits.ranks = place.ranks;
        const HardwareProfile hardware = profileHere(share);
        GSST_ASSIGN(const Plan plan, makePlan(share, table, hardware, limits));
        return tell({share, table, hardware, limits}, plan);
    }

    /// Nothing where none is wanted.
    Result<std::unique_ptr<TraceWriter>> openTrace(const TraceRequest& request) {
        if (request.file.empty())
            return std::unique_ptr<TraceWriter>();
        GSST_ASSIGN(const RankPlace place, rankPlaceHere());
        TraceRequest own = request;
        own.file = fileOfRank(request.file, place);
        return TraceWriter::create(m_files, own);
    }

    static Status checkDevice(const std::string& device) {
        if (device == "cpu")
            return {};
        return Error{ErrorCode::InvalidInput, "This device is not available", "--device " + device,
                     "this version trains on the processor", "Use --device cpu"};
    }

    FileSystem& m_files;
    std::filesystem::path m_presetsFolder;
};

}  // namespace

std::unique_ptr<TrainingService> createTrainingService(std::filesystem::path presetsFolder) {
    return std::make_unique<Service>(std::move(presetsFolder));
}

}  // namespace gsst
