// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/cpu_device.h"
#include "device/delaying_device.h"
#include "engine/engine_workspace.h"
#include "engine/sole_rank.h"
#include "engine/step_driver.h"
#include "fake_slice_math.h"
#include "io/aligned_buffer.h"
#include "io/twins/memory_files.h"
#include "plan/program/program_builder.h"
#include "spec/cost.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gsst::test {

inline ModelSpec tinyModel(bool tied) {
    // The vocabulary has three canonical chunks of one block, the last of them smaller.
    return withHead(modelOf(Family::Gpt2, {.layers = 3, .vocabulary = 2900, .context = 16}), tied);
}

inline TrainSpec tinyTraining(StatePreset preset) {
    TrainSpec training;
    training.state = preset;
    training.sequenceLength = 8;
    training.sequencesPerStep = 6;
    training.microBatch = 2;
    training.vocabularyChunk = 1024;
    return training;
}

/// Clipping by the global norm with a bound that some steps pass and some do not.
inline ClipFunctions fakeClipping(double bound) {
    ClipFunctions clip;
    clip.norm = [](std::span<const double> norms) {
        double sum = 0;
        for (double norm : norms)
            sum += norm;
        return std::sqrt(sum);
    };
    clip.factor = [bound](double norm, double) { return norm > bound ? float(bound / norm) : 1.0f; };
    clip.guess = [](double) { return 1.0f; };
    return clip;
}

/// By the norm of the step before, unless it jumped.
inline ClipFunctions fakePreviousClipping(double bound) {
    ClipFunctions clip = fakeClipping(bound);
    clip.factor = [bound, global = clip.factor](double norm, double previous) {
        return previous <= 0 || norm > 1.02 * previous ? global(norm, 0) : global(previous, 0);
    };
    clip.guess = [global = fakeClipping(bound).factor](double previous) {
        return previous <= 0 ? 1.0f : global(previous, 0);
    };
    return clip;
}

inline ClipFunctions fakeUnitClipping(double bound) {
    ClipFunctions clip = fakeClipping(bound);
    clip.factorOfUnit = [bound, norm = clip.norm](std::span<const double> norms) {
        const double own = norm(norms);
        return own > 0.3 * bound ? float(0.3 * bound / own) : 1.0f;
    };
    return clip;
}

/// Everything that is free and must not change a bit.
struct FakeOptions {
    Placement placement;
    UpdateRule rule = UpdateRule::Deferred;
    ClipFunctions clip = fakeClipping(1e9);
    double breakEven = 0.5;
    int64_t ringBytes = 8 << 20;
    StatePreset preset = StatePreset::Exact;                               ///< changes bits
    OptimizerKind optimizer = OptimizerKind::AdamW;                        ///< changes bits
    std::function<StepVerdict(const RecentSteps&, double, double)> judge;  ///< changes bits
    LossScaling scaling = LossScaling::none();
    double firstScale = 1;
    bool sumsWithMath = true;          ///< see EngineParts
    int64_t sequences = 6;             ///< of a step, over all ranks
    Collective* collective = nullptr;  ///< null = alone
    EngineObserver* observer = nullptr;
    bool countsLines = false;  ///< records say how many steps had returned, as if each were a byte of the log
};

/// A run of the engine over the fake math: initial state, steps, state afterwards.
class FakeRun {
public:
    FakeRun(FileSystem& files, std::filesystem::path folder, const TensorTable& table, FakeOptions options,
            std::unique_ptr<Device> device)
        : m_files(files), m_folder(std::move(folder)), m_table(table), m_options(std::move(options)),
          m_plan(table, trainingOf(m_options), shareOf(m_options), planOf(m_options)), m_device(std::move(device)) {}

    void create() {
        ASSERT_TRUE(m_files.makeFolders(m_folder).ok());
        auto made = StateStore::create(m_files, m_folder, m_table, m_plan.format(), Caching::Direct);
        ASSERT_TRUE(made.ok()) << made.error().text();
        m_store = std::move(*made);
        auto buffer = AlignedBuffer::create(size_t(kBlockElements) * 4);
        ASSERT_TRUE(buffer.ok());
        for (size_t block = 0; block < m_table.blocks().size(); ++block)
            for (StateKind kind : m_plan.format().kinds()) {
                const size_t bytes = size_t(m_plan.format().bytes(int(block), kind));
                if (!m_plan.format().holds(int(block), kind))
                    continue;
                // bf16 bit patterns around 0.01 in `hi`, zero elsewhere.
                auto* words = reinterpret_cast<uint16_t*>(buffer->data());
                for (size_t i = 0; i < bytes / 2; ++i)
                    words[i] = kind == StateKind::Hi ? uint16_t(0x3c00 + (i + block * 3) % 61) : uint16_t(0);
                ASSERT_TRUE(m_store->file(0)
                                .write(m_store->layout().blocks(int(block), 1, kind).offset, {buffer->data(), bytes})
                                .ok());
                m_store->recordBlock(0, int(block), kind, {buffer->data(), bytes});
            }
        CommitRecord first;
        first.lossScale = m_options.firstScale;
        ASSERT_TRUE(m_store->commit(0, first).ok());
    }

