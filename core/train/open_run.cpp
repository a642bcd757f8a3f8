// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/open_run.h"

#include "base/units.h"
#include "data/prepare_tokens.h"
#include "data/sample_corpus.h"
#include "data/text_source.h"
#include "data/token_format.h"
#include "data/tokenizer_trainer.h"
#include "machine/machine.h"
#include "run/state_files.h"
#include "store/commit_log.h"
#include "store/state_store.h"
#include "train/rank_rendezvous.h"
#include "train/replan.h"
#include "train/trainer.h"

#include "insight/slice_infos.h"
#include <algorithm>
#include <optional>
#include <thread>
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

/// Bytes a second between processes of one computer: careful, not measured.
constexpr double kLoopbackBytes = 1e9;

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

/// Fills in what the recipe leaves to this machine; from here on it is part of the run.
void resolveDefaults(RunSpec& spec, const ProcessRank& place) {
    if (spec.training.threads == 0)
        spec.training.threads = std::max(1u, std::thread::hardware_concurrency() / unsigned(place.ranksHere));
}

/// The same for what all ranks must have in common.
Status resolveTogether(FileSystem& files, OpenRun& run, const EventSink& sink) {
    TrainSpec& training = run.record.spec.training;
    const bool left = leavesProductsOpen(training);
    std::optional<MachineInUse> disturbed;
    if (run.place.ranksHere > 1)
        disturbed.emplace();
    GSST_TRY(resolveProducts(
        training, [&] { return shareProductRates(run.collective.get(), measureProducts(files, *run.backend)); }));
    if (left && productsOf(training) == Products::Upcast)
        info(sink, "Matrices in bf16 are multiplied in fp32, which is faster on this " + run.backend->title() +
                       " and no less exact");
    return {};
}

Status planRun(FileSystem& files, OpenRun& run, const MachineLimits& limits, double driveBytesPerSecond) {
    GSST_ASSIGN(RunSpec share, shareOf(run.record.spec, run.place.ranks));
    std::optional<MachineInUse> disturbed;  // by the others on this computer, which measure too
    if (run.place.ranksHere > 1)
        disturbed.emplace();
    const Machine machine = measureMachine(files, *run.backend, run.folder.root, share, DriveProbe::Quick);
    run.engine = machine.engine;
    run.hardware = withDriveAtMost(machine.profile, driveBytesPerSecond);
    run.limits = limits;
    run.limits.ranks = run.place.ranks;
    if (run.place.ranksHere == run.place.ranks)
        run.hardware.compute.linkBytes = kLoopbackBytes;
    run.limits.ramBytes /= run.place.ranksHere;
    run.limits.diskBytes /= run.place.ranksHere;
    GSST_ASSIGN(const Means means, shareMeans(run.collective.get(), {share.budget, run.hardware, run.limits}));
    share.budget = run.budget = means.budget;
    run.hardware = means.hardware;
    run.limits = means.limits;
    const PlanBasis basis{share, *run.table, run.hardware, run.limits};
    auto plan = planWithin(run.record.ceilings(), basis);
    if (!plan.ok() && run.record.ceilings() != MemoryCeilings{})
        plan = planWithin({}, basis);  // the machine has changed since; what was learnt of it may not hold any more
    GSST_TRY(plan);
    run.plan = *std::move(plan);
    GSST_TRY(checkSamePlan(run.collective.get(), run.plan));
    run.limits.diskBytes = 0;  // once the files of the run are there, free disk space is no limit for it any more
    return {};
}

