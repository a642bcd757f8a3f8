// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/shell_word.h"
#include "spec/recipe_overrides.h"
#include "ui/draft/run_draft.h"
#include "ui/text/format.h"

namespace gsst {
namespace {

std::string optionsOf(const RunSpec& preset, const RunSpec& spec) {
    const TypedFields typed = typedDifference(preset, spec);
    std::string options;
    for (size_t i = 0; i < typed.size(); ++i)
        if (typed[i])
            options += std::string(" ") + recipeFields()[i].flag + " " + shellWord(*typed[i]);
    return options;
}

std::string folderWord(const std::filesystem::path& path) {
    return shellWord(toUtf8(fromPath(path)));
}

}  // namespace

QString commandLineOf(const RunDraft& draft) {
    const RunSpec& preset = draft.presets[size_t(draft.preset)];
    RunSpec spec = requestOf(draft).spec;
    if (spec.title.empty())
        spec.title = preset.title;
    std::string words = "gsst train --preset " + shellWord(preset.name) + optionsOf(preset, spec);
    if (draft.sampleText)
        words += " --sample-text";
    for (const auto& path : draft.sampleText ? std::vector<std::filesystem::path>() : draft.text)
        words += " --text " + folderWord(path);
    return fromUtf8(words + " --run " + folderWord(draft.runFolder));
}

}  // namespace gsst
