// SPDX-License-Identifier: GPL-3.0-or-later
// The trainer knows its device by the backend alone.
#include "tests/support/run_fixture.h"

namespace gsst::test {
namespace {

constexpr int kStepsTrained = 4;

class TrainerBackend : public testing::TestWithParam<Precision> {
protected:
    RunSpec spec() const {
        RunSpec spec = tinySpec(Family::Llama, GetParam());
        spec.training.products = ProductChoice::Native;
        return spec;
    }
    /// The root of the state that a run on `backend` ends with, in a folder of this name.
    std::string rootOn(const std::string& name, std::unique_ptr<ComputeBackend> backend, const Placement& placement,
                       UpdateRule rule) {
        HandRun run(folder.path / name, spec(), placement, rule);
        run.computeOn(std::move(backend));
        run.create(*tokens);
        run.open();
        run.run(kStepsTrained);
        const auto evaluated = run.trainer().evaluate({});
        EXPECT_TRUE(evaluated.ok()) << evaluated.error().text();
        std::string root = run.flushedRoot();
        run.close();
        return root;
    }

    TemporaryFolder folder;
    std::unique_ptr<TokenStore> tokens = smallTokens(folder.path);
};

/// Whoever reads what a device has not made yet, or gives memory back that it still uses, gets other bits.
TEST_P(TrainerBackend, ADeviceThatWorksLaterMakesTheSameState) {
    struct Way {
        const char* name;
        Placement placement;
        UpdateRule rule;
    };
    const Way ways[] = {{"resident", residentPlacement(), UpdateRule::Deferred},
                        {"deferred", onDisk(2, 12288, Tier::Device), UpdateRule::Deferred},
                        {"insured", onDisk(1, 12288, Tier::Ram, Tier::Ram), UpdateRule::Insured}};
    std::string expected;
    for (const Way& way : ways) {
        const std::string atOnce = rootOn(way.name, cpuBackend(), way.placement, way.rule);
        if (expected.empty())
            expected = atOnce;
        EXPECT_EQ(atOnce, expected) << way.name;
        EXPECT_EQ(rootOn(std::string(way.name) + " later", delayingBackend(1), way.placement, way.rule), expected)
            << way.name;
    }
}

TEST_P(TrainerBackend, OpensItsDeviceAndItsMathematics) {
    const Placement placement = onDisk(2, 12288);
    const std::string expected = rootOn("cpu", cpuBackend(), placement, UpdateRule::Deferred);
    auto fake = std::make_unique<FakeBackend>();
    FakeBackend& backend = *fake;
    backend.sums = false;  // by the I/O threads: the state is the same
    HandRun run(folder.path / "fake", spec(), placement);
    run.computeOn(std::move(fake));
    run.create(*tokens);
    EXPECT_TRUE(backend.opened.empty()) << "the initial state needs no device";
    run.open();
    EXPECT_EQ(backend.opened, std::vector<int64_t>{0});
    EXPECT_EQ(backend.maths, 1);
    EXPECT_EQ(backend.threads, 2);
    run.run(kStepsTrained);
    EXPECT_EQ(run.flushedRoot(), expected);
    run.close();
    backend.opening = [](int64_t) -> Result<std::unique_ptr<OpenDevice>> {
        return deviceNotAvailable("fake", "it was unplugged");
    };
    const auto again = run.reopen();
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().why, "it was unplugged");
}

INSTANTIATE_TEST_SUITE_P(All, TrainerBackend, testing::Values(Precision::Fp32, Precision::Bf16),
                         [](const auto& precision) { return std::string(nameOf(precision.param)); });

}  // namespace
}  // namespace gsst::test
