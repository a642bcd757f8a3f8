// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/compute_probe.h"
#include "train/machine_cache.h"

#include "io/memory_files.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gsst {
namespace {

const std::filesystem::path kFile = std::filesystem::path("cache") / "machine.json";

ComputeRates someRates() { return {1e9, 2e9, 3e9, 4e9, 5e9, 6e9}; }

void write(FileSystem& files, std::string_view text) {
    ASSERT_TRUE(files.makeFolders(kFile.parent_path()).ok());
    ASSERT_TRUE(writeTextAtomically(files, kFile, text).ok());
}

TEST(MachineCache, KeepsWhatItWasGivenAndWhatOthersWrote) {
    auto files = makeMemoryFiles();
    EXPECT_TRUE(MachineCache::load(*files, kFile, "this").compute.empty());
    MachineCache one, other;
    one.compute["a"] = someRates();
    one.drives["d"] = {1.5e9, 2.5e9, true};
    other.compute["b"] = someRates();
    one.save(*files, kFile, "this");
    other.save(*files, kFile, "this");
    const MachineCache both = MachineCache::load(*files, kFile, "this");
    ASSERT_EQ(both.compute.size(), 2u);
    EXPECT_EQ(both.compute.at("a").keptBackwardFlops, 3e9);
    EXPECT_EQ(both.compute.at("b").copyBytes, 6e9);
    ASSERT_EQ(both.drives.size(), 1u);
    EXPECT_EQ(both.drives.at("d").writeBytesPerSecond, 2.5e9);
    EXPECT_TRUE(both.drives.at("d").uring);
}

TEST(MachineCache, OfAnotherMachineIsOfNoUse) {
    auto files = makeMemoryFiles();
    MachineCache cache;
    cache.compute["a"] = someRates();
    cache.save(*files, kFile, "that");
    EXPECT_TRUE(MachineCache::load(*files, kFile, "this").compute.empty());
}

TEST(MachineCache, WhatIsNotUnderstoodIsLeftOut) {
    auto files = makeMemoryFiles();
    for (const char* text : {"", "no JSON", "[]", "{\"version\":2,\"machine\":\"this\"}", "{\"version\":\"1\"}",
                             R"({"version":1,"machine":"this","compute":[1],"drives":{"d":{"read_bytes":-1,"write_bytes":1}}})",
                             R"({"version":1,"machine":"this","compute":{"a":{"forward_flops":"fast"}},"drives":{"d":7}})"}) {
        write(*files, text);
        const MachineCache cache = MachineCache::load(*files, kFile, "this");
        EXPECT_TRUE(cache.compute.empty()) << text;
        EXPECT_TRUE(cache.drives.empty()) << text;
    }
}

ModelSpec model(Family family, int64_t width) {
    ModelSpec spec;
    spec.family = family;
    spec.layers = 12;
    spec.width = width;
    spec.heads = width / 64;
    spec.kvHeads = family == Family::Llama ? std::max<int64_t>(1, spec.heads / 4) : spec.heads;
    spec.ffnWidth = 4 * width;
    spec.vocabulary = 32000;
    spec.context = 2048;
    spec.tiedHead = family == Family::Gpt2;
    return spec;
}

TrainSpec training(int64_t length, int64_t sequences) {
    TrainSpec spec;
    spec.sequenceLength = length;
    spec.microBatch = spec.sequencesPerStep = sequences;
    spec.headTokenChunk = 256;
    return spec;
}

TEST(ProbeShape, IsBoundedAndSharedByWhatIsAlike) {
    const ProbeShape large = probeShapeOf(model(Family::Llama, 4096), training(2048, 4));
    EXPECT_EQ(large.model.layers, 1);
    EXPECT_EQ(large.model.width, 2048);
    EXPECT_EQ(large.model.headSize(), 64);
    EXPECT_EQ(large.model.heads % large.model.kvHeads, 0);
    EXPECT_LE(large.model.vocabulary, 8192);
    EXPECT_EQ(large.training.microBatch, 1);
    EXPECT_EQ(large.key(), probeShapeOf(model(Family::Llama, 8192), training(2048, 8)).key());
    EXPECT_NE(large.key(), probeShapeOf(model(Family::Llama, 512), training(2048, 4)).key());
    EXPECT_NE(large.key(), probeShapeOf(model(Family::Gpt2, 4096), training(2048, 4)).key());
}

TEST(ComputeProbe, GivesRatesForEveryKindOfRecipe) {
    for (const Family family : {Family::Gpt2, Family::Llama})
        for (const Precision precision : {Precision::Fp32, Precision::Bf16})
            for (const StatePreset preset : {StatePreset::Exact, StatePreset::Lean}) {
                TrainSpec recipe = training(64, 2);
                recipe.precision = precision;
                recipe.state = preset;
                const auto rates = probeCompute(probeShapeOf(model(family, 128), recipe));
                ASSERT_TRUE(rates.ok()) << rates.error().text();
                for (const double rate : {rates->forwardFlops, rates->backwardFlops, rates->keptBackwardFlops, rates->headFlops, rates->updateBytes, rates->copyBytes}) {
                    EXPECT_TRUE(std::isfinite(rate));
                    EXPECT_GT(rate, 1e6);
                    EXPECT_LT(rate, 1e15);
                }
            }
}

}  // namespace
}  // namespace gsst
