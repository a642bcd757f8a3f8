// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "data/prepare_tokens.h"
#include "data/sample_corpus.h"
#include "engine/sole_rank.h"
#include "run/state_files.h"
#include "tests/support/fake_backend.h"
#include "tests/support/folders.h"
#include "tests/support/models.h"
#include "train/open_run.h"
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace gsst::test {

inline RunSpec tinySpec(Family family, Precision precision) {
    RunSpec spec;
    spec.name = "tiny";
    spec.data.tokenizer = TokenizerKind::Bytes;
    const Architecture& traits = infoOf(family).architecture;
    spec.model = withHead(modelOf(family, {.layers = 3,
                                           .heads = 4,
                                           .ffnWidth = 160,
                                           .context = 32,
                                           .kvHeads = traits.qkv == QkvLayout::Separate ? 2 : 4,
                                           .headSize = traits.queryKeyNorm == QueryKeyNorm::PerHead ? 24 : 0}),
                          family != Family::Llama);
    TrainSpec& training = spec.training;
    training.steps = 20;
    training.sequenceLength = 32;
    training.sequencesPerStep = 6;
    training.microBatch = 2;
    training.headTokenChunk = 48;
    training.precision = precision;
    training.learningRate = 3e-3;
    training.minLearningRate = 3e-4;
    training.warmupSteps = 5;
    training.clipNorm = 1.6;
    training.threads = 2;
    training.evaluateEvery = 0;
    training.evaluateSequences = 8;
    training.sampleEvery = 0;
    return spec;
}

/// State on disk.
inline Placement onDisk(int unitsPerSlice, int64_t chunkElements, Tier boundaries = Tier::Ram,
                        Tier gradient = Tier::Disk) {
    Placement placement = streamedPlacement();
    placement.unitsPerSlice = unitsPerSlice;
    placement.chunkElements = chunkElements;
    placement.boundaries = boundaries;
    placement.everywhere.gradient = gradient;
    return placement;
}

/// A run without session: prepared by hand, stepped by hand.
class HandRun {
public:
    HandRun(std::filesystem::path folder, RunSpec spec, const Placement& placement,
            UpdateRule rule = UpdateRule::Deferred, int64_t ringBytes = 8 << 20)
        : m_spec(std::move(spec)), m_table(m_spec.model) {
        m_parts.files = &osFileSystem();
        computeOn(cpuBackend());
        m_parts.folder.root = std::move(folder);
        m_parts.spec = m_parts.part = m_spec;
        m_parts.collective = &m_alone;
        m_parts.plan.placement = placement;
        m_parts.plan.rule = rule;
        m_parts.plan.breakEven = 0.5;
        m_parts.plan.microBatch = m_spec.training.microBatch;
        m_parts.plan.ringBytes = ringBytes;
        m_parts.plan.slices = int(makeSlicing(m_table, placement).size());
    }

    /// As the planner has it, limits included.
    HandRun(std::filesystem::path folder, const RunSpec& spec, const Plan& plan)
        : HandRun(std::move(folder), spec, plan.placement, plan.rule, plan.ringBytes) {
        m_parts.plan = plan;
    }

    /// From the next open() on.
    void computeOn(std::unique_ptr<ComputeBackend> backend) {
        m_backend = std::move(backend);
        m_parts.backend = m_backend.get();
    }
    void create(const TokenStore& tokens) {
        m_parts.tokens = &tokens;
        ASSERT_TRUE(osFileSystem().makeFolders(m_parts.folder.root).ok());
        const Status status = Trainer::createState(m_parts, m_table, {}, {});
        ASSERT_TRUE(status.ok()) << status.error().text();
    }
    void open() {
        const Status status = reopen();
        ASSERT_TRUE(status.ok()) << status.error().text();
    }
    Status reopen() {
        GSST_ASSIGN(m_trainer, Trainer::open(m_parts, m_table, {}, {}));
        return {};
    }
    void close() { m_trainer.reset(); }
    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            auto result = m_trainer->runStep(i + 1 < steps, {});
            ASSERT_TRUE(result.ok()) << result.error().text();
            results.push_back(*result);
        }
    }
    std::string flushedRoot() {
        const Status status = m_trainer->flush();
        EXPECT_TRUE(status.ok()) << status.error().text();
        return m_trainer->store().committed().rootHashHex();
    }
    Trainer& trainer() { return *m_trainer; }
    const TensorTable& table() const { return m_table; }
    std::vector<double> losses() const {
        std::vector<double> all;
        for (const StepResult& result : results)
            all.push_back(result.loss);
        return all;
    }

    std::vector<StepResult> results;

private:
    RunSpec m_spec;
    TensorTable m_table;
    SoleRank m_alone;
    TrainerParts m_parts;
    std::unique_ptr<ComputeBackend> m_backend;
    std::unique_ptr<Trainer> m_trainer;
};

/// Byte tokens of a small piece of generated text, made once per folder.
inline std::unique_ptr<TokenStore> smallTokens(const std::filesystem::path& folder) {
    FileSystem& files = osFileSystem();
    const std::filesystem::path text = folder / "stories.txt";
    EXPECT_TRUE(writeSampleCorpus(files, text, 60'000, {}, {}).ok());
    EXPECT_TRUE(prepareTokens(files, listTextFiles(files, {text}), Tokenizer::bytes(), folder / "tokens", {}, {}).ok());
    auto store = TokenStore::open(folder / "tokens");
    EXPECT_TRUE(store.ok());
    return std::make_unique<TokenStore>(std::move(*store));
}

}  // namespace gsst::test
