// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/create_training_service.h"

#include "base/units.h"
#include "data/text_source.h"
#include "data/tokenizer.h"
#include "train/machine.h"
#include "train/plan_preview.h"
#include "train/run_listing.h"
#include "train/session.h"

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
        const TensorTable table(spec.model);
        PlanPreview preview;
        preview.parameters = table.parameters();
        preview.smallestDeviceBytes = smallestDeviceLimit(spec, table);
        const MachineLimits machine = machineLimits(m_files, std::filesystem::current_path());
        const auto plan = makePlan(spec, table, measureMachine(m_files, std::filesystem::current_path(), spec, DriveProbe::KnownOnly).profile, machine);
        if (!plan.ok()) {
            preview.problem = plan.error().text();
            return preview;
        }
        fillPreview(preview, spec, table, *plan);
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

    FileSystem& m_files;
    std::filesystem::path m_presetsFolder;
};

}  // namespace

std::unique_ptr<TrainingService> createTrainingService(std::filesystem::path presetsFolder) {
    return std::make_unique<Service>(std::move(presetsFolder));
}

}  // namespace gsst
