// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/draft/machine_facts.h"

#include <QString>

#include <optional>

namespace gsst {

/// Everything the wizard collects. Pages read and write it; nothing on disk changes before Start.
struct RunDraft {
    bool sampleText = false;
    std::vector<std::filesystem::path> text;
    std::optional<TextSummary> summary;  ///< of `text`, when it was read

    std::vector<RunSpec> presets;
    std::vector<std::optional<PlanPreview>> presetPlans;  ///< beside `presets`, each adapted to the text
    int preset = -1;
    RunSpec recommended;              ///< the chosen preset adapted to the text: what Reset goes back to
    RunSpec spec;                     ///< what the run will be
    std::optional<PlanPreview> plan;  ///< of `spec`

    std::filesystem::path runsFolder;
    QString name;
    std::filesystem::path runFolder;
    MachineFacts machine;

    /// Where the run will be as far as it is known.
    const std::filesystem::path& place() const { return runFolder.empty() ? runsFolder : runFolder; }
    bool hasText() const { return sampleText || (summary && summary->usableBytes > 0); }
    /// A careful guess before the tokenizer exists; 0 = unknown (sample stories).
    double estimatedTokens(const RunSpec& of) const;
    /// Passes over the text that `of` makes; 0 = unknown.
    double passes(const RunSpec& of) const;
};

/// `preset` with the vocabulary and the number of steps that suit the draft's text.
RunSpec adaptedToText(const RunSpec& preset, const RunDraft& draft);

/// Index of the preset to suggest: the largest that fits, ends within an hour and is not too large for so little text
/// (ten parameters a token); else the smallest. For the sample stories the preset made for them. -1 without presets.
int suggestedPreset(const RunDraft& draft);

/// A name for the run from its text and model, and the folder of that name that is still free in `runsFolder`.
QString suggestedName(const RunDraft& draft);
std::filesystem::path freeFolder(const std::filesystem::path& runsFolder, const QString& name);

/// The `gsst train` command that starts the same run; arguments are quoted for a shell where needed.
QString commandLineOf(const RunDraft& draft);

RunRequest requestOf(const RunDraft& draft);

/// The plan; of a question that is refused one that does not fit, with the reason. For any thread.
PlanPreview previewOf(TrainingService& service, const PlanQuestion& question);

/// Whether the plan's times stand on a drive that nobody has measured; what is assumed of it and what to do; both in
/// one sentence, empty if that is not so.
bool assumesDrive(const PlanPreview& plan);
QString driveAssumption(const PlanPreview& plan);
QString driveWarning(const PlanPreview& plan);
/// That, and that the recipe has more threads than there are cores; empty if nothing is to be said.
QString planWarnings(const PlanPreview& plan);

}  // namespace gsst
