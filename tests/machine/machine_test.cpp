// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine_cache.h"
#include "machine/product_choice.h"

#include "base/clock.h"
#include "base/usable_cores.h"
#include "io/twins/memory_files.h"
#include "machine/compute_probe.h"
#include "machine/machine.h"
#include "machine/median_time.h"
#include "machine/processor_time.h"
#include "tensors/tensor_library.h"
#include "tests/support/fake_backend.h"
#include "tests/support/folders.h"
#include "tests/support/manual_clock.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gsst {
namespace {

using namespace std::chrono_literals;

const std::filesystem::path kFile = std::filesystem::path("cache") / "machine.json";

ComputeRates someRates() {
    return {1e9, 2e9, 3e9, 4e9, 5e9, 6e9};
}

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
    one.products = {7e9, 8e9};
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
    EXPECT_EQ(both.products.nativeFlops, 7e9);
    EXPECT_EQ(both.products.upcastFlops, 8e9);
}

TEST(MachineCache, WaitsForWhoeverWritesAndGivesUp) {
    auto files = makeMemoryFiles();
    MachineCache cache;
    cache.compute["a"] = someRates();
    ASSERT_TRUE(files->makeFolders(kFile.parent_path()).ok());
    std::filesystem::path lock = kFile;
    lock += ".lock";
    {
        const auto held = files->lock(lock);
        ASSERT_TRUE(held.ok());
        test::ManualClock clock;
        const Stopwatch watch(clock);
        cache.save(*files, kFile, "this", clock);
        EXPECT_FALSE(files->exists(kFile));
        EXPECT_NEAR(watch.seconds(), 0.5, 1e-9);
    }
    cache.save(*files, kFile, "this");
    EXPECT_EQ(MachineCache::load(*files, kFile, "this").compute.size(), 1u);
}

TEST(MachineCache, SavedByManyAtOnceHoldsAll) {
    auto files = makeMemoryFiles();
    std::vector<std::jthread> programs;
    for (int i = 0; i < 8; ++i)
        programs.emplace_back([&files, i] {
            MachineCache cache;
            cache.compute[std::to_string(i)] = someRates();
            cache.save(*files, kFile, "this");
        });
    programs.clear();
    EXPECT_EQ(MachineCache::load(*files, kFile, "this").compute.size(), 8u);
}

TEST(MachineCache, AFolderThatIsNoFolderIsNoObstacle) {
    auto files = makeMemoryFiles();
    write(*files, "a file");
    MachineCache cache;
    cache.compute["a"] = someRates();
    cache.save(*files, kFile / "machine.json", "this");
    EXPECT_TRUE(MachineCache::load(*files, kFile / "machine.json", "this").compute.empty());
}

TEST(Drive, IsTheSameForItsFoldersAndUnknownWhereThereIsNone) {
    const std::string here = driveIdentity(std::filesystem::current_path());
    EXPECT_FALSE(here.empty());
    EXPECT_EQ(driveIdentity("."), here);
    EXPECT_EQ(driveIdentity(std::filesystem::current_path() / "not there at all"), "");
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
    for (const char* text :
         {"", "no JSON", "[]",
          R"({"version":1,"machine":"this","compute":{"a":{"forward_flops":1,"backward_flops":1,)"
          R"("kept_backward_flops":1,"head_flops":1,"update_bytes":1,"copy_bytes":1}}})",
          "{\"version\":\"1\"}",
          R"({"version":2,"machine":"this","compute":[1],"drives":{"d":{"read_bytes":-1,"write_bytes":1}},)"
          R"("products":{"native_flops":1}})",
          R"({"version":2,"machine":"this","compute":{"a":{"forward_flops":"fast"}},"drives":{"d":7}})"}) {
        write(*files, text);
        const MachineCache cache = MachineCache::load(*files, kFile, "this");
        EXPECT_TRUE(cache.compute.empty()) << text;
        EXPECT_TRUE(cache.drives.empty()) << text;
        EXPECT_FALSE(cache.products.known()) << text;
    }
}

