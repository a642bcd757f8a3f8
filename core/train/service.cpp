// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/create_training_service.h"

#include "backend/compute_backend.h"
#include "base/units.h"
#include "base/usable_cores.h"
#include "data/text_source.h"
#include "data/tokenizer.h"
#include "insight/explain_plan.h"
#include "insight/plan_preview.h"
#include "machine/machine.h"
#include "machine/measure_computer.h"
#include "ranks/ranks.h"
#include "run/run_listing.h"
#include "service/thread_warning.h"
#include "trace/trace_writer.h"
#include "train/session.h"

#include <utility>

namespace gsst {
namespace {

class Service : public TrainingService {
public:
    explicit Service(std::filesystem::path presetsFolder)
        : m_files(osFileSystem()), m_presetsFolder(std::move(presetsFolder)) {}

    Result<std::vector<RunSpec>> presets() override { return loadPresets(m_presetsFolder); }

    Result<TextSummary> summarizeText(const std::vector<std::filesystem::path>& text,
                                      const std::function<void(const Progress&)>& progress,
                                      std::stop_token stop) override {
        GSST_ASSIGN(const TextInspection inspection,
                    inspectText(
                        m_files, text,
                        [&progress](const DataProgress& data) {
                            if (progress)
                                progress({data.what, data.done, data.total, data.unit});
                        },
                        stop));
        TextSummary summary;
        for (const TextFile& file : inspection.files)
            summary.files.push_back({file.path, file.bytes, file.problem});
        summary.usableBytes = inspection.usableBytes;
        summary.invalidUtf8Bytes = inspection.invalidUtf8Bytes;
        summary.preview = inspection.preview;
        summary.suggestedVocabulary = suggestedVocabulary(inspection.usableBytes);
        return summary;
    }

    Result<PlanPreview> previewPlan(const PlanQuestion& question) override {
        GSST_TRY(validate(question.spec, "the recipe"));
        GSST_ASSIGN(const auto backend, createBackend(question.device));
        const TensorTable table(question.spec.model);
        GSST_ASSIGN(const Means means, meansOf(question, *backend));
        PlanPreview preview = previewOf(question, *backend, table);
        const PlanBasis basis{means.share, table, means.hardware, means.limits};
        if (const auto plan = makePlan(means.share, table, means.hardware, means.limits); plan.ok())
            fillPreview(preview, basis, compiledFor(basis, *plan));
        else
            preview.problem = plan.error().text();
        return preview;
    }

    Result<ExplainedPlan> explainPlan(const PlanQuestion& question) override {
        using Told = ExplainedPlan;
        return withPlan<Told>(question, [&](const PlanBasis& basis, ComputeBackend& backend, const CompiledPlan& plan) {
            Told told{previewOf(question, backend, basis.table), gsst::explainPlan(basis, plan)};
            fillPreview(told.preview, basis, plan);
            return told;
        });
    }

    Result<StepListing> listStep(const PlanQuestion& question) override {
        using Told = StepListing;
        return withPlan<Told>(question, [](const PlanBasis& basis, ComputeBackend&, const CompiledPlan& plan) {
            return gsst::listStep(plan, basis.hardware);
        });
    }

    Result<std::vector<RunInfo>> listRuns(const std::filesystem::path& runsFolder) override {
        return listRunFolders(m_files, runsFolder);
    }

    std::optional<ComputerReport> lastComputerReport() override { return gsst::lastComputerReport(m_files); }

    Result<ComputerReport> measureComputer(const ComputerQuestion& question,
                                           const std::function<void(const Progress&)>& progress,
                                           std::stop_token stop) override {
        if (MachineInUse::now())
            return Error{ErrorCode::Busy, "This computer cannot be measured now", "",
                         "a run computes and would spoil the figures", "Pause the run first"};
        GSST_ASSIGN(const auto backend, createBackend(question.device));
        MeasurementOptions options;
        options.folder = question.folder;
        options.quick = question.quick;
        options.progress = progress;
        if (question.recipe) {
            options.spec = *question.recipe;
            GSST_TRY(validate(options.spec, "the recipe"));
        } else {
            GSST_ASSIGN(options.spec, loadPreset(m_presetsFolder, kUsualRecipe));
        }
        return gsst::measureComputer(m_files, *backend, options, std::move(stop));
    }

