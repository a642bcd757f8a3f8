// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/open_run.h"

#include "base/units.h"
#include "base/usable_cores.h"
#include "data/prepare_tokens.h"
#include "data/sample_corpus.h"
#include "data/text_source.h"
#include "data/token_format.h"
#include "data/tokenizer_trainer.h"
#include "insight/slice_infos.h"
#include "machine/machine.h"
#include "run/state_files.h"
#include "service/thread_warning.h"
#include "store/commit_log.h"
#include "store/state_store.h"
#include "train/plan_run.h"
#include "train/rank_rendezvous.h"
#include "train/replan.h"
#include "train/trainer.h"

#include <algorithm>
#include <utility>

namespace gsst {
namespace {

DataProgressCallback forward(const EventSink& sink) {
    return [sink](const DataProgress& progress) {
        const bool inBytes = std::string_view(progress.unit) == "bytes";
        sink(Progress{progress.what, inBytes ? progress.done >> 20 : progress.done,
                      inBytes ? progress.total >> 20 : progress.total, inBytes ? "MiB" : progress.unit});
    };
}

void info(const EventSink& sink, std::string text) {
    sink(LogLine{LogLine::Level::Info, std::move(text)});
}
void warn(const EventSink& sink, std::string text) {
    sink(LogLine{LogLine::Level::Warning, std::move(text)});
}

Error alreadyThere(const RunFolder& folder) {
    return {ErrorCode::InvalidInput, "This folder already holds a run", folder.root.string(), "it has a run.json",
            "Go on with 'gsst resume', or name another folder with --run"};
}

constexpr const char* kSampleText = "sample-stories.txt";
constexpr const char* kOwnFiles[] = {"HEAD",          "slots/A",       "slots/B",         "work/gradients",
                                     "metrics.jsonl", "samples.jsonl", "data/index.json", "data/tokens-0000.bin",
                                     kSampleText};

/// Marks a folder whose preparation has begun and not ended: only there may files of ours be replaced.
std::filesystem::path preparationMark(const RunFolder& folder) {
    return folder.root / "PREPARING";
}

/// Removes what an earlier preparation left that did not get as far as run.json. Files with our names in a folder
/// without the mark are somebody's (a run that lost its run.json, say) and are not touched.
Status beginPreparation(FileSystem& files, const RunFolder& folder) {
    if (files.exists(preparationMark(folder))) {
        for (const char* name : kOwnFiles)
            GSST_TRY(files.remove(folder.root / name));
        return {};
    }
    for (const char* name : kOwnFiles)
        if (files.exists(folder.root / name))
            return Error{ErrorCode::InvalidInput, "This folder holds files that a run would replace",
                         (folder.root / name).string(),
                         "it has no run.json, and they are not left from an interrupted preparation",
                         "Name another folder with --run, or restore the run.json that belongs to them"};
    return writeTextAtomically(files, preparationMark(folder), "The run in this folder is being prepared.\n");
}

/// Gives back the space of a preparation that failed: on a full disk it would be in the way of the next one. The mark
/// stays.
void removeRemains(FileSystem& files, const RunFolder& folder) {
    // The error that led here is the one to tell, so none of these counts.
    for (const char* name : kOwnFiles)
        static_cast<void>(files.remove(folder.root / name));
    for (size_t shard = 1; files.exists(folder.data() / shardFileName(shard)); ++shard)
        static_cast<void>(files.remove(folder.data() / shardFileName(shard)));
}

void warnOfThreads(const RunSpec& spec, const ProcessRank& place, const EventSink& sink) {
    const ThreadUse use{spec.training.threads, place.ranksHere, usableCores()};
    if (std::string text = threadWarning(use); !text.empty())
        warn(sink, std::move(text));
}

/// Maps the tokens and makes sure that they are this run's, and enough.
Status openTokens(PreparedRun& run) {
    GSST_ASSIGN(TokenStore tokens, TokenStore::open(run.folder.data()));
    if (tokens.tokenizerHash() != run.tokenizer.hash())
        return Error{ErrorCode::Corrupt, "The tokens of the run do not belong to its tokenizer",
                     run.folder.data().string(), "they were made with another one",
                     "Restore the folders data and tokenizer from one backup"};
    if (tokens.vocabulary() > run.record.spec.model.vocabulary)
        return Error{ErrorCode::InvalidInput, "The model's vocabulary is too small for the tokenizer",
                     "model.vocabulary",
                     "the tokenizer has " + std::to_string(tokens.vocabulary()) + " tokens, the model " +
                         std::to_string(run.record.spec.model.vocabulary),
                     "Choose a larger vocabulary"};
    GSST_TRY(splitTokens(tokens.size(), run.record.spec.data.validationShare, run.record.spec.training.sequenceLength));
    run.tokens = std::make_unique<TokenStore>(std::move(tokens));
    return {};
}

/// Gives the run a new end; run.json learns of it when the state turned out to be good.
Status changeSteps(FileSystem& files, PreparedRun& run, int64_t steps) {
    const auto newest = readNewestRecord(files, run.folder.root);
    if (newest.ok() && steps < newest->step)  // a record that cannot be read is told of when the state is opened
        return Error{ErrorCode::InvalidInput, "The run is past this step already", "--steps " + std::to_string(steps),
                     "step " + std::to_string(newest->step) + " is committed", "Name a later step"};
    if (steps == run.record.spec.training.steps)
        return {};
    run.record.spec.training.steps = steps;
    GSST_TRY(validate(run.record.spec, "--steps " + std::to_string(steps)));
    run.recordChanged = true;
    return {};
}

/// How much an evaluation reads, from here on.
Status changeEvaluation(PreparedRun& run, int64_t sequences) {
    int64_t& present = run.record.spec.training.evaluateSequences;
    if (sequences == present)
        return {};
    present = sequences;
    run.recordChanged = true;
    return validate(run.record.spec, "--evaluate-sequences " + std::to_string(sequences));
}

Status change(FileSystem& files, PreparedRun& run, const RunChanges& changes) {
    if (changes.steps > 0)
        GSST_TRY(changeSteps(files, run, changes.steps));
    if (changes.evaluateSequences)
        GSST_TRY(changeEvaluation(run, *changes.evaluateSequences));
    return {};
}

/// The folder of one rank is no other's, and one of several cannot go on alone: what the others computed would be
/// missing.
Status takePlace(const PreparedRun& run, const ProcessRank& place) {
    const auto text = [](int rank, int ranks) {
        return ranks == 1 ? std::string("a run of one process")
                          : "rank " + std::to_string(rank) + " of " + std::to_string(ranks);
    };
    if (place.rank == run.record.rank && place.ranks == run.record.ranks)
        return {};
    return Error{ErrorCode::InvalidInput, "This folder belongs to another rank", run.folder.root.string(),
                 "it is that of " + text(run.record.rank, run.record.ranks) + ", this process is " +
                     text(place.rank, place.ranks),
                 run.record.ranks == 1 ? "Unset WORLD_SIZE to go on with it"
                                       : "Start it with WORLD_SIZE=" + std::to_string(run.record.ranks) +
                                             " RANK=" + std::to_string(run.record.rank) + ", together with the others"};
}

class Preparation {
public:
    Preparation(FileSystem& files, const RunRequest& request, const EventSink& sink, std::stop_token stop)
        : m_files(files), m_request(request), m_sink(sink), m_stop(std::move(stop)) {}