/// Maps the tokens and makes sure that they are this run's, and enough.
Status openTokens(OpenRun& run) {
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
Status changeSteps(FileSystem& files, OpenRun& run, int64_t steps) {
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

/// The folder of one rank is no other's, and one of several cannot go on alone: what the others computed would be
/// missing.
Status takePlace(const OpenRun& run) {
    const auto text = [](int rank, int ranks) {
        return ranks == 1 ? std::string("a run of one process")
                          : "rank " + std::to_string(rank) + " of " + std::to_string(ranks);
    };
    if (run.place.rank == run.record.rank && run.place.ranks == run.record.ranks)
        return {};
    return Error{ErrorCode::InvalidInput, "This folder belongs to another rank", run.folder.root.string(),
                 "it is that of " + text(run.record.rank, run.record.ranks) + ", this process is " +
                     text(run.place.rank, run.place.ranks),
                 run.record.ranks == 1 ? "Unset WORLD_SIZE to go on with it"
                                       : "Start it with WORLD_SIZE=" + std::to_string(run.record.ranks) +
                                             " RANK=" + std::to_string(run.record.rank) + ", together with the others"};
}

class Preparation {
public:
    Preparation(FileSystem& files, const RunRequest& request, const EventSink& sink, std::stop_token stop)
        : m_files(files), m_request(request), m_sink(sink), m_stop(std::move(stop)) {}

    Result<std::unique_ptr<OpenRun>> prepare() {
        auto run = std::make_unique<OpenRun>();
        GSST_ASSIGN(run->backend, createBackend(m_request.device));
        GSST_ASSIGN(run->place, rankOfThisProcess());
        run->folder.root = folderOfRank(m_request.runFolder, run->place);
        run->record.spec = m_request.spec;
        run->record.device = m_request.device;
        resolveDefaults(run->record.spec, run->place);
        run->record.rank = run->place.rank;
        run->record.ranks = run->place.ranks;
        GSST_TRY(validate(run->record.spec, "the run's settings"));
        if (m_files.exists(run->folder.runJson()))
            return alreadyThere(run->folder);
        run->table = std::make_unique<TensorTable>(run->record.spec.model);
        if (!m_request.sampleText)
            GSST_TRY(requireUsableText(listTextFiles(m_files, m_request.text)));
        divideMicroBatches(*run);
        GSST_TRY(shareOf(run->record.spec, run->place.ranks));
        GSST_TRY(meetOthers(*run, m_sink, m_stop));
        GSST_TRY(resolveTogether(m_files, *run, m_sink));
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
    Status fill(OpenRun& run) {
        GSST_TRY(prepareText(run));
        GSST_TRY(prepareState(run));
        return writeRunRecord(m_files, run.folder, run.record);
    }

    void divideMicroBatches(OpenRun& run) {
        const int ranks = run.place.ranks;
        lowerMicroBatch(run, dividedMicroBatch(run.record.spec.training, ranks),
                        "so that " + std::to_string(ranks) + " ranks have equally many of them");
    }

    void adoptPlan(OpenRun& run) { lowerMicroBatch(run, run.plan.microBatch, "to fit the device memory limit"); }

    void lowerMicroBatch(OpenRun& run, int64_t sequences, const std::string& why) {
        TrainSpec& training = run.record.spec.training;
        if (sequences != training.microBatch)
            info(m_sink, "Micro-batch lowered from " + std::to_string(training.microBatch) + " to " +
                             std::to_string(sequences) + " sequences " + why + "; tokens per step stay the same");
        training.microBatch = sequences;
    }

    Status prepareText(OpenRun& run) {
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

    Status prepareTokenizer(OpenRun& run, const TextInspection& inspection) {
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

    Status prepareState(OpenRun& run) {
        TrainerParts parts;
        parts.files = &m_files;
        parts.folder = run.folder;
        parts.spec = run.record.spec;
        parts.plan = run.plan;
        parts.share = run.record.share();
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

Result<std::unique_ptr<OpenRun>> prepareNewRun(FileSystem& files, const RunRequest& request, const EventSink& sink,
                                               std::stop_token stop) {
    return Preparation(files, request, sink, std::move(stop)).prepare();
}

Result<std::unique_ptr<OpenRun>> openExistingRun(FileSystem& files, const std::filesystem::path& folder, int64_t steps,
                                                 const EventSink& sink, std::stop_token stop) {
    auto run = std::make_unique<OpenRun>();
    GSST_ASSIGN(run->place, rankOfThisProcess());
    run->folder.root = folder;
    GSST_ASSIGN(run->record, readRunRecord(files, run->folder));
    GSST_ASSIGN(run->backend, createBackend(run->record.device));
    GSST_TRY(takePlace(*run));
    GSST_ASSIGN(run->lock, lockRun(files, folder));
    if (steps > 0)
        GSST_TRY(changeSteps(files, *run, steps));
    run->table = std::make_unique<TensorTable>(run->record.spec.model);
    GSST_ASSIGN(run->tokenizer, Tokenizer::load(files, run->folder.tokenizer()));
    GSST_TRY(openTokens(*run));
    MachineLimits machine = machineLimits(files, *run->backend, folder);
    machine.diskBytes = 0;
    GSST_TRY(meetOthers(*run, sink, std::move(stop)));
    GSST_TRY(planRun(files, *run, machine, 0));
    if (run->plan.microBatch != run->record.spec.training.microBatch) {
        warn(sink, "The limits are tighter than when the run began: the micro-batch is now " +
                       std::to_string(run->plan.microBatch) + "; results stay the same up to the order of sums");
        noteReplan(*run, run->record.ceilings());
    }
    return run;
}

Planned plannedEvent(const OpenRun& run, int64_t firstStep, PlanCause cause) {
    const Plan& plan = run.plan;
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
