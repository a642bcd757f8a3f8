// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/model_spec.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gsst {

/// Where the state of the model lives during training.
enum class ResidencyChoice { Auto, Disk, Resident };

/// When slices are updated, and where gradients wait meanwhile. Neither changes a bit of the result.
enum class UpdateChoice { Auto, Deferred, Insured, Speculative };
enum class GradientChoice { Auto, Disk };
/// What happens to the activations inside the slices between the forward and the backward pass. Auto: kept on the
/// device as far as its memory goes, which saves a quarter of the arithmetic; else computed again from the slice's
/// input. The bits are the same.
enum class ActivationChoice { Auto, Recompute };

/// The limits that a run must keep. 0 = no limit given (the planner takes what the machine has).
struct Budget {
    int64_t deviceBytes = 0;  ///< "VRAM"; on the CPU device: the counted pool of tensors
    int64_t ramBytes = 0;     ///< staging, boundary activations, resident state; on the CPU besides the pool
    int64_t diskBytes = 0;    ///< run folder
    ResidencyChoice residency = ResidencyChoice::Auto;
    UpdateChoice update = UpdateChoice::Auto;
    GradientChoice gradients = GradientChoice::Auto;  ///< Auto: in RAM as far as it goes
    ActivationChoice activations = ActivationChoice::Auto;
    bool operator==(const Budget&) const = default;
};

enum class TokenizerKind { Bytes, SentencePieceBpe };

/// How text becomes tokens.
struct DataSpec {
    TokenizerKind tokenizer = TokenizerKind::SentencePieceBpe;
    double validationShare = 0.1;  ///< the last part of the token stream
    bool operator==(const DataSpec&) const = default;
};

/// A whole recipe: a preset in presets/*.json, a --spec file, and the heart of run.json are all this.
struct RunSpec {
    std::string name = "untitled";  ///< of the preset or the run
    std::string title;              ///< one line for people
    ModelSpec model;
    TrainSpec training;
    DataSpec data;
    Budget budget;
    bool operator==(const RunSpec&) const = default;
};

/// 2: training.evaluate_sequences 0 means no evaluation. In version 1 it meant all sequences, and is read as that.
inline constexpr int kRunSpecVersion = 2;

/// Parses a RunSpec. Every problem is reported in one error (InvalidInput, one problem a line in `why`), not the first
/// only: unknown keys (with the nearest known one), wrong types, missing required keys (model.family, layers, width,
/// heads, ffn_width, vocabulary and context), values out of range. Text that is no JSON, or has a key twice, gives one
/// problem with line and column. All other keys may be left out: model.kv_heads is then model.heads; model.head_size,
/// norm_epsilon and rope_theta are the family's (see families.h), the rest the structs' defaults. A "version" above
/// kRunSpecVersion is NewerVersion. `origin` names the file in messages.
Result<RunSpec> parseRunSpec(std::string_view json, const std::string& origin);

/// JSON text of `spec`, indented, with a "version" key; parseRunSpec() of it gives the same spec.
std::string toJson(const RunSpec& spec);

/// All values that are out of range, each as "model.width: 100 is not a multiple of model.heads (12)". Empty = valid.
std::vector<std::string> problemsOf(const RunSpec& spec);

/// problemsOf() as one Error (InvalidInput) naming `origin`, or success.
Status validate(const RunSpec& spec, const std::string& origin);

/// Reads a --spec file. NotFound if there is none, InvalidInput for what parseRunSpec() refuses.
Result<RunSpec> loadRunSpec(const std::filesystem::path& file);

/// Reads presets/<name>.json below `presetsFolder`; an unknown name lists those that exist and the nearest.
Result<RunSpec> loadPreset(const std::filesystem::path& presetsFolder, const std::string& name);

/// All presets of the folder in order of parameter count. A broken file is an error that names it.
Result<std::vector<RunSpec>> loadPresets(const std::filesystem::path& presetsFolder);

/// The known word nearest to `word` by edit distance, if it is near enough to be a slip of the keyboard; else empty.
std::string nearestWord(std::string_view word, const std::vector<std::string>& known);

}  // namespace gsst