TEST(ProcessorTime, CountsWorkOfAllThreadsAndNoWaiting) {
    constexpr double kWork = 0.1, kResolution = 0.05;
    const Stopwatch watch;
    const ProcessorTime before = processorTime();
    const auto work = [before] {
        while (processorTime().process < before.process + kWork) {}
    };
    { const std::jthread one(work), other(work); }
    EXPECT_GT(watch.seconds(), kWork / double(std::max(2u, std::thread::hardware_concurrency())) / 2);
    const ProcessorTime worked = processorTime();
    if (before.system > 0) {
        EXPECT_GT(worked.system - before.system, kWork - kResolution);
    }
    std::this_thread::sleep_for(100ms);
    EXPECT_LT(processorTime().process - worked.process, kResolution);
}

/// A computer on which work takes as long as a test says.
struct MadeUpComputer {
    /// Of this process on `threads` threads, while others keep `otherThreads` of them busy.
    Status work(std::chrono::milliseconds wall, double threads, double otherThreads = 0) {
        clock.advance(wall);
        const double seconds = std::chrono::duration<double>(wall).count();
        spent.process += threads * seconds;
        spent.system += (threads + otherThreads) * seconds;
        ++calls;
        return {};
    }
    Meters meters() {
        return {clock, [this] { return spent; }};
    }

    test::ManualClock clock;
    ProcessorTime spent;
    int calls = 0;
};

TEST(MedianTime, PreparesEveryCallAndTimesTheWorkAlone) {
    MadeUpComputer computer;
    int prepared = 0;
    const auto seconds = usualSeconds(
        1, [&] { return computer.work(20ms, 1); },
        [&]() -> Status {
            EXPECT_EQ(prepared++, computer.calls);
            computer.clock.advance(5ms);
            return {};
        },
        computer.meters());
    ASSERT_TRUE(seconds.ok());
    EXPECT_DOUBLE_EQ(*seconds, 0.02);
    EXPECT_EQ(prepared, computer.calls);
    EXPECT_EQ(computer.calls, 6) << "one to warm up, and then a tenth of a second is enough";
}

TEST(MedianTime, WhatTakesLongIsNotRepeated) {
    MadeUpComputer computer;
    const auto seconds = usualSeconds(1, [&] { return computer.work(450ms, 1); }, {}, computer.meters());
    ASSERT_TRUE(seconds.ok());
    EXPECT_DOUBLE_EQ(*seconds, 0.45);
    EXPECT_EQ(computer.calls, 2);
}

TEST(MedianTime, IsTheMedianAndOnABusyComputerOneOfTheShorterCalls) {
    for (const double others : {0.0, 1.0}) {
        MadeUpComputer computer;
        const auto seconds = usualSeconds(
            2, [&] { return computer.work(std::chrono::milliseconds(computer.calls % 4 + 1), 2, others); }, {},
            computer.meters());
        ASSERT_TRUE(seconds.ok());
        EXPECT_DOUBLE_EQ(*seconds, others > 0 ? 0.002 : 0.003);
    }
}

TEST(MedianTime, LongCallsOnABusyComputerAreJudgedByWhatTheyCostTheProcessors) {
    MadeUpComputer computer;
    const auto seconds = usualSeconds(2, [&] { return computer.work(40ms, 1, 1); }, {}, computer.meters());
    ASSERT_TRUE(seconds.ok());
    EXPECT_NEAR(*seconds, 0.02 / 0.95, 1e-9) << "two undisturbed threads would have needed half as long";
    MadeUpComputer idle;
    const auto unhurried = usualSeconds(2, [&] { return idle.work(40ms, 1, 0); }, {}, idle.meters());
    ASSERT_TRUE(unhurried.ok());
    EXPECT_DOUBLE_EQ(*unhurried, 0.04) << "nobody was in its way: it uses one thread only";
}

TEST(MedianTime, TheFirstErrorEndsIt) {
    const Error broken{ErrorCode::Io, "broken", "", "", ""};
    int calls = 0;
    EXPECT_FALSE(usualSeconds(1, [&]() -> Status { return ++calls < 3 ? Status() : broken; }).ok());
    EXPECT_EQ(calls, 3);
    EXPECT_FALSE(
        usualSeconds(1, [&]() -> Status { return ++calls, Status(); }, [&]() -> Status { return broken; }).ok());
    EXPECT_EQ(calls, 3) << "what is not prepared is not done";
}