    Result<std::unique_ptr<RunSession>> startRun(RunRequest request, std::function<void()> wake) override {
        GSST_TRY(createBackend(request.device));
        GSST_ASSIGN(auto trace, openTrace(request.trace));
        return std::unique_ptr<RunSession>(
            std::make_unique<Session>(m_files, std::move(request), std::move(wake), std::move(trace)));
    }

    Result<std::unique_ptr<RunSession>> resumeRun(ResumeRequest request, std::function<void()> wake) override {
        GSST_ASSIGN(auto trace, openTrace(request.trace));
        return std::unique_ptr<RunSession>(
            std::make_unique<Session>(m_files, std::move(request), std::move(wake), std::move(trace)));
    }

private:
    /// What there is for this process's share of a run.
    struct Means {
        RunSpec share;
        HardwareProfile hardware;
        MachineLimits limits;
    };

    RunSpec resolvedHere(RunSpec spec, ComputeBackend& backend) {
        resolveProducts(m_files, backend, spec.training);
        return spec;
    }
    Result<Means> meansOf(const PlanQuestion& question, ComputeBackend& backend) {
        const std::filesystem::path folder =
            question.folder.empty() ? std::filesystem::current_path() : question.folder;
        GSST_ASSIGN(const ProcessRank place, rankOfThisProcess());
        Means means;
        const RunSpec spec = resolvedHere(question.spec, backend);
        GSST_ASSIGN(means.share, partOf(spec, place.ranks));
        means.hardware = measureMachine(m_files, backend, folder, means.share, DriveProbe::KnownOnly).profile;
        means.limits = machineLimits(m_files, backend, folder);
        means.limits.ranks = place.ranks;
        return means;
    }

    /// What there is to tell whether a plan fits or not.
    PlanPreview previewOf(const PlanQuestion& question, ComputeBackend& backend, const TensorTable& table) {
        PlanPreview preview;
        preview.parameters = table.parameters();
        const auto place = rankOfThisProcess();  // that it is known was found out before
        preview.threadWarning =
            threadWarning({question.spec.training.threads, place.ok() ? place->ranksHere : 1, usableCores()});
        preview.smallestDeviceBytes = smallestDeviceLimit(resolvedHere(question.spec, backend), table);
        return preview;
    }

    /// What `tell` makes of the recipe's plan on this machine.
    template <typename Told>
    Result<Told> withPlan(const PlanQuestion& question,
                          const std::function<Told(const PlanBasis&, ComputeBackend&, const CompiledPlan&)>& tell) {
        GSST_TRY(validate(question.spec, "the recipe"));
        const TensorTable table(question.spec.model);
        GSST_ASSIGN(const auto backend, createBackend(question.device));
        GSST_ASSIGN(const Means means, meansOf(question, *backend));
        GSST_ASSIGN(Plan plan, makePlan(means.share, table, means.hardware, means.limits));
        const PlanBasis basis{means.share, table, means.hardware, means.limits};
        return tell(basis, *backend, compiledFor(basis, std::move(plan)));
    }

    /// Nothing where none is wanted.
    Result<std::unique_ptr<TraceWriter>> openTrace(const TraceRequest& request) {
        if (request.file.empty())
            return std::unique_ptr<TraceWriter>();
        GSST_ASSIGN(const ProcessRank place, rankOfThisProcess());
        TraceRequest own = request;
        own.file = fileOfRank(request.file, place);
        return TraceWriter::create(m_files, own);
    }

    FileSystem& m_files;
    std::filesystem::path m_presetsFolder;
};

}  // namespace

std::unique_ptr<TrainingService> createTrainingService(std::filesystem::path presetsFolder) {
    return std::make_unique<Service>(std::move(presetsFolder));
}

}  // namespace gsst