    void open() {
        if (!m_store) {
            auto opened = StateStore::open(m_files, m_folder, m_table, m_plan.format(), Caching::Direct);
            ASSERT_TRUE(opened.ok()) << opened.error().text();
            m_store = std::move(*opened);
        }
        auto workspace = EngineWorkspace::create(
            m_files, {m_folder / "gradients", m_folder / "shares", m_folder / "boundaries"}, m_plan, m_ram);
        ASSERT_TRUE(workspace.ok()) << workspace.error().text();
        m_workspace = std::move(*workspace);
        m_math = std::make_unique<FakeSliceMath>(m_table, m_plan.format(), m_plan.slices(), m_plan.training());
        m_io = makeThreadPoolIo({2, 2, 64 << 10});
        EngineParts parts = m_workspace->parts();
        parts.collective = &collective();
        parts.observer = m_options.observer;
        m_math->setFirstMicroBatch(collective().rank() * int(m_plan.training().microBatchesPerStep()));
        parts.device = m_device.get();
        parts.io = m_io.get();
        parts.math = m_math.get();
        parts.store = m_store.get();
        parts.sumsWithMath = m_options.sumsWithMath;
        DriverOptions options;
        options.clip = m_options.clip;
        options.judge = m_options.judge;
        options.scaling = m_options.scaling;
        if (m_options.countsLines)
            options.stampRecord = [this](CommitRecord& record) { record.metricsBytes = losses.size(); };
        m_driver = std::make_unique<StepDriver>(parts, m_plan, options);
        const Status loaded = m_driver->load({}, {});
        ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    }

    /// Everything in memory is gone, as after a kill.
    void close() {
        m_driver.reset();
        m_io.reset();
        m_workspace.reset();
        m_store.reset();
    }

    bool step(bool ahead, std::stop_token stop = {}) {
        m_math->setData(m_driver->step() + 1);
        auto done = m_driver->run(ahead, stop);
        if (!done.ok()) {
            lastError = done.error();
            return false;
        }
        losses.push_back(done->loss.nats);
        norms.push_back(done->gradientNorm);
        clipped += done->clipFactor < 1.0f ? 1 : 0;
        wrongGuesses += done->wrongGuess ? 1 : 0;
        skipped += done->skipped() ? 1 : 0;
        verdicts.push_back(done->verdict);
        scales.push_back(done->lossScale);
        ++updates[done->update];
        return true;
    }

    bool flush() {
        Status status = m_driver->flush();
        if (!status.ok())
            lastError = status.error();
        return status.ok();
    }

    void steps(int count) {
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(step(i + 1 < count)) << lastError.text();
        ASSERT_TRUE(flush()) << lastError.text();
    }

    StateStore& store() { return *m_store; }
    StepDriver& driver() { return *m_driver; }
    FakeSliceMath& math() { return *m_math; }
    Device& device() { return *m_device; }
    StagingRing& ring() { return m_workspace->ring(); }
    HostPool& ram() { return m_ram; }
    const CompiledPlan& plan() const { return m_plan; }

    std::vector<double> losses;
    std::vector<double> norms;
    int clipped = 0;
    int wrongGuesses = 0;
    int skipped = 0;
    std::vector<StepVerdict> verdicts;
    std::vector<double> scales;
    std::map<BackwardUpdate, int> updates;
    Error lastError;

private:
    static TrainSpec trainingOf(const FakeOptions& options) {
        TrainSpec training = tinyTraining(options.preset);
        training.optimizer = options.optimizer;
        training.sequencesPerStep = options.sequences / (options.collective ? options.collective->ranks() : 1);
        return training;
    }
    static Plan planOf(const FakeOptions& options) {
        Plan plan;
        plan.placement = options.placement;
        plan.rule = options.rule;
        plan.breakEven = options.breakEven;
        plan.microBatch = tinyTraining(options.preset).microBatch;
        plan.ringBytes = options.ringBytes;
        return plan;
    }
    /// The same part of the state that a rank of real runs has.
    static StateShard shareOf(const FakeOptions& options) {
        return options.collective ? StateShard{options.collective->rank(), options.collective->ranks(), Precision::Fp32}
                                  : StateShard{};
    }
    Collective& collective() { return m_options.collective ? *m_options.collective : m_alone; }

    FileSystem& m_files;
    std::filesystem::path m_folder;
    const TensorTable& m_table;
    FakeOptions m_options;
    SoleRank m_alone;
    CompiledPlan m_plan;
    HostPool m_ram{0};
    std::unique_ptr<Device> m_device;
    std::unique_ptr<StateStore> m_store;
    std::unique_ptr<EngineWorkspace> m_workspace;
    std::unique_ptr<FakeSliceMath> m_math;
    std::unique_ptr<AsyncIo> m_io;
    std::unique_ptr<StepDriver> m_driver;
};

/// How the state of a run is kept and updated.
struct Way {
    std::string name;
    UpdateRule rule = UpdateRule::Deferred;
    bool inRam = false;
};

/// In chunks that are smaller than a slice where it is on disk.
inline FakeOptions optionsOf(const Way& way) {
    FakeOptions options;
    options.placement = way.inRam ? residentPlacement() : Placement{};
    if (!way.inRam)
        options.placement.chunkElements = 16384;
    options.rule = way.rule;
    return options;
}

/// A bound for clipping between the norms of the tied model's first six steps: some clip and some do not.
inline double middleNorm() {
    static const double bound = [] {
        const TensorTable table(tinyModel(true));
        const auto files = makeMemoryFiles();
        HostPool pool(0);
        FakeOptions resident;
        resident.placement = residentPlacement();
        FakeRun run(*files, "run", table, resident, std::make_unique<CpuDevice>(pool));
        run.create();
        run.open();
        run.steps(6);
        std::sort(run.norms.begin(), run.norms.end());
        return (run.norms[2] + run.norms[3]) / 2;
    }();
    return bound;
}

}  // namespace gsst::test