ModelSpec model(Family family, int64_t width) {
    const int64_t heads = width / 64;
    const FamilyInfo& info = infoOf(family);
    const bool grouped = info.architecture.qkv == QkvLayout::Separate;
    return test::withHead(test::modelOf(family, {.layers = 12,
                                                 .width = width,
                                                 .heads = heads,
                                                 .ffnWidth = 4 * width,
                                                 .vocabulary = 32000,
                                                 .context = 2048,
                                                 .kvHeads = grouped ? std::max<int64_t>(1, heads / 4) : heads,
                                                 .headSize = info.headSize}),
                          family == Family::Gpt2);
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
    EXPECT_LE(large.training.tokensPerMicroBatch(), 512);
    const ProbeShape small = probeShapeOf(model(Family::Gpt2, 256), training(4096, 1));
    EXPECT_EQ(small.training.tokensPerMicroBatch(), 1024);
    EXPECT_EQ(small.model.context, 1024);
    EXPECT_EQ(small.model.layers, 12);
}

TEST(ProbeShape, IsAtMostAQuarterWiderThanTheModelBetween64And2048) {
    for (int64_t width = 64; width <= 2048; width += 64) {
        const ModelSpec wanted = model(Family::Gpt2, width);
        const int64_t probed = probeShapeOf(wanted, training(64, 2)).model.width;
        EXPECT_GE(probed, width);
        EXPECT_LE(4 * probed, 5 * width);
    }
    for (const int64_t preset : {128, 192, 768, 1024, 1536, 2048})
        EXPECT_EQ(probeShapeOf(model(Family::Gpt2, preset), training(64, 2)).model.width, preset);
}

TEST(ProbeShape, KeepsHeadsOfTheirOwnSizeAndTheirShareOfTheWidth) {
    const ModelSpec wanted = model(Family::Qwen3, 4096);
    const ProbeShape shape = probeShapeOf(wanted, training(2048, 4));
    EXPECT_EQ(shape.model.width, 2048);
    EXPECT_EQ(shape.model.headSize(), 128);
    EXPECT_EQ(shape.model.queryWidth() * wanted.width, wanted.queryWidth() * shape.model.width);
    EXPECT_EQ(shape.model.keyWidth() * wanted.width, wanted.keyWidth() * shape.model.width);
    ModelSpec other = wanted;
    other.ownHeadSize = 64;
    EXPECT_NE(probeShapeOf(other, training(2048, 4)).key(), shape.key());
    other.ownHeadSize = 0;
    other.family = Family::Llama;
    const std::string llama = probeShapeOf(other, training(2048, 4)).key();
    EXPECT_EQ(llama.rfind("llama-1-2048-32-8-", 0), 0u) << llama << ": measured shapes keep their names";
    other.ownHeadSize = 128;
    EXPECT_EQ(probeShapeOf(other, training(2048, 4)).key().rfind("llama-1-2048-32-8-", 0), 0u);
    EXPECT_NE(probeShapeOf(other, training(2048, 4)).key(), llama);
}

TEST(ProbeShape, KnowsAWindowThatHidesSomething) {
    ModelSpec wanted = model(Family::Llama, 256);
    const std::string all = probeShapeOf(wanted, training(512, 2)).key();
    wanted.window = 512;
    EXPECT_EQ(probeShapeOf(wanted, training(512, 2)).key(), all);
    wanted.window = 511;
    EXPECT_NE(probeShapeOf(wanted, training(512, 2)).key(), all);
}

TEST(ProbeShape, KnowsHowManyThreadsItIsFor) {
    TrainSpec recipe = training(64, 2);
    const ProbeShape all = probeShapeOf(model(Family::Gpt2, 128), recipe);
    recipe.threads = usableCores();
    EXPECT_EQ(all.key(), probeShapeOf(model(Family::Gpt2, 128), recipe).key());
    recipe.threads += 1;
    EXPECT_NE(all.key(), probeShapeOf(model(Family::Gpt2, 128), recipe).key());
}