    Result<std::unique_ptr<PreparedRun>> prepare() {
        auto run = std::make_unique<PreparedRun>();
        GSST_ASSIGN(run->backend, createBackend(m_request.device));
        GSST_ASSIGN(const ProcessRank place, rankOfThisProcess());
        run->folder.root = folderOfRank(m_request.runFolder, place);
        run->record.spec = m_request.spec;
        run->record.device = m_request.device;
        resolveThreads(run->record.spec, place);
        run->record.rank = place.rank;
        run->record.ranks = place.ranks;
        GSST_TRY(validate(run->record.spec, "the run's settings"));
        if (m_files.exists(run->folder.runJson()))
            return alreadyThere(run->folder);
        warnOfThreads(run->record.spec, place, m_sink);
        run->table = std::make_unique<TensorTable>(run->record.spec.model);
        if (!m_request.sampleText)
            GSST_TRY(requireUsableText(listTextFiles(m_files, m_request.text)));
        GSST_TRY(divideMicroBatches(*run, place.ranks));
        GSST_ASSIGN(run->world, joinWorld(place, run->backend->id(), run->folder, m_sink, m_stop));
        GSST_TRY(agreeOnRecipe(*run));
        GSST_TRY(resolveProductsTogether(m_files, *run, m_sink));
        GSST_TRY(planRun(m_files, *run, machineLimits(m_files, *run->backend, run->folder.root),
                         m_request.driveBytesPerSecond));
        adoptPlan(*run);
        GSST_TRY(m_files.makeFolders(run->folder.root));
        GSST_ASSIGN(run->lock, lockRun(m_files, run->folder.root));
        GSST_TRY(beginPreparation(m_files, run->folder));
        if (Status status = fill(*run); !status.ok()) {
            run->tokens.reset();
            removeRemains(m_files, run->folder);
            return std::move(status).error();
        }
        GSST_TRY(m_files.remove(preparationMark(run->folder)));
        return run;
    }

private:
    /// Everything in the folder, run.json last.
    Status fill(PreparedRun& run) {
        GSST_TRY(prepareText(run));
        GSST_TRY(prepareState(run));
        return writeRunRecord(m_files, run.folder, run.record);
    }

