// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/trainer.h"

#include "base/clock.h"
#include "data/batch.h"
#include "data/sampler.h"
#include "device/cpu_device.h"
#include "optim/squared_norm.h"
#include "plan/state_bytes.h"
#include "train/state_files.h"
#include "train/torch_slice_math.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace gsst {

struct Trainer::Impl {
    Impl(const TrainerParts& given, const TensorTable& modelTable)
        : parts(given), table(modelTable), devicePool(given.plan.deviceLimit), ramPool(0), device(devicePool),
          builder(modelTable, parts.spec.training, given.plan.placement), batches(size_t(parts.spec.training.microBatchesPerStep())) {
        for (HostBatch& batch : batches) {
            batch.input.resize(size_t(parts.spec.training.tokensPerMicroBatch()));
            batch.target.resize(batch.input.size());
        }
    }

    struct HostBatch {
        std::vector<int64_t> input;
        std::vector<int64_t> target;
        BatchView view() { return {input, target}; }
    };

    Status prepare(const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop);
    std::shared_ptr<const StepProgram> program(ProgramKind kind);
    Status loadBatch(int64_t stepIndex);
    Status runAlone(ProgramKind kind, const StepContext& context);
    /// For a program that applies the pending update and commits nothing.
    StepContext updateContext() const;
    /// The same for one that commits: the record is stamped, which syncs the logs.
    StepContext commitContext() const;
    Status applyResident();
    /// Takes back a program that was enqueued ahead; everything that ran keeps its effect.
    Status dropAhead();
    const TrainSpec& training() const { return parts.spec.training; }
    bool resident() const { return parts.plan.placement.stateResident; }

    TrainerParts parts;
    const TensorTable& table;
    CpuPool devicePool;
    CpuPool ramPool;
    CpuDevice device;
    ProgramBuilder builder;
    std::vector<HostBatch> batches;
    std::optional<Sampler> sampler;
    std::optional<ValidationSequences> validation;
    std::map<ProgramKind, std::shared_ptr<const StepProgram>> programs;
    std::unique_ptr<StagingRing> ring;
    std::unique_ptr<StateStore> store;
    std::unique_ptr<File> gradients;
    std::unique_ptr<ResidentState> residentState;
    std::unique_ptr<TorchSliceMath> math;
    std::unique_ptr<AsyncIo> io;         // after everything its requests point to
    std::unique_ptr<Executor> executor;  // last: its destructor waits for I/O

    int64_t step = 0;
    int64_t committedStep = 0;
    bool pending = false;       ///< the gradient of `step` waits for its update
    float pendingScale = 1.0f;
    bool uncommitted = false;   ///< resident state is ahead of the slot
    Stopwatch sinceCommit;
    IoCounters counters;        ///< at the end of the last step
};

Status Trainer::Impl::prepare(const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop) {
    at::set_num_threads(int(training().threads));
    FileSystem& files = *parts.files;
    GSST_ASSIGN(const TokenSplit split, splitTokens(parts.tokens->size(), parts.spec.data.validationShare, training().sequenceLength));
    GSST_ASSIGN(sampler, Sampler::create(training().seed, split.train, training().sequenceLength));
    validation.emplace(split.train, split.validation, training().sequenceLength, training().evaluateSequences);
    GSST_ASSIGN(store, StateStore::open(files, parts.folder.root, table, Caching::Direct));
    step = committedStep = store->committed().step;
    if (resident()) {
        GSST_ASSIGN(residentState, ResidentState::create(table, ramPool));
        GSST_TRY(loadResident(*store, table, *residentState, progress, stop));
    } else {
        GSST_TRY(files.makeFolders(parts.folder.work()));
        GSST_ASSIGN(gradients, files.open(parts.folder.gradients(), OpenMode::Create, Caching::Direct));
        GSST_TRY(gradients->reserve(uint64_t(table.paddedParameters() * kGradientBytes)));
    }
    GSST_ASSIGN(ring, StagingRing::create(size_t(parts.plan.ringBytes)));
    math = std::make_unique<TorchSliceMath>(table, builder.slices(), training(), devicePool);
    io = makeThreadPoolIo({});
    EngineParts engine;
    engine.table = &table;
    engine.slices = builder.slices();
    engine.precision = training().precision;
    engine.device = &device;
    engine.ram = &ramPool;
    engine.ring = ring.get();
    engine.io = io.get();
    engine.math = math.get();
    engine.store = store.get();
    engine.gradients = gradients.get();
    engine.resident = residentState.get();
    engine.observer = parts.observer;
    executor = std::make_unique<Executor>(engine);
    return {};
}