TEST(ProbeShape, KnowsHowItsProductsAreMade) {
    TrainSpec recipe = training(64, 2);
    std::set<std::string> keys;
    for (const Precision precision : {Precision::Fp32, Precision::Bf16, Precision::Fp16})
        for (const ProductChoice choice : {ProductChoice::Native, ProductChoice::Upcast}) {
            recipe.precision = precision;
            recipe.products = choice;
            keys.insert(probeShapeOf(model(Family::Gpt2, 128), recipe).key());
        }
    EXPECT_EQ(keys.size(), 4u) << "only bf16 has two";
}

TEST(ProductChoice, IsTheFasterWayAndNativeInDoubt) {
    EXPECT_EQ(fasterProducts({100, 120}), ProductChoice::Upcast);
    EXPECT_EQ(fasterProducts({100, 110}), ProductChoice::Native);
    EXPECT_EQ(fasterProducts({100, 0}), ProductChoice::Native);
    EXPECT_EQ(fasterProducts({0, 100}), ProductChoice::Native);
}

TEST(ProductChoice, IsSettledOnceAndOnlyWhereItIsLeftOpen) {
    int measured = 0;
    const auto measure = [&measured]() -> Result<ProductRates> {
        ++measured;
        return ProductRates{100, 200};
    };
    for (const Precision precision : {Precision::Fp32, Precision::Bf16, Precision::Fp16})
        for (const ProductChoice choice : {ProductChoice::Auto, ProductChoice::Native, ProductChoice::Upcast}) {
            TrainSpec recipe;
            recipe.precision = precision;
            recipe.products = choice;
            const bool open = precision == Precision::Bf16 && choice == ProductChoice::Auto;
            measured = 0;
            for (int twice = 0; twice < 2; ++twice)
                ASSERT_TRUE(resolveProducts(recipe, measure).ok());
            EXPECT_EQ(measured, open ? 1 : 0);
            EXPECT_EQ(recipe.products, open ? ProductChoice::Upcast : choice);
        }
    TrainSpec recipe;
    recipe.precision = Precision::Bf16;
    const Status status =
        resolveProducts(recipe, []() -> Result<ProductRates> { return Error{ErrorCode::Cancelled, "", "", "", ""}; });
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(recipe.products, ProductChoice::Auto);
}

TEST(ProductProbe, GivesRatesOfBothWays) {
    const auto tensors = tensorLibrary();
    ASSERT_TRUE(tensors.ok()) << tensors.error().text();
    const ProductRates rates = (*tensors)->probeProducts();
    EXPECT_TRUE(rates.known());
    EXPECT_LT(rates.nativeFlops, 1e15);
    EXPECT_LT(rates.upcastFlops, 1e15);
}

/// A window is open for days; on the command line the drive is measured meanwhile.
TEST(Machine, LearnsWhatAnotherProgramMeasured) {
    const test::TemporaryFolder temporary;
    const std::filesystem::path& folder = temporary.path;
    ::setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    RunSpec spec;
    spec.model = model(Family::Gpt2, 64);
    spec.training = training(32, 2);
    const auto backend = test::cpuBackend();
    const auto drive = [&] {
        return measureMachine(osFileSystem(), *backend, folder / "runs" / "to come", spec, DriveProbe::KnownOnly)
            .profile;
    };
    EXPECT_FALSE(drive().driveMeasured);
    const std::filesystem::path file = userCacheFolder() / "machine.json";
    auto kept = nlohmann::json::parse(std::ifstream(file));
    ASSERT_EQ(kept["compute"].size(), 1u) << "the arithmetic was measured";
    kept["drives"][driveIdentity(folder)] = {{"read_bytes", 3e9}, {"write_bytes", 2e9}, {"uring", false}};
    std::ofstream(file) << kept;
    // Files written in the same tick of the clock could not be told apart.
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::seconds(1));
    EXPECT_TRUE(drive().driveMeasured);
    EXPECT_EQ(drive().readBytesPerSecond, 3e9);
    EXPECT_EQ(drive().writeBytesPerSecond, 2e9);
}

