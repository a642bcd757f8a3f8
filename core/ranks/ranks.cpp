// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/ranks.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>

namespace gsst {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

Error wrong(const std::string& name, const std::string& why) {
    return {ErrorCode::InvalidInput, "The environment does not say which rank this is", name, why,
            "Set WORLD_SIZE, RANK (0 to WORLD_SIZE - 1), MASTER_ADDR and MASTER_PORT for every process, as torchrun "
            "does, or unset WORLD_SIZE "
            "to train with one process"};
}

Result<int> number(const char* name, int least, int most) {
    const std::string text = variable(name);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty())
        return wrong(name, "it is not set");
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        return wrong(name,
                     "\"" + text + "\" is not a number from " + std::to_string(least) + " to " + std::to_string(most));
    return value;
}

std::string suffixOf(const ProcessRank& place) {
    return "-rank" + std::to_string(place.rank);
}

}  // namespace

Result<ProcessRank> rankOfThisProcess() {
    constexpr int kMostRanks = 1024;
    ProcessRank place;
    if (variable("WORLD_SIZE").empty())
        return place;
    GSST_ASSIGN(place.ranks, number("WORLD_SIZE", 1, kMostRanks));
    if (place.ranks == 1)
        return ProcessRank{};
    GSST_ASSIGN(place.rank, number("RANK", 0, place.ranks - 1));
    if (!variable("LOCAL_WORLD_SIZE").empty()) {
        GSST_ASSIGN(place.ranksHere, number("LOCAL_WORLD_SIZE", 1, place.ranks));
    }
    GSST_ASSIGN(place.masterPort, number("MASTER_PORT", 1, 65535));
    place.masterAddress = variable("MASTER_ADDR");
    if (place.masterAddress.empty())
        return wrong("MASTER_ADDR", "it is not set");
    place.masterIsThere = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    place.attempt = variable("TORCHELASTIC_RESTART_COUNT");
    return place;
}

Result<RunSpec> partOf(const RunSpec& spec, int ranks) {
    const TrainSpec& training = spec.training;
    int64_t microBatch = training.microBatch;
    while (microBatch >= 1 && training.sequencesPerStep % (microBatch * ranks) != 0)
        --microBatch;
    if (microBatch < 1)
        return Error{ErrorCode::InvalidInput, "The step cannot be divided among the ranks",
                     "WORLD_SIZE " + std::to_string(ranks),
                     "a step has " + std::to_string(training.sequencesPerStep) + " sequences in micro-batches of " +
                         std::to_string(training.microBatch),
                     "Choose --tokens-per-step as a multiple of " + std::to_string(ranks * training.sequenceLength) +
                         ", so that each rank has the same number of sequences"};
    RunSpec part = spec;
    part.training.microBatch = microBatch;
    part.training.sequencesPerStep /= ranks;
    return part;
}

Hash128 fingerprintOf(const RunSpec& spec) {
    return fingerprintOf(spec, "", 0);
}

Hash128 fingerprintOf(const RunSpec& spec, const std::string& tokenizerHash, int64_t tokens) {
    RunSpec same = spec;
    same.budget = {};
    same.training.threads = 0;
    const std::string text = toJson(same) + " " GSST_VERSION " " + tokenizerHash + " " + std::to_string(tokens);
    return stateHash(std::as_bytes(std::span(text)));
}

std::filesystem::path folderOfRank(const std::filesystem::path& path, const ProcessRank& place) {
    if (place.ranks == 1 || path.empty())
        return path;
    std::filesystem::path own = path.has_filename() ? path : path.parent_path();
    own += suffixOf(place);
    return own;
}

std::filesystem::path fileOfRank(const std::filesystem::path& path, const ProcessRank& place) {
    if (place.ranks == 1)
        return path;
    std::filesystem::path name = path.stem();
    name += suffixOf(place);
    name += path.extension();
    return path.parent_path() / name;
}

}  // namespace gsst