std::shared_ptr<const StepProgram> Trainer::Impl::program(ProgramKind kind) {
    auto& cached = programs[kind];
    if (!cached)
        cached = std::make_shared<const StepProgram>(builder.build(kind));
    return cached;
}

Status Trainer::Impl::loadBatch(int64_t stepIndex) {
    for (size_t index = 0; index < batches.size(); ++index) {
        HostBatch& batch = batches[index];
        GSST_TRY(fillTrainingBatch(*parts.tokens, *sampler, stepIndex, training().sequencesPerStep, int64_t(index), batch.view()));
        GSST_TRY(math->setBatch(int(index), batch.input, batch.target, training().tokensPerStep()));
    }
    return {};
}

StepContext Trainer::Impl::updateContext() const {
    StepContext context;
    context.updateStep = step;
    context.gradientScale = pendingScale;
    return context;
}

StepContext Trainer::Impl::commitContext() const {
    StepContext context = updateContext();
    if (parts.stampRecord)
        parts.stampRecord(context.record);
    context.record.step = step;
    return context;
}

Status Trainer::Impl::dropAhead() {
    GSST_TRY(executor->drain());
    if (executor->queued() > 0)
        executor->abandon();
    return {};
}

Status Trainer::Impl::runAlone(ProgramKind kind, const StepContext& context) {
    executor->enqueue(program(kind));
    GSST_ASSIGN([[maybe_unused]] const StepOutcome outcome, executor->run(context, {}));
    return executor->drain();
}

/// State in RAM is updated at once and in place: it cannot be rolled back, so no stop may fall into it.
Status Trainer::Impl::applyResident() {
    executor->enqueue(program(ProgramKind::UpdateOnly));
    GSST_ASSIGN([[maybe_unused]] const StepOutcome outcome, executor->run(updateContext(), {}));
    pending = false;
    uncommitted = true;
    return {};
}

Trainer::Trainer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Trainer::~Trainer() = default;

Status Trainer::createState(const TrainerParts& parts, const TensorTable& table,
                            const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop) {
    GSST_ASSIGN(auto store, StateStore::create(*parts.files, parts.folder.root, table, Caching::Direct));
    GSST_TRY(writeInitialState(*store, table, parts.spec.training.seed, progress, stop));
    return store->commit(0, CommitRecord{});
}

Result<std::unique_ptr<Trainer>> Trainer::open(const TrainerParts& parts, const TensorTable& table,
                                               const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop) {
    auto impl = std::make_unique<Impl>(parts, table);
    GSST_TRY(impl->prepare(progress, stop));
    return std::unique_ptr<Trainer>(new Trainer(std::move(impl)));
}

int64_t Trainer::step() const { return m_impl->step; }
int64_t Trainer::committedStep() const { return m_impl->committedStep; }
StateStore& Trainer::store() { return *m_impl->store; }
CpuPool& Trainer::devicePool() { return m_impl->devicePool; }