/// What a window has besides LibTorch, before it loads that and after.
TEST(Machine, ThePlanCountsWhatThisProcessHas) {
    const auto programBytes = [] { return machineLimits(osFileSystem(), *test::cpuBackend(), ".").programBytes; };
    const auto child = [&programBytes](bool loadsTensors) -> int {
        const int64_t plain = programBytes();
        std::vector<char> window(size_t{200} << 20, 'x');
        if (loadsTensors && !tensorLibrary().ok())
            return 1;
        const int64_t more = programBytes() - plain;
        if (loadsTensors && more != programBytes() - plain)
            return 2;
        return more > int64_t{150} << 20 && more < int64_t{250} << 20 && window.back() == 'x' ? 0 : 3;
    };
    // In programs of their own: another test may have loaded the library here.
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(std::exit(child(false)), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(std::exit(child(true)), testing::ExitedWithCode(0), "");
}

TEST(Machine, ADriveIsTakenForNoFasterThanItsLimit) {
    HardwareProfile measured;
    measured.readBytesPerSecond = 3e9;
    measured.writeBytesPerSecond = 1e9;
    const HardwareProfile slow = withDriveAtMost(measured, 2e9);
    EXPECT_EQ(slow.readBytesPerSecond, 2e9);
    EXPECT_EQ(slow.writeBytesPerSecond, 1e9);
    EXPECT_EQ(withDriveAtMost(measured, 0).readBytesPerSecond, 3e9) << "there is no limit";
}

TEST(ComputeProbe, MeasuresTheDeviceOfTheBackend) {
    const ProbeShape shape = probeShapeOf(model(Family::Gpt2, 64), training(32, 2));
    const auto delaying = test::delayingBackend(1);
    const auto rates = probeCompute(*delaying, shape);
    ASSERT_TRUE(rates.ok()) << rates.error().text();
    EXPECT_EQ(delaying->opened.size(), 1u);
    EXPECT_EQ(delaying->maths, 1);
    EXPECT_EQ(delaying->threads, shape.training.threads);
    test::FakeBackend full;
    full.opening = [](int64_t) -> Result<std::unique_ptr<OpenDevice>> {
        return std::unique_ptr<OpenDevice>(std::make_unique<test::OpenFake>(std::make_unique<HostPool>(1 << 20)));
    };
    const auto none = probeCompute(full, shape);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::OutOfMemory);
}

TEST(Machine, GivesARunWhatItsDeviceHas) {
    test::FakeBackend card;
    card.limit = 8 << 20;
    EXPECT_EQ(machineLimits(osFileSystem(), card, ".").deviceBytes, 8 << 20);
    EXPECT_EQ(machineLimits(osFileSystem(), *test::cpuBackend(), ".").deviceBytes, 0) << "it shares the RAM";
}

TEST(Machine, ShapesAreKeptByDevice) {
    const ProbeShape shape = probeShapeOf(model(Family::Gpt2, 64), training(32, 2));
    EXPECT_EQ(cacheKey({}, shape), shape.key()) << "what was measured before there were devices still counts";
    EXPECT_EQ(cacheKey({DeviceKind::Cuda, 1}, shape), "cuda:1-" + shape.key());
}

TEST(ComputeProbe, GivesRatesForEveryKindOfRecipe) {
    const auto backend = test::cpuBackend();
    for (const Family family : {Family::Gpt2, Family::Llama, Family::Qwen3})
        for (const Precision precision : {Precision::Fp32, Precision::Bf16, Precision::Fp16})
            for (const StatePreset preset : {StatePreset::Exact, StatePreset::Lean}) {
                TrainSpec recipe = training(64, 2);
                recipe.precision = precision;
                recipe.state = preset;
                const auto rates = probeCompute(*backend, probeShapeOf(model(family, 128), recipe));
                ASSERT_TRUE(rates.ok()) << rates.error().text();
                for (const double rate : {rates->forwardFlops, rates->backwardFlops, rates->keptBackwardFlops,
                                          rates->headFlops, rates->updateBytes, rates->copyBytes}) {
                    EXPECT_TRUE(std::isfinite(rate));
                    EXPECT_GT(rate, 1e6);
                    EXPECT_LT(rate, 1e15);
                }
            }
}

}  // namespace
}  // namespace gsst
