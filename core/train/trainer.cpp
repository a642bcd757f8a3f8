// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/trainer.h"

#include "base/clock.h"
#include "data/batch.h"
#include "data/sampler.h"
#include "device/host_pool.h"
#include "device/system_memory.h"
#include "engine/agreement.h"
#include "engine/engine_workspace.h"
#include "machine/machine.h"
#include "run/state_files.h"
#include "train/clipping.h"
#include "train/outlier_watch.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace gsst {

struct Trainer::Impl {
    Impl(const TrainerParts& given, const TensorTable& modelTable, std::unique_ptr<OpenDevice> openDevice)
        : parts(given), table(modelTable), device(std::move(openDevice)),
          ramPool(given.plan.ramLimit > 0
                      ? std::max<int64_t>(1, given.plan.ramLimit - given.plan.ringBytes - given.plan.programBytes)
                      : 0),
          plan(modelTable, training(), parts.share, given.plan), batches(size_t(training().microBatchesPerStep())) {
        for (HostBatch& batch : batches) {
            batch.input.resize(size_t(parts.spec.training.tokensPerMicroBatch()));
            batch.target.resize(batch.input.size());
        }
        if (parts.onShortage) {
            device->pool().onRefusal([this](const PoolRefusal& refusal) {
                parts.onShortage({Tier::Device, refusal.wanted, refusal.there});
            });
            ramPool.onRefusal(
                [this](const PoolRefusal& refusal) { parts.onShortage({Tier::Ram, refusal.wanted, refusal.there}); });
        }
    }

    struct HostBatch {
        std::vector<int64_t> input;
        std::vector<int64_t> target;
        BatchView view() { return {input, target}; }
    };

    Status prepare(const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop);
    EngineParts engineParts();
    DriverOptions driverOptions() const;
    Status loadBatch(int64_t stepIndex);
    const TrainSpec& training() const { return parts.part.training; }

    MachineInUse inUse;
    TrainerParts parts;
    const TensorTable& table;
    std::unique_ptr<OpenDevice> device;
    HostPool ramPool;
    CompiledPlan plan;
    std::vector<HostBatch> batches;
    std::optional<Sampler> sampler;
    std::optional<ValidationSequences> validation;
    std::unique_ptr<StateStore> store;
    std::unique_ptr<EngineWorkspace> workspace;
    std::unique_ptr<BatchMath> math;
    std::unique_ptr<AsyncIo> io;         // after everything its requests point to
    std::unique_ptr<StepDriver> driver;  // last: its destructor waits for I/O

    Stopwatch sinceCommit;
    IoCounters counters;  ///< at the end of the last step
};

Status Trainer::Impl::prepare(const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop) {
    GSST_TRY(parts.backend->useThreads(training().threads));
    FileSystem& files = *parts.files;
    GSST_ASSIGN(const TokenSplit split,
                splitTokens(parts.tokens->size(), parts.spec.data.validationShare, training().sequenceLength));
    validation.emplace(split.train, split.validation, training().sequenceLength, training().evaluateSequences);
    GSST_ASSIGN(store, StateStore::open(files, parts.folder.root, table, plan.format(), Caching::Direct));
    GSST_TRY(agreeOnStart(*parts.collective, *store, parts.fingerprint));
    GSST_ASSIGN(sampler,
                Sampler::create(training().seed, split.train, training().sequenceLength, store->committed().dataOrder));
    GSST_TRY(files.makeFolders(parts.folder.work()));
    GSST_ASSIGN(workspace, EngineWorkspace::create(
                               files, {parts.folder.gradients(), parts.folder.shares(), parts.folder.boundaries()},
                               plan, ramPool));
    GSST_ASSIGN(math, parts.backend->makeMath({table, plan.slices(), training()}, *device));
    io = makeIo(parts.engine);
    // Only saves work: systems that let a user pin little memory refuse it.
    static_cast<void>(io->registerBuffers(workspace->ring().memory()));
    driver = std::make_unique<StepDriver>(engineParts(), plan, driverOptions());
    return driver->load(progress, stop);
}

EngineParts Trainer::Impl::engineParts() {
    EngineParts engine = workspace->parts();
    engine.device = &device->device();
    engine.io = io.get();
    engine.math = math.get();
    engine.store = store.get();
    engine.observer = parts.observer;
    engine.sumsWithMath = parts.backend->sumsWithMath();
    engine.collective = parts.collective;
    return engine;
}

DriverOptions Trainer::Impl::driverOptions() const {
    DriverOptions options;
    options.clip = clipFunctions(training(), table.unitCount());
    options.scaling = lossScaling(training());
    options.judge = OutlierWatch(training());
    options.stampRecord = parts.stampRecord;
    return options;
}