    Status divideMicroBatches(PreparedRun& run, int ranks) {
        GSST_ASSIGN(const RunSpec part, partOf(run.record.spec, ranks));
        lowerMicroBatch(run, part.training.microBatch,
                        "so that " + std::to_string(ranks) + " ranks have equally many of them");
        return {};
    }

    void adoptPlan(PreparedRun& run) {
        lowerMicroBatch(run, run.planned.plan.microBatch, "to fit the device memory limit");
    }

    void lowerMicroBatch(PreparedRun& run, int64_t sequences, const std::string& why) {
        TrainSpec& training = run.record.spec.training;
        if (sequences != training.microBatch)
            info(m_sink, "Micro-batch lowered from " + std::to_string(training.microBatch) + " to " +
                             std::to_string(sequences) + " sequences " + why + "; tokens per step stay the same");
        training.microBatch = sequences;
    }

    Status prepareText(PreparedRun& run) {
        std::vector<std::filesystem::path> text = m_request.text;
        if (m_request.sampleText) {
            text = {run.folder.root / kSampleText};
            GSST_TRY(writeSampleCorpus(m_files, text.front(), kSampleCorpusBytes, forward(m_sink), m_stop));
        }
        GSST_ASSIGN(const TextInspection inspection, inspectText(m_files, text, forward(m_sink), m_stop));
        GSST_TRY(requireUsableText(inspection.files));
        const bool bytes = run.record.spec.data.tokenizer == TokenizerKind::Bytes;
        if (!inspection.warning.empty() && !bytes)
            warn(m_sink, inspection.warning);
        run.record.textBytes = inspection.usableBytes;
        for (const TextFile& file : inspection.files) {
            run.record.textFiles.push_back(file.path.string());
            if (!file.usable())
                warn(m_sink, file.path.string() + " " + file.problem + "; it is left out");
        }
        GSST_TRY(prepareTokenizer(run, inspection));
        GSST_ASSIGN(const PreparedTokens prepared, prepareTokens(m_files, inspection.files, run.tokenizer,
                                                                 run.folder.data(), forward(m_sink), m_stop));
        for (const std::string& warning : prepared.warnings)
            warn(m_sink, warning);
        return openTokens(run);
    }

    Status prepareTokenizer(PreparedRun& run, const TextInspection& inspection) {
        if (run.record.spec.data.tokenizer == TokenizerKind::SentencePieceBpe) {
            const int64_t vocabulary =
                std::min(run.record.spec.model.vocabulary, suggestedVocabulary(inspection.usableBytes));
            if (vocabulary < run.record.spec.model.vocabulary)
                info(m_sink, "The tokenizer learns " + std::to_string(vocabulary) + " pieces, which suits " +
                                 formatBytes(inspection.usableBytes) + " of text; the model has room for " +
                                 std::to_string(run.record.spec.model.vocabulary));
            TokenizerTraining settings;
            settings.vocabulary = vocabulary;
            GSST_ASSIGN(TrainedTokenizer trained,
                        trainTokenizer(m_files, inspection.files, settings, forward(m_sink), m_stop));
            for (const std::string& warning : trained.warnings)
                warn(m_sink, warning);
            run.tokenizer = std::move(trained.tokenizer);
        }
        return run.tokenizer.save(m_files, run.folder.tokenizer());
    }

