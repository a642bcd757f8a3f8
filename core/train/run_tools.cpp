// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/run_tools.h"

#include "backend/compute_backend.h"
#include "data/tokenizer.h"
#include "generate/committed_text.h"
#include "run/describe_damage.h"
#include "run/run_folder.h"
#include "store/run_lock.h"
#include "store/state_store.h"

#include <utility>

namespace gsst {
namespace {

/// A run folder opened for its committed state.
struct StateOfRun {
    std::unique_ptr<FileLock> lock;
    RunRecord record;
    std::unique_ptr<TensorTable> table;
    std::unique_ptr<StateStore> store;
};

enum class Access { Read, Change };

Result<StateOfRun> openState(const std::filesystem::path& path, Access access) {
    FileSystem& files = osFileSystem();
    StateOfRun run;
    GSST_ASSIGN(run.record, readRunRecord(files, {path}));
    GSST_ASSIGN(run.lock, lockRun(files, path));
    run.table = std::make_unique<TensorTable>(run.record.spec.model);
    const StateFormat format(*run.table, run.record.spec.training.state,
                             optimizerSpec(run.record.spec.training.optimizer), run.record.share());
    if (access == Access::Read) {
        GSST_ASSIGN(run.store, StateStore::openForReading(files, path, *run.table, format, Caching::Direct));
    } else {
        GSST_ASSIGN(run.store, StateStore::open(files, path, *run.table, format, Caching::Direct));
    }
    return run;
}

}  // namespace

Result<VerifyResult> verifyRun(const std::filesystem::path& path, const ProgressCallback& progress,
                               std::stop_token stop) {
    GSST_ASSIGN(const StateOfRun run, openState(path, Access::Read));
    const auto onBytes = [&progress](uint64_t done, uint64_t total) {
        if (progress)
            progress({"Checking all sums", done >> 20, total >> 20, "MiB"});
    };
    GSST_ASSIGN(const VerifyReport report, run.store->verify(true, onBytes, std::move(stop)));
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

Status rollBackRun(const std::filesystem::path& path) {
    GSST_ASSIGN(const StateOfRun run, openState(path, Access::Change));
    return run.store->rollBackToPrevious();
}

Result<std::string> generateText(const std::filesystem::path& path, const GenerateOptions& options,
                                 const std::function<void(const std::string&)>& onText, std::stop_token stop) {
    GSST_ASSIGN(const auto backend, createBackend(options.device));
    GSST_ASSIGN(const StateOfRun run, openState(path, Access::Read));
    GSST_ASSIGN(const Tokenizer tokenizer, Tokenizer::load(osFileSystem(), RunFolder{path}.tokenizer()));
    GSST_ASSIGN(const auto device, backend->open(options.deviceBytes));
    return committedText({*run.table, *run.store, run.record.spec, tokenizer, *backend, *device}, options, onText,
                         std::move(stop));
}

}  // namespace gsst