Status Trainer::Impl::loadBatch(int64_t stepIndex) {
    const TrainSpec& whole = parts.spec.training;
    const int64_t first = parts.collective->rank() * int64_t(batches.size());
    for (size_t index = 0; index < batches.size(); ++index) {
        HostBatch& batch = batches[index];
        GSST_TRY(fillTrainingBatch(*parts.tokens, *sampler, stepIndex, whole.sequencesPerStep, first + int64_t(index),
                                   batch.view()));
        GSST_TRY(math->setBatch(int(index), batch.input, batch.target, whole.tokensPerStep()));
    }
    return {};
}

Trainer::Trainer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Trainer::~Trainer() = default;

Status Trainer::createState(const TrainerParts& parts, const TensorTable& table,
                            const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop) {
    const StateFormat format(table, parts.spec.training.state, optimizerSpec(parts.spec.training.optimizer),
                             parts.share);
    GSST_ASSIGN(auto store, StateStore::create(*parts.files, parts.folder.root, table, format, Caching::Direct));
    GSST_TRY(writeInitialState(*store, table, parts.spec.training.seed, progress, stop));
    CommitRecord first;
    if (parts.spec.training.precision == Precision::Fp16)
        first.lossScale = parts.spec.training.lossScale;
    return store->commit(0, first);
}

Result<std::unique_ptr<Trainer>> Trainer::open(const TrainerParts& parts, const TensorTable& table,
                                               const std::function<void(uint64_t, uint64_t)>& progress,
                                               std::stop_token stop) {
    GSST_ASSIGN(auto device, parts.backend->open(parts.plan.deviceLimit));
    auto impl = std::make_unique<Impl>(parts, table, std::move(device));
    GSST_TRY(impl->prepare(progress, stop));
    return std::unique_ptr<Trainer>(new Trainer(std::move(impl)));
}

int64_t Trainer::step() const {
    return m_impl->driver->step();
}
int64_t Trainer::committedStep() const {
    return m_impl->store->committed().step;
}
StateStore& Trainer::store() {
    return *m_impl->store;
}
IoCounters Trainer::ioCounters() const {
    return m_impl->io->counters();
}
const CompiledPlan& Trainer::plan() const {
    return m_impl->plan;
}
OpenDevice& Trainer::device() {
    return *m_impl->device;
}

Result<StepResult> Trainer::runStep(bool moreToCome, std::stop_token stop) {
    Impl& impl = *m_impl;
    const Stopwatch watch;
    impl.device->pool().resetPeak();
    impl.ramPool.resetPeak();
    GSST_TRY(impl.loadBatch(impl.driver->step()));
    GSST_ASSIGN(const DrivenStep step, impl.driver->run(moreToCome, stop));
    StepResult result;
    result.step = step.step;
    result.loss = step.meanLoss();
    result.gradientNorm = step.gradientNorm;
    result.clipFactor = double(step.clipFactor);
    result.verdict = step.verdict;
    result.lossScale = step.lossScale;
    result.nextLossScale = step.nextLossScale;
    result.skippedInARow = step.skippedInARow;
    result.wrongGuess = step.wrongGuess;
    result.update = step.update;
    const IoCounters now = impl.io->counters();
    result.readBytes = int64_t(now.readBytes - impl.counters.readBytes);
    result.writtenBytes = int64_t(now.writtenBytes - impl.counters.writtenBytes);
    impl.counters = now;
    result.readWaitSeconds = step.waits.read;
    result.linkWaitSeconds = step.waits.link;
    result.writeWaitSeconds = step.waits.write;
    result.compute = step.compute;
    result.devicePeakBytes = impl.device->pool().usage().peak;
    result.countedRamBytes = impl.ramPool.usage().peak + impl.parts.plan.ringBytes;
    result.ramBytes = std::max(result.countedRamBytes, processMemoryBytes() - impl.device->pool().usage().held);
    result.seconds = watch.seconds();
    return result;
}

Status Trainer::flush() {
    GSST_TRY(m_impl->driver->flush());
    m_impl->sinceCommit = Stopwatch();
    return {};
}

Status Trainer::quiesce() {
    return m_impl->driver->quiesce();
}

Status Trainer::giveUpStep(Survives survives) {
    return m_impl->driver->giveUp(survives);
}

void Trainer::abandonStep() {
    m_impl->driver->abandon();
}

bool Trainer::stateIsWhole() const {
    return m_impl->driver->stateIsWhole();
}

bool Trainer::commitDue() const {
    return m_impl->driver->uncommitted() &&
           m_impl->sinceCommit.seconds() >= double(m_impl->training().commitEverySeconds);
}

Result<EvaluationResult> Trainer::evaluate(std::stop_token stop) {
    GSST_TRY(flush());
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
        GSST_ASSIGN(const StepOutcome outcome, impl.driver->evaluate(int(count), stop));
        sum += outcome.loss;
    }
    GSST_TRY(impl.driver->quiesce());
    impl.counters = impl.io->counters();
    return EvaluationResult{sum.nats / double(std::max<int64_t>(1, sum.tokens)), sum.tokens};
}

}  // namespace gsst