    Status prepareState(PreparedRun& run) {
        const TrainerParts parts = partsOf(m_files, run);
        const ByteProgress progress = [this](uint64_t done, uint64_t total) {
            m_sink(Progress{"Writing the untrained model", done >> 20, total >> 20, "MiB"});
        };
        return Trainer::createState(parts, *run.table, progress, m_stop);
    }

    FileSystem& m_files;
    const RunRequest& m_request;
    const EventSink& m_sink;
    std::stop_token m_stop;
};

}  // namespace

Result<std::unique_ptr<PreparedRun>> prepareNewRun(FileSystem& files, const RunRequest& request, const EventSink& sink,
                                                   std::stop_token stop) {
    return Preparation(files, request, sink, std::move(stop)).prepare();
}

Result<std::unique_ptr<PreparedRun>> openExistingRun(FileSystem& files, const std::filesystem::path& folder,
                                                     const RunChanges& changes, const EventSink& sink,
                                                     std::stop_token stop) {
    auto run = std::make_unique<PreparedRun>();
    GSST_ASSIGN(const ProcessRank place, rankOfThisProcess());
    run->folder.root = folder;
    GSST_ASSIGN(run->record, readRunRecord(files, run->folder));
    GSST_ASSIGN(run->backend, createBackend(run->record.device));
    GSST_TRY(takePlace(*run, place));
    GSST_ASSIGN(run->lock, lockRun(files, folder));
    GSST_TRY(change(files, *run, changes));
    warnOfThreads(run->record.spec, place, sink);
    run->table = std::make_unique<TensorTable>(run->record.spec.model);
    GSST_ASSIGN(run->tokenizer, Tokenizer::load(files, run->folder.tokenizer()));
    GSST_TRY(openTokens(*run));
    MachineLimits machine = machineLimits(files, *run->backend, folder);
    machine.diskBytes = 0;
    GSST_ASSIGN(run->world, joinWorld(place, run->backend->id(), run->folder, sink, std::move(stop)));
    GSST_TRY(agreeOnRecipe(*run));
    GSST_TRY(planRun(files, *run, machine, 0));
    if (run->planned.plan.microBatch != run->record.spec.training.microBatch) {
        warn(sink, "The limits are tighter than when the run began: the micro-batch is now " +
                       std::to_string(run->planned.plan.microBatch) +
                       "; results stay the same up to the order of sums");
        noteReplan(*run, run->record.ceilings());
    }
    return run;
}

TrainerParts partsOf(FileSystem& files, const PreparedRun& run) {
    TrainerParts parts;
    parts.files = &files;
    parts.backend = run.backend.get();
    parts.folder = run.folder;
    parts.spec = run.record.spec;
    parts.part = run.planned.part;
    parts.plan = run.planned.plan;
    parts.tokens = run.tokens.get();
    parts.engine = run.engine;
    parts.collective = &run.world->collective();
    parts.share = run.record.share();
    parts.fingerprint = fingerprintOf(run.record.spec, run.tokenizer.hash(), int64_t(run.tokens->size()));
    return parts;
}

Planned plannedEvent(const PreparedRun& run, int64_t firstStep, PlanCause cause) {
    const Plan& plan = run.planned.plan;
    const TrainSpec& training = run.record.spec.training;
    Planned planned;
    planned.cause = cause;
    planned.microBatch = training.microBatch;
    planned.steps = training.steps;
    planned.firstStep = firstStep;
    planned.slices = plan.slices;
    planned.sliceInfos = sliceInfos(*run.table, makeSlicing(*run.table, plan.placement));
    planned.tokensPerStep = training.tokensPerStep();
    planned.parameters = run.table->parameters();
    planned.secondsPerStep = plan.step.seconds;
    planned.devicePeakBytes = plan.devicePeak;
    planned.deviceLimitBytes = plan.deviceLimit;
    planned.ramPeakBytes = plan.ramPeak;
    planned.ramLimitBytes = plan.ramLimit;
    planned.diskBytes = plan.diskBytes;
    planned.readBytesPerStep = plan.step.readBytes;
    planned.writtenBytesPerStep = plan.step.writtenBytes;
    planned.bottleneck = plan.bottleneck();
    planned.streamed = plan.stateOnDisk;
    return planned;
}

}  // namespace gsst
