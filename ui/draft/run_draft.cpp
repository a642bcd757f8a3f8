// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/draft/run_draft.h"

#include "ui/text/format.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace gsst {
namespace {

constexpr double kBytesPerWordPiece = 3.6;
constexpr double kMostPasses = 10;
constexpr int64_t kFewestSteps = 100;
constexpr double kTimeouts = 3600;
constexpr double kParametersPerToken = 10;

}  // namespace

double RunDraft::estimatedTokens(const RunSpec& of) const {
    if (sampleText || !summary)
        return 0;
    const double bytesPerToken = of.data.tokenizer == TokenizerKind::Bytes ? 1.0 : kBytesPerWordPiece;
    return double(summary->usableBytes) / bytesPerToken * (1.0 - of.data.validationShare);
}

double RunDraft::passes(const RunSpec& of) const {
    const double tokens = estimatedTokens(of);
    return tokens > 0 ? double(of.training.steps) * double(of.training.tokensPerStep()) / tokens : 0;
}

RunSpec adaptedToText(const RunSpec& preset, const RunDraft& draft) {
    RunSpec spec = preset;
    if (draft.sampleText || !draft.summary)
        return spec;
    if (spec.data.tokenizer == TokenizerKind::SentencePieceBpe && draft.summary->suggestedVocabulary > 0)
        spec.model.vocabulary = std::min(spec.model.vocabulary, draft.summary->suggestedVocabulary);
    const double tokens = draft.estimatedTokens(spec);
    if (tokens > 0) {
        const double enough = std::ceil(kMostPasses * tokens / double(spec.training.tokensPerStep()));
        spec.training.steps = std::min(spec.training.steps, std::max(kFewestSteps, int64_t(std::min(enough, 1e12))));
        spec.training.warmupSteps = std::min(spec.training.warmupSteps, std::max<int64_t>(1, spec.training.steps / 10));
    }
    return spec;
}

int suggestedPreset(const RunDraft& draft) {
    int best = draft.presets.empty() ? -1 : 0;
    for (size_t i = 0; i < draft.presets.size(); ++i) {
        const auto& plan = draft.presetPlans[i];
        if (draft.sampleText && draft.presets[i].name == "sample")
            return int(i);
        const bool enoughText =
            plan && double(plan->parameters) <= kParametersPerToken * draft.estimatedTokens(draft.presets[i]);
        if (plan && plan->fits && plan->totalSeconds <= kTimeouts && enoughText)
            best = int(i);
    }
    return best;
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
