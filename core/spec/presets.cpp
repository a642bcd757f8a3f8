// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/json_text.h"
#include "spec/run_spec.h"
#include "spec/tensor_table.h"

#include <algorithm>
#include <fstream>
#include <system_error>

namespace gsst {

namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".json";
constexpr size_t kMostFileBytes = size_t{1} << 20;

Result<std::string> readText(const fs::path& file) {
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (status.type() == fs::file_type::not_found)
        return Error{ErrorCode::NotFound, "There is no such recipe", file.string(), "the file does not exist",
                     "Check its name and folder"};
    if (fs::is_directory(status))
        return Error{ErrorCode::InvalidInput, "The recipe cannot be read", file.string(), "it is a folder",
                     "Name a file"};
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return Error{ErrorCode::Permission, "The recipe cannot be read", file.string(),
                     "the system refuses to open the file", "Check its permissions"};
    std::string text(kMostFileBytes + 1, '\0');
    stream.read(text.data(), std::streamsize(text.size()));
    if (stream.bad())
        return Error{ErrorCode::Io, "The recipe cannot be read", file.string(), "the system reported a read error",
                     "Check the drive"};
    text.resize(size_t(stream.gcount()));
    if (text.size() > kMostFileBytes)
        return Error{ErrorCode::InvalidInput, "The recipe cannot be used", file.string(), "it is larger than 1 MiB",
                     "Name another file"};
    return text;
}

/// Names of all presets, sorted.
Result<std::vector<std::string>> presetNames(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == kEnding)
            names.push_back(entry->path().stem().string());
    if (error)
        return Error{ErrorCode::NotFound, "The presets cannot be read", folder.string(), error.message(),
                     "Install the program again, or name a recipe with --spec"};
    std::sort(names.begin(), names.end());
    return names;
}

Result<RunSpec> readPreset(const fs::path& folder, const std::string& name) {
    const fs::path file = folder / (name + kEnding);
    GSST_ASSIGN(RunSpec spec, loadRunSpec(file));
    if (spec.name != name)
        return Error{ErrorCode::InvalidInput, "The preset cannot be used", file.string(),
                     "its name is " + shownKey(spec.name) + ", but its file says " + name, "Give both the same name"};
    return spec;
}

}  // namespace

Result<RunSpec> loadRunSpec(const fs::path& file) {
    GSST_ASSIGN(const std::string text, readText(file));
    return parseRunSpec(text, file.string());
}

Result<RunSpec> loadPreset(const fs::path& presetsFolder, const std::string& name) {
    GSST_ASSIGN(const std::vector<std::string> names, presetNames(presetsFolder));
    if (std::find(names.begin(), names.end(), name) != names.end())
        return readPreset(presetsFolder, name);
    std::string list;
    for (const std::string& known : names)
        list += (list.empty() ? "" : ", ") + known;
    const std::string nearest = nearestWord(name, names);
    const std::string why =
        names.empty() ? "there are no presets in the folder " + presetsFolder.string() : "there are " + list;
    return Error{ErrorCode::NotFound, "There is no preset " + shownKey(name), "", why,
                 nearest.empty() ? "Choose one of these, or name a recipe with --spec"
                                 : "Use " + nearest + " if that is what you meant"};
}

Result<std::vector<RunSpec>> loadPresets(const fs::path& presetsFolder) {
    GSST_ASSIGN(const std::vector<std::string> names, presetNames(presetsFolder));
    std::vector<RunSpec> presets;
    for (const std::string& name : names) {
        GSST_ASSIGN(RunSpec spec, readPreset(presetsFolder, name));
        presets.push_back(std::move(spec));
    }
    std::stable_sort(presets.begin(), presets.end(), [](const RunSpec& a, const RunSpec& b) {
        return parameterCount(a.model) < parameterCount(b.model);
    });
    return presets;
}

}  // namespace gsst