Result<StepResult> Trainer::runStep(bool moreToCome, std::stop_token stop) {
    Impl& impl = *m_impl;
    const Stopwatch watch;
    impl.devicePool.resetPeak();
    impl.ramPool.resetPeak();
    GSST_TRY(impl.loadBatch(impl.step));
    const bool updating = impl.pending;
    if (impl.executor->queued() == 0)
        impl.executor->enqueue(impl.program(updating ? ProgramKind::StepUpdating : ProgramKind::StepPlain));
    if (moreToCome && !impl.resident())
        impl.executor->enqueue(impl.program(ProgramKind::StepUpdating));
    const StepContext context = updating ? impl.commitContext() : StepContext{};
    GSST_ASSIGN(const StepOutcome outcome, impl.executor->run(context, stop));
    if (updating)
        impl.committedStep = impl.step;

    StepResult result;
    result.step = ++impl.step;
    result.loss = outcome.loss.nats / double(std::max<int64_t>(1, outcome.loss.tokens));
    result.gradientNorm = totalNorm(impl.executor->squaredNorms());
    result.clipFactor = clipFactor(result.gradientNorm, impl.training().clipNorm);
    result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.gradientNorm);
    impl.pending = !result.skipped;
    impl.pendingScale = result.clipFactor;
    if (result.skipped)
        GSST_TRY(impl.dropAhead());
    else if (impl.resident())
        GSST_TRY(impl.applyResident());

    const IoCounters now = impl.io->counters();
    result.readBytes = now.readBytes - impl.counters.readBytes;
    result.writtenBytes = now.writtenBytes - impl.counters.writtenBytes;
    impl.counters = now;
    result.waits = outcome.waits;
    result.computeSeconds = outcome.computeSeconds;
    result.devicePeak = impl.devicePool.usage().peak;
    result.ramBytes = impl.ramPool.usage().peak + impl.parts.plan.ringBytes;
    result.seconds = watch.seconds();
    return result;
}

Status Trainer::settle() {
    Impl& impl = *m_impl;
    GSST_TRY(impl.dropAhead());
    if (impl.pending) {
        GSST_TRY(impl.runAlone(ProgramKind::UpdateOnly, impl.resident() ? impl.updateContext() : impl.commitContext()));
        impl.pending = false;
        impl.uncommitted = impl.resident();
    }
    if (impl.uncommitted) {
        GSST_TRY(impl.runAlone(ProgramKind::WriteOut, impl.commitContext()));
        impl.uncommitted = false;
    }
    impl.committedStep = impl.store->committed().step;
    impl.sinceCommit = Stopwatch();
    return {};
}

Status Trainer::quiesce() { return m_impl->dropAhead(); }

Status Trainer::giveUpStep() {
    m_impl->executor->abandon();
    if (m_impl->resident())
        return settle();
    m_impl->pending = false;
    m_impl->step = m_impl->committedStep = m_impl->store->committed().step;
    return {};
}

bool Trainer::commitDue() const {
    return m_impl->uncommitted && m_impl->sinceCommit.seconds() >= double(m_impl->training().commitEverySeconds);
}

Result<EvaluationResult> Trainer::evaluate(std::stop_token stop) {
    GSST_TRY(settle());
    Impl& impl = *m_impl;
    const int64_t group = int64_t(impl.batches.size());
    const int64_t microBatches = impl.validation->microBatches(impl.training().microBatch);
    LossSum sum;
    for (int64_t first = 0; first < microBatches; first += group) {
        const int64_t count = std::min(group, microBatches - first);
        for (int64_t i = 0; i < count; ++i) {
            Impl::HostBatch& batch = impl.batches[size_t(i)];
            GSST_TRY(impl.validation->fill(*impl.parts.tokens, first + i, batch.view()));
            GSST_TRY(impl.math->setBatch(int(i), batch.input, batch.target, 1));
        }
        const bool whole = count == group;
        impl.executor->enqueue(whole ? impl.program(ProgramKind::Evaluate)
                                     : std::make_shared<const StepProgram>(impl.builder.buildEvaluation(int(count))));
        GSST_ASSIGN(const StepOutcome outcome, impl.executor->run({}, stop));
        sum.nats += outcome.loss.nats;
        sum.tokens += outcome.loss.tokens;
    }
    GSST_TRY(impl.executor->drain());
    impl.counters = impl.io->counters();
    return EvaluationResult{sum.nats / double(std::max<int64_t>(1, sum.tokens)), sum.tokens};
}

}  // namespace gsst
