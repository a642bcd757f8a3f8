// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/state_format.h"
#include "ui/draft/run_draft.h"
#include "ui/text/format.h"

#include <QRegularExpression>

namespace gsst {
namespace {

QString quoted(const QString& argument) {
    static const QRegularExpression harmless("^[A-Za-z0-9_@%+=:,./-]+$");
    if (harmless.match(argument).hasMatch())
        return argument;
    QString inside = argument;
    return "'" + inside.replace("'", "'\\''") + "'";
}

/// `preset` with everything that has an option of its own taken from `spec`. The name is the preset's.
RunSpec withOptions(RunSpec preset, const RunSpec& spec) {
    preset.budget = spec.budget;
    preset.title = spec.title;
    preset.model.vocabulary = spec.model.vocabulary;
    preset.training.steps = spec.training.steps;
    preset.training.sequencesPerStep = spec.training.sequencesPerStep;
    preset.training.microBatch = spec.training.microBatch;
    preset.training.precision = spec.training.precision;
    preset.training.state = spec.training.state;
    // "none" is the bound 0 and keeps the kind.
    if (spec.training.clipNorm == 0)
        preset.training.clipNorm = 0;
    else
        preset.training.clip = spec.training.clip;
    return preset;
}

QStringList optionsOf(const RunSpec& preset, const RunSpec& spec) {
    QStringList options;
    const auto add = [&options](const char* name, const QString& value) { options << name << value; };
    if (spec.model.vocabulary != preset.model.vocabulary)
        add("--vocabulary", QString::number(spec.model.vocabulary));
    if (spec.training.steps != preset.training.steps)
        add("--steps", QString::number(spec.training.steps));
    if (spec.training.sequencesPerStep != preset.training.sequencesPerStep)
        add("--tokens-per-step", QString::number(spec.training.tokensPerStep()));
    if (spec.training.microBatch != preset.training.microBatch)
        add("--micro-batch", QString::number(spec.training.microBatch));
    if (spec.training.precision != preset.training.precision)
        add("--precision", nameOf(spec.training.precision));
    if (spec.training.state != preset.training.state)
        add("--state", nameOf(spec.training.state));
    if (spec.training.clipNorm == 0 && preset.training.clipNorm != 0)
        add("--clip", "none");
    else if (spec.training.clip != preset.training.clip)
        add("--clip", spec.training.clip == ClipKind::Global         ? "global"
                      : spec.training.clip == ClipKind::PreviousNorm ? "previous"
                                                                     : "unit");
    if (const Budget& budget = spec.budget; budget.residency != preset.budget.residency)
        add("--residency", budget.residency == ResidencyChoice::Auto   ? "auto"
                           : budget.residency == ResidencyChoice::Disk ? "disk"
                                                                       : "resident");
    if (const UpdateChoice update = spec.budget.update; update != preset.budget.update)
        add("--update", update == UpdateChoice::Auto       ? "auto"
                        : update == UpdateChoice::Deferred ? "deferred"
                        : update == UpdateChoice::Insured  ? "insured"
                                                           : "speculative");
    if (spec.budget.gradients != preset.budget.gradients)
        add("--gradients", spec.budget.gradients == GradientChoice::Auto ? "auto" : "disk");
    if (spec.budget.activations != preset.budget.activations)
        add("--activations", spec.budget.activations == ActivationChoice::Auto ? "auto" : "recompute");
    if (spec.budget.deviceBytes > 0)
        add("--vram", QString::number(spec.budget.deviceBytes));
    if (spec.budget.ramBytes > 0)
        add("--ram", QString::number(spec.budget.ramBytes));
    if (spec.budget.diskBytes > 0)
        add("--disk", QString::number(spec.budget.diskBytes));
    return options;
}

}  // namespace

QString commandLineOf(const RunDraft& draft) {
    QStringList words{"gsst", "train"};
    QString before;
    const RunSpec& preset = draft.presets[size_t(draft.preset)];
    if (withOptions(preset, draft.spec) == draft.spec) {
        words << "--preset" << quoted(fromUtf8(preset.name)) << optionsOf(preset, draft.spec);
    } else {
        // Not every value has an option: the whole recipe goes into a file.
        const QString file = fromPath(draft.runFolder.filename()) + ".json";
        before = "cat > " + quoted(file) + " <<'RECIPE'\n" + fromUtf8(toJson(requestOf(draft).spec)).trimmed() +
                 "\nRECIPE\n";
        words << "--spec" << quoted(file);
    }
    if (draft.sampleText)
        words << "--sample-text";
    for (const auto& path : draft.sampleText ? std::vector<std::filesystem::path>() : draft.text)
        words << "--text" << quoted(fromPath(path));
    words << "--run" << quoted(fromPath(draft.runFolder));
    return before + words.join(' ');
}

}  // namespace gsst
