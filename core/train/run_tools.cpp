// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/run_tools.h"

#include "backend/compute_backend.h"
#include "data/tokenizer.h"
#include "generate/committed_text.h"
#include "run/committed_state.h"
#include "run/describe_damage.h"
#include "run/run_folder.h"
#include "store/run_lock.h"
#include "store/state_store.h"

#include <optional>
#include <utility>

namespace gsst {
namespace {

VerifyResult resultOf(const CommittedState& run, const VerifyReport& report) {
    VerifyResult result;
    result.step = report.record.step;
    result.rootHash = report.record.rootHashHex();
    result.weightsHash = hexText(run.store->weightsHash());
    result.rank = run.record.rank;
    result.ranks = run.record.ranks;
    result.generation = report.record.generation;
    result.notices = run.store->notices();
    for (const DamagedBlock& block : report.damaged)
        result.damage.push_back(block.file + ": " + wordsFor(block, *run.table) + " (" + nameOf(block.kind) + ")");
    result.previousUsable = report.previousUsable;
    result.previousStep = report.previous.step;
    return result;
}

/// Weights that are read again for every token are those of another step by now.
Error writtenOver(const std::filesystem::path& run) {
    return {ErrorCode::Busy, "The text cannot be ended", run.string(),
            "the run has committed other weights meanwhile, and these did not fit the limit of memory",
            "Allow more memory with --vram, or pause the run"};
}

}  // namespace

Result<VerifyResult> verifyRun(const std::filesystem::path& path, const ProgressCallback& progress,
                               std::stop_token stop) {
    const auto onBytes = [&progress](uint64_t done, uint64_t total) {
        if (progress)
            progress({"Checking all sums", done >> 20, total >> 20, "MiB"});
    };
    std::optional<VerifyResult> result;
    const Status status = readCommitted(osFileSystem(), path, [&](CommittedState& run) -> Status {
        result.reset();
        GSST_ASSIGN(const VerifyReport report, run.store->verify(true, onBytes, stop));
        result = resultOf(run, report);
        if (report.damaged.empty())
            return {};
        return Error{ErrorCode::Corrupt, "The committed state is damaged", path.string(), "", ""};
    });
    // Damage is what this is to find.
    if (result && (status.ok() || status.error().code == ErrorCode::Corrupt))
        return *std::move(result);
    return status.error();
}

Status rollBackRun(const std::filesystem::path& path) {
    FileSystem& files = osFileSystem();
    GSST_ASSIGN(const RunRecord record, readRunRecord(files, {path}));
    GSST_ASSIGN(const auto lock, lockRun(files, path));
    const TensorTable table(record.spec.model);
    const StateFormat format(table, record.spec.training.state, optimizerSpec(record.spec.training.optimizer),
                             record.share());
    GSST_ASSIGN(const auto store, StateStore::open(files, path, table, format, Caching::Direct));
    return store->rollBackToPrevious();
}

Result<GeneratedText> generateText(const std::filesystem::path& path, const GenerateOptions& options,
                                   const std::function<void(const std::string&)>& onText, std::stop_token stop) {
    GSST_ASSIGN(const auto backend, createBackend(options.device));
    GeneratedText generated;
    bool told = false;
    const auto tell = [&](const std::string& piece) {
        told = true;
        if (onText)
            onText(piece);
    };
    const auto write = [&](CommittedState& run) -> Status {
        GSST_ASSIGN(const Tokenizer tokenizer, Tokenizer::load(osFileSystem(), RunFolder{path}.tokenizer()));
        GSST_ASSIGN(const auto device, backend->open(options.deviceBytes));
        auto drawn =
            committedText({*run.table, *run.store, run.record.spec, tokenizer, *backend, *device}, options, tell, stop);
        if (!drawn.ok() && drawn.error().code == ErrorCode::Corrupt && told &&
            !stillCommitted(osFileSystem(), path, run))
            return writtenOver(path);
        GSST_TRY(drawn);
        generated = {std::move(drawn->text), run.store->committed().step, drawn->tokens};
        return {};
    };
    GSST_TRY(readCommitted(osFileSystem(), path, write));
    return generated;
}

}  // namespace gsst
