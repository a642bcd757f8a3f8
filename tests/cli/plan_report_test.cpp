// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/text_table.h"
#include "base/units.h"
#include "fake_service.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace gsst::test {
namespace {

class PlanReportTest : public CommandTest {
protected:
    void SetUp() override {
        m_service.preview.fits = true;
        m_service.preview.updateRule = "insured or deferred";
        m_service.preview.bottleneck = Bottleneck::Disk;
        m_service.preview.secondsPerStep = 0.52;
        m_service.preview.readBytesPerStep = m_service.preview.writtenBytesPerStep = int64_t{1} << 30;
        PlanExplanation& told = m_service.explanation;
        told.updateRule = "insured or deferred";
        told.updateReason = "a sentence that is so long that it does not fit the rest of a line of a hundred columns, "
                            "whatever stands before it";
        told.breakEven = 0.25;
        PlacedKind weights;
        weights.kind = "boundary activations";
        weights.bytes = int64_t{1023} << 20;
        weights.slices = {12, 115, 111};
        weights.where = "device 12, RAM";
        weights.reason = "12 of 238 slices fit RAM: saves 1023 MiB of reading a step; the rest is streamed: RAM limit "
                         "of 1023 MiB reached";
        told.kinds = {weights};
        PlanOutcome mine{"insured", true, "", "insured or deferred", 0.52, 1 << 30, 1 << 30};
        PlanOutcome none;
        none.choice = "1 GiB more VRAM";
        none.problem = "there is none, for a reason that has many words and goes on until it has filled the line";
        told.updates = {mine};
        told.clips = {mine};
        told.memory = {mine, none};
        StepListing& listing = m_service.listing;
        listing.updateRule = "insured";
        listing.programs = {"step", "commit"};
        listing.slices = {"embedding", "layer 1", "head"};
        listing.units = {
            {"embedding", "emb"}, {"attention of layer 1", "1a"}, {"MLP of layer 1", "1m"}, {"head", "head"}};
        listing.seconds = 0.52;
        listing.ops.resize(4);
        const ListedBuffer state{7, Space::Staging, BufferUse::State, 1023 << 20, false},
            kept{8, Space::Device, BufferUse::Weights, 4096, true};
        fill(listing.ops[0], Sweep::Forward, OpKind::ReadState, 0, 3 << 20, 0, 0.25);
        listing.ops[0].acquires = {state, kept};
        fill(listing.ops[1], Sweep::Forward, OpKind::StoreBoundary, 1, 0, 2e9, 0.5);
        listing.ops[1].readWait = 0.125;
        listing.ops[1].unit = 1;
        listing.ops[1].microBatch = 6;
        fill(listing.ops[2], Sweep::Backward, OpKind::StoreBoundary, 1, 0, 1e9, 0.25);
        fill(listing.ops[3], Sweep::Commit, OpKind::WriteState, 2, 5 << 20, 0, 0.125);
        listing.ops[3].program = 1;
        listing.ops[3].releases = {state};
        listing.ops[0].start = -0.25;
    }
    static void fill(ListedOp& op, Sweep sweep, OpKind kind, int slice, int64_t bytes, double flops, double seconds) {
        op.sweep = sweep;
        op.kind = kind;
        op.slice = slice;
        op.ioBytes = bytes;
        op.flops = flops;
        op.seconds = seconds;
    }
    void plan(const std::vector<std::string>& more) {
        std::vector<std::string> words{"plan", "--preset", "sample"};
        words.insert(words.end(), more.begin(), more.end());
        ASSERT_EQ(run(words), 0) << m_err;
    }
};

TEST_F(PlanReportTest, ExplainsWithinEightyColumns) {
    plan({});
    expectNarrow();
    expectOut({"insured or deferred: a sentence", "device 12, RAM", "* insured", "  1 GiB more VRAM", "0.520 s",
               "there is none"});
}

TEST_F(PlanReportTest, SaysWhatItKnowsOfTheDrive) {
    m_service.preview.driveReadRate = 2e9;
    m_service.preview.driveWriteRate = 1e9;
    plan({});
    expectNarrow();
    expectOut({"drive:   NOT MEASURED: " + formatRate(2e9) + " reading, " + formatRate(1e9), "gsst doctor FOLDER",
               "This computer"});
    m_service.preview.driveMeasured = true;
    plan({});
    expectOut({"as measured"});
    EXPECT_EQ(m_out.find("gsst doctor"), std::string::npos);
    EXPECT_EQ(m_out.find("MEASURED"), std::string::npos);
    plan({"--json"});
    EXPECT_EQ(nlohmann::json::parse(m_out)["drive_measured"], true);
    m_service.preview.readBytesPerStep = m_service.preview.writtenBytesPerStep = 0;
    plan({});
    EXPECT_EQ(m_out.find("drive:"), std::string::npos) << "not needed";
}

TEST_F(PlanReportTest, SaysThatThereAreTooManyThreads) {
    plan({});
    EXPECT_EQ(m_out.find("threads:"), std::string::npos);
    m_service.preview.threadWarning = "64 threads share the 2 processor cores that they may use. They wait for each "
                                      "other, and a step takes many times as long. Use --threads 2, or leave it out";
    plan({});
    expectNarrow();
    expectOut({"threads: TOO MANY: 64 threads share the 2", "leave it out"});
    plan({"--json"});
    EXPECT_EQ(nlohmann::json::parse(m_out)["thread_warning"], m_service.preview.threadWarning);
}

TEST_F(PlanReportTest, ExplainsToPrograms) {
    plan({"--json"});
    const auto json = nlohmann::json::parse(m_out);
    EXPECT_EQ(json["kinds"][0]["slices"]["ram"], 115);
    EXPECT_EQ(json["update_reason"], m_service.explanation.updateReason);
    EXPECT_EQ(json["break_even_clipped_share"], 0.25);
    EXPECT_EQ(json["memory"][0]["chosen"], true);
    EXPECT_EQ(json["memory"][0]["seconds_per_step"], 0.52);
    EXPECT_TRUE(json["memory"][1].contains("problem"));
    EXPECT_FALSE(json["memory"][1].contains("seconds_per_step"));
}

TEST_F(PlanReportTest, ListsTheProgramWithinAHundredColumns) {
    plan({"--program"});
    expectNarrow(100);
    expectOut({"4 ops", "-- forward, slice 2: layer 1", "-- backward, slice 2: layer 1", "-- commit, slice 3: head",
               "+S state 1023 MiB", "-S state 1023 MiB", "-250.00", "Computing waits 0.125 s for reads",
               "computing takes 0.750 s"});
    std::istringstream lines(m_out.substr(m_out.find("slice 2: layer 1")));
    std::string line;
    std::getline(lines, line);
    std::getline(lines, line);
    EXPECT_EQ(line.find("     2 compute store boundary   1a     7"), 0u)
        << line << ": the second op, of the seventh micro-batch";
    EXPECT_EQ(m_out.find("weights"), std::string::npos) << "what is kept across steps is neither acquired nor released";
}

TEST_F(PlanReportTest, AddsUpByKind) {
    plan({"--program", "--json"});
    const auto json = nlohmann::json::parse(m_out);
    ASSERT_EQ(json["totals"].size(), 3u) << "reads, computing, writes";
    EXPECT_EQ(json["totals"][0]["read_bytes"], 3 << 20);
    EXPECT_EQ(json["totals"][1]["kind"], "store boundary");
    EXPECT_EQ(json["totals"][1]["ops"], 2);
    EXPECT_EQ(json["totals"][1]["flops"], 3e9);
    EXPECT_EQ(json["totals"][1]["seconds"], 0.75);
    EXPECT_EQ(json["totals"][2]["written_bytes"], 5 << 20);
    EXPECT_EQ(json["totals"][2]["read_bytes"], 0);
    ASSERT_EQ(json["ops"].size(), 4u);
    EXPECT_EQ(json["ops"][0]["acquires"].size(), 2u);
    EXPECT_EQ(json["ops"][0]["acquires"][1]["kept_across_steps"], true);
    EXPECT_EQ(json["ops"][3]["program"], 1);
    EXPECT_EQ(json["ops"][1]["slice"], 1) << "indices, for programs";
    EXPECT_EQ(json["units"][1], "attention of layer 1");
}

/// What goes to other ranks is counted as everything else is.
TEST_F(PlanReportTest, AddsUpTheLink) {
    ListedOp& reduce = m_service.listing.ops.emplace_back();
    fill(reduce, Sweep::Backward, OpKind::AllReduceGradient, 1, 0, 0, 0.375);
    m_service.listing.ops[1].linkWait = 0.25;
    plan({"--program"});
    expectOut({"all-reduce gradient", "5 ops", "0.250 s for other ranks"});
    plan({"--program", "--json"});
    const auto json = nlohmann::json::parse(m_out);
    ASSERT_EQ(json["totals"].size(), 4u);
    EXPECT_EQ(json["totals"][3]["lane"], "link");
    EXPECT_EQ(json["totals"][3]["seconds"], 0.375);
}

TEST_F(PlanReportTest, TraceOptionsReachTheService) {
    ASSERT_EQ(run({"train", "--preset", "sample", "--sample-text", "--trace", "a.json", "--trace-steps", "3"}), 0)
        << m_err;
    EXPECT_EQ(m_service.started->trace.file, "a.json");
    EXPECT_EQ(m_service.started->trace.steps, 3);
    ASSERT_EQ(run({"resume", "runs/a", "--trace", "b.json"}), 0) << m_err;
    EXPECT_EQ(m_service.resumed->trace.file, "b.json");
    EXPECT_EQ(m_service.resumed->trace.steps, 10);
    EXPECT_NE(run({"resume", "runs/a", "--trace-steps", "3"}), 0) << "of no trace";
    EXPECT_NE(run({"resume", "runs/a", "--trace", "b.json", "--trace-steps", "0"}), 0);
}

TEST(TextTable, WrapsTheLastColumn) {
    const std::vector<TextColumn> columns{{TextColumn::Align::Right, 4}, {TextColumn::Align::Left, 10}};
    EXPECT_EQ(tableLine(columns, {"12", "some words and more"}), "  12 some words\n     and more\n");
    EXPECT_EQ(tableLine(columns, {"12345", "a\nb"}), "12345 a\n      b\n");
    EXPECT_EQ(tableLine(columns, {"1", ""}), "   1\n");
    EXPECT_EQ(tableLine({{TextColumn::Align::Left, 4}, {TextColumn::Align::Right, 5}}, {"a", "12"}), "a       12\n");
    EXPECT_EQ(tableLine(columns, {"\u00e9\u20ac", "a"}), "  \u00e9\u20ac a\n") << "characters count, not bytes";
    EXPECT_EQ(tableLine(columns, {"", "\u20ac\u20ac\u20ac\u20ac \u20ac\u20ac\u20ac\u20ac\u20ac"}),
              "     \u20ac\u20ac\u20ac\u20ac \u20ac\u20ac\u20ac\u20ac\u20ac\n");
    EXPECT_EQ(tableLine({{TextColumn::Align::Left, 3}, {TextColumn::Align::Right, 3}}, {"\u00fc", "\u00fc"}),
              "\u00fc     \u00fc\n");
    EXPECT_EQ(wrapped("unbreakable-word", 4), std::vector<std::string>{"unbreakable-word"});
}

}  // namespace
}  // namespace gsst::test
