// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/draft/run_draft.h"

#include "service/preset_choice.h"
#include "ui/text/format.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>

namespace gsst {

double RunDraft::estimatedTokens(const RunSpec& of) const {
    if (sampleText || !summary)
        return 0;
    return gsst::estimatedTokens(of, summary->usableBytes);
}

double RunDraft::passes(const RunSpec& of) const {
    const double tokens = estimatedTokens(of);
    return tokens > 0 ? double(of.training.steps) * double(of.training.tokensPerStep()) / tokens : 0;
}

RunSpec adaptedToText(const RunSpec& preset, const RunDraft& draft) {
    return draft.sampleText || !draft.summary ? preset : adaptedToText(preset, *draft.summary);
}

int suggestedPreset(const RunDraft& draft) {
    const auto sample = std::find_if(draft.presets.begin(), draft.presets.end(),
                                     [](const RunSpec& preset) { return preset.name == "sample"; });
    if (draft.sampleText && sample != draft.presets.end())
        return int(sample - draft.presets.begin());
    return suggestedPreset(draft.presets, draft.presetPlans,
                           draft.sampleText || !draft.summary ? 0 : draft.summary->usableBytes);
}

QString suggestedName(const RunDraft& draft) {
    const QString model = fromUtf8(draft.spec.title.empty() ? draft.spec.name : draft.spec.title);
    if (draft.sampleText || draft.text.empty())
        return model;
    const QString text = fromPath(draft.text.front().stem());
    return text.isEmpty() ? model : text + " " + fromUtf8(draft.spec.name);
}

std::filesystem::path freeFolder(const std::filesystem::path& runsFolder, const QString& name) {
    QString stem = name.toLower().replace(QRegularExpression("[^\\p{L}\\p{N}.]+"), "-");
    stem.remove(QRegularExpression("^[-.]+|[-.]+$"));
    if (stem.isEmpty())
        stem = "run";
    std::error_code ignored;
    std::filesystem::path folder = runsFolder / toPath(stem);
    for (int i = 2; std::filesystem::exists(folder, ignored); ++i)
        folder = runsFolder / toPath(stem + "-" + QString::number(i));
    return folder;
}

RunRequest requestOf(const RunDraft& draft) {
    RunRequest request;
    request.spec = draft.spec;
    request.spec.title = toUtf8(draft.name);
    request.sampleText = draft.sampleText;
    if (!draft.sampleText)
        request.text = draft.text;
    request.runFolder = draft.runFolder;
    return request;
}

PlanPreview previewOf(TrainingService& service, const PlanQuestion& question) {
    const auto plan = service.previewPlan(question);
    if (plan.ok())
        return *plan;
    PlanPreview refused;
    refused.problem = plan.error().text();
    return refused;
}

bool assumesDrive(const PlanPreview& plan) {
    return plan.fits && plan.usesDrive() && !plan.driveMeasured;
}

QString driveAssumption(const PlanPreview& plan) {
    return QCoreApplication::translate(
               "RunDraft",
               "%1 reading and %2 writing are assumed, and times may be quite different. The page This computer "
               "measures the drive; a run has a short look when it starts.")
        .arg(rateText(plan.driveReadRate), rateText(plan.driveWriteRate));
}

QString planWarnings(const PlanPreview& plan) {
    QStringList warnings;
    if (assumesDrive(plan))
        warnings << driveWarning(plan);
    if (!plan.threadWarning.empty())
        warnings << fromUtf8(plan.threadWarning) + ".";
    return warnings.join(" ");
}

QString driveWarning(const PlanPreview& plan) {
    return assumesDrive(plan) ? QCoreApplication::translate("RunDraft", "The drive has not been measured: %1")
                                    .arg(driveAssumption(plan))
                              : QString();
}

}  // namespace gsst
