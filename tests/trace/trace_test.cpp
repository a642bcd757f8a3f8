// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/fault_files.h"
#include "io/twins/forwarding_files.h"
#include "io/twins/memory_files.h"
#include "tests/support/manual_clock.h"
#include "trace/trace_writer.h"
#include "train/observer_list.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace gsst {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::ManualClock;

/// What is in the file now, which must be a JSON array.
json contents(FileSystem& files, const std::filesystem::path& path) {
    const auto text = readText(files, path, uint64_t{1} << 30);
    EXPECT_TRUE(text.ok()) << text.error().text();
    auto parsed = json::parse(text.ok() ? *text : "", nullptr, false);
    EXPECT_TRUE(parsed.is_array()) << *text;
    return parsed.is_array() ? parsed : json::array();
}

/// Lets the writer's pause pass, and waits until the file holds so many objects; it must be valid JSON all the while.
size_t waitFor(FileSystem& files, const std::filesystem::path& path, size_t count, ManualClock& clock) {
    size_t now = 0;
    for (const Stopwatch watch; now < count && watch.seconds() < 60 && !testing::Test::HasFailure();) {
        clock.advance(250ms);
        std::this_thread::sleep_for(1ms);
        now = contents(files, path).size();
    }
    return now;
}

/// A drive that takes nothing while its gate is closed.
class GatedFiles final : public ForwardingFiles {
public:
    using ForwardingFiles::ForwardingFiles;

    void close() { set(false); }
    void open() { set(true); }
    /// Returns when a write waits at the closed gate.
    void awaitWrite() {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_waiting > 0; });
    }
    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override {
        GSST_ASSIGN(auto file, inner().open(path, mode, caching));
        return std::unique_ptr<File>(std::make_unique<GatedFile>(std::move(file), *this));
    }

private:
    class GatedFile final : public ForwardingFile {
    public:
        GatedFile(std::unique_ptr<File> inner, GatedFiles& gate) : ForwardingFile(std::move(inner)), m_gate(gate) {}
        Status write(uint64_t offset, std::span<const std::byte> from) override {
            m_gate.pass();
            return inner().write(offset, from);
        }

    private:
        GatedFiles& m_gate;
    };

    void set(bool open) {
        const std::lock_guard lock(m_mutex);
        m_open = open;
        m_changed.notify_all();
    }
    void pass() {
        std::unique_lock lock(m_mutex);
        ++m_waiting;
        m_changed.notify_all();
        m_changed.wait(lock, [this] { return m_open; });
        --m_waiting;
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_open = true;
    int m_waiting = 0;
};

TEST(TraceFile, IsValidJsonAtAnyTime) {
    const auto files = makeMemoryFiles();
    ManualClock clock;
    auto trace = TraceFile::create(*files, "/trace.json", clock);
    ASSERT_TRUE(trace.ok()) << trace.error().text();
    EXPECT_EQ(contents(*files, "/trace.json").size(), 0u);
    for (int i = 0; i < 3; ++i) {
        (*trace)->add("{\"name\":\"process_name\",\"number\":" + std::to_string(i) + '}');
        EXPECT_EQ(waitFor(*files, "/trace.json", size_t(i) + 1, clock), size_t(i) + 1);
    }
    EXPECT_TRUE((*trace)->finish().ok());
    (*trace)->add("{}");
    EXPECT_EQ(contents(*files, "/trace.json").size(), 3u);
    EXPECT_EQ(contents(*files, "/trace.json")[2]["number"], 2);
}

TEST(TraceFile, ReplacesTracesOnly) {
    const auto files = makeMemoryFiles();
    {
        auto trace = TraceFile::create(*files, "/trace.json");
        ASSERT_TRUE(trace.ok());
        (*trace)->add("{\"name\":\"process_name\",\"number\":1}");
    }
    EXPECT_TRUE(TraceFile::create(*files, "/trace.json").ok()) << "an older trace may go";
    EXPECT_EQ(contents(*files, "/trace.json").size(), 0u);
    for (const char* text : {"{\"name\": \"run\"}", "[1, 2]", "x"}) {
        ASSERT_TRUE(writeTextAtomically(*files, "/other.json", text).ok());
        const auto refused = TraceFile::create(*files, "/other.json");
        ASSERT_FALSE(refused.ok()) << text;
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
        EXPECT_EQ(*readText(*files, "/other.json", 1000), text);
    }
    const auto nowhere = TraceFile::create(*files, "/no/folder/trace.json");
    ASSERT_FALSE(nowhere.ok());
    EXPECT_NE(nowhere.error().text().find("trace"), std::string::npos) << nowhere.error().text();
}

TEST(TraceFile, AFullDiskEndsItWithWhatWasWritten) {
    for (const Fault fault : {Fault::NoSpace, Fault::Short}) {
        const auto inner = makeMemoryFiles();
        FaultFiles files(*inner);
        ManualClock clock;
        auto trace = TraceFile::create(files, "/trace.json", clock);
        ASSERT_TRUE(trace.ok());
        (*trace)->add("{\"number\":0}");
        ASSERT_EQ(waitFor(files, "/trace.json", 1, clock), 1u);
        files.add({FileCall::Write, fault, "trace.json"});
        (*trace)->add("{\"number\":1,\"text\":\"" + std::string(1000, 'x') + "\"}");
        const Status status = (*trace)->finish();
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, fault == Fault::NoSpace ? ErrorCode::NoSpace : ErrorCode::Io);
        EXPECT_TRUE((*trace)->failed());
        EXPECT_EQ(contents(files, "/trace.json"), json::parse("[{\"number\":0}]"));
    }
}

TEST(TraceFile, LeavesOutWhatASlowDriveCannotTake) {
    const auto inner = makeMemoryFiles();
    GatedFiles files(*inner);
    auto trace = TraceFile::create(files, "/trace.json");
    ASSERT_TRUE(trace.ok());
    const std::string object = "{\"text\":\"" + std::string(10'000, 'x') + "\"}";
    constexpr size_t kObjects = 3000;  // 30 MB: far more than may wait
    files.close();
    const auto added = std::async(std::launch::async, [&] {
        (*trace)->add("{\"text\":\"" + std::string(1 << 20, 'x') + "\"}");
        files.awaitWrite();
        for (size_t i = 1; i < kObjects; ++i)
            (*trace)->add(object);
    });
    EXPECT_EQ(added.wait_for(60s), std::future_status::ready) << "adding does not wait for the drive";
    const int64_t leftOut = (*trace)->leftOut();
    const auto addedPatiently = std::async(std::launch::async, [&] {
        for (int i = 0; i < 100; ++i)
            (*trace)->addPatiently("{\"patient\":\"" + std::string(1000, 'x') + "\"}");
    });
    EXPECT_EQ(addedPatiently.wait_for(5ms), std::future_status::timeout) << "what is added patiently waits for it";
    files.open();
    added.wait();
    addedPatiently.wait();
    ASSERT_TRUE((*trace)->finish().ok());
    EXPECT_GT(leftOut, 0);
    EXPECT_EQ((*trace)->leftOut(), leftOut);
    const json all = contents(*inner, "/trace.json");
    EXPECT_EQ(all.size(), kObjects + 100 - size_t(leftOut));
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const json& one) { return one.contains("patient"); }), 100);
}

Op opOf(OpKind kind, int slice) {
    Op op;
    op.kind = kind;
    op.slice = int16_t(slice);
    op.microBatch = 1;
    op.ioBytes = laneOf(kind) == Lane::Compute ? 0 : 4096;
    return op;
}

class TraceWriterTest : public testing::Test {
protected:
    void begin(int64_t steps) {
        auto made = TraceWriter::create(*m_files, {"/trace.json", steps}, m_clock);
        ASSERT_TRUE(made.ok()) << made.error().text();
        m_trace = std::move(*made);
        StepListing listing;
        listing.updateRule = "deferred";
        listing.seconds = 0.5;
        ListedOp read;
        read.kind = OpKind::ReadWeights;
        read.start = -0.25;
        read.seconds = 0.125;
        ListedOp compute;
        compute.kind = OpKind::Forward;
        compute.start = 0.125;
        compute.seconds = 0.375;
        compute.readWait = 0.125;
        listing.ops = {read, compute};
        listing.slices = {"embedding", "layer 1", "layer 2", "head"};
        listing.units = {{"embedding", "emb"}, {"attention of layer 1", "1a"}, {"MLP of layer 1", "1m"}};
        m_trace->expect(listing);
    }
    void step(int64_t number) {
        m_trace->stepStarted(number);
        m_trace->opStarted(m_forward, {});
        m_trace->opDone(m_forward, {});
        m_trace->stepDone();
    }
    /// Events of a kind ("X", "M") of a process.
    std::vector<json> events(int process, const std::string& lane = "") {
        m_trace->close();
        std::vector<json> found;
        for (const json& event : contents(*m_files, "/trace.json"))
            if (event["ph"] == "X" && event["pid"] == process && (lane.empty() || event["cat"] == lane))
                found.push_back(event);
        return found;
    }
    std::map<std::pair<int, int>, std::string> tracks() {
        std::map<std::pair<int, int>, std::string> names;
        for (const json& event : contents(*m_files, "/trace.json"))
            if (event["name"] == "thread_name")
                names[{event["pid"], event["tid"]}] = event["args"]["name"];
        return names;
    }

    ManualClock m_clock;
    std::unique_ptr<FileSystem> m_files = makeMemoryFiles();
    std::unique_ptr<TraceWriter> m_trace;
    Op m_forward = opOf(OpKind::Forward, 2);
};

TEST_F(TraceWriterTest, AnOpIsAnEventInItsLane) {
    begin(10);
    m_trace->stepStarted(7);
    m_trace->opStarted(m_forward, {});
    m_clock.advance(20ms);
    m_trace->opDone(m_forward, {});
    m_trace->waited(m_forward, WaitCause::Write, 0.001);
    m_trace->stepDone();
    const auto compute = events(1, "compute");
    ASSERT_EQ(compute.size(), 1u);
    EXPECT_EQ(compute[0]["name"], "forward");
    EXPECT_EQ(compute[0]["args"]["slice"], 3) << "as people count, from 1";
    EXPECT_EQ(compute[0]["args"]["part"], "layer 2");
    EXPECT_EQ(compute[0]["args"]["micro-batch"], 2);
    EXPECT_EQ(compute[0]["dur"], 20'000) << "microseconds";
    const auto waits = events(1, "wait");
    ASSERT_EQ(waits.size(), 1u);
    EXPECT_EQ(waits[0]["name"], "waiting for write");
    EXPECT_NEAR(waits[0]["dur"].get<double>(), 1000, 1);
    EXPECT_NEAR(waits[0]["ts"].get<double>(), 19'000, 1) << "it is told of when it is over";
    ASSERT_EQ(events(1, "step").size(), 1u);
    EXPECT_EQ(events(1, "step")[0]["name"], "step 7");
    for (const json& event : events(1))
        EXPECT_FALSE((tracks()[{1, event["tid"]}].empty())) << event;
}

TEST_F(TraceWriterTest, AnOpOfAUnitNamesIt) {
    begin(10);
    Op read = opOf(OpKind::ReadState, 1);
    read.unit = 2;
    m_trace->opStarted(read, {});
    m_trace->opDone(read, {});
    m_trace->waited(read, WaitCause::Read, 0.001);
    EXPECT_EQ(events(1, "disk read")[0]["args"]["slice"], 2);
    EXPECT_EQ(events(1, "disk read")[0]["args"]["part"], "MLP of layer 1");
    EXPECT_EQ(events(1, "wait")[0]["args"]["part"], "MLP of layer 1");
}

TEST_F(TraceWriterTest, NamesMayHoldWhatJsonEscapes) {
    StepListing listing;
    const std::string name = "say \"a\\b\"\n\x01";
    listing.updateRule = name;
    listing.slices = {name, name};
    listing.ops = {ListedOp()};
    listing.ops[0].kind = OpKind::Forward;
    begin(10);
    m_trace->expect(listing);
    m_trace->opStarted(opOf(OpKind::Forward, 1), {});
    m_trace->opDone(opOf(OpKind::Forward, 1), {});
    m_trace->waited(opOf(OpKind::Forward, 1), WaitCause::Read, 0.001);
    step(1);
    step(2);
    EXPECT_EQ(events(1, "wait")[0]["args"]["part"], name);
    EXPECT_EQ(events(2, "step")[0]["name"], "step, " + name);
}

TEST_F(TraceWriterTest, OpsOfALaneThatOverlapGetRowsOfTheirOwn) {
    begin(10);
    const Op first = opOf(OpKind::ReadState, 0), second = opOf(OpKind::ReadState, 1),
             third = opOf(OpKind::ReadGradient, 1);
    m_trace->opStarted(first, {});
    m_trace->opStarted(second, {});
    m_trace->opDone(first, {});
    m_trace->opStarted(third, {});  // the first row is free again
    m_trace->opDone(second, {});
    m_trace->opDone(third, {});
    const auto reads = events(1, "disk read");
    ASSERT_EQ(reads.size(), 3u);
    std::map<std::string, int> row;
    for (const json& read : reads)
        row[read["name"].get<std::string>() + read["args"]["slice"].dump()] = read["tid"];
    EXPECT_NE(row["read state1"], row["read state2"]);
    EXPECT_EQ(row["read state1"], row["read gradient2"]);
    for (const auto& [name, track] : row)
        EXPECT_EQ((tracks()[{1, track}]), "disk read") << name;
    EXPECT_EQ(reads[0]["args"]["disk bytes"], 4096);
}

TEST_F(TraceWriterTest, TheSameOpOfTwoStepsIsTwoEvents) {
    begin(10);
    const Op read = opOf(OpKind::ReadWeights, 0);
    m_trace->opStarted(read, {});
    m_clock.advance(2ms);
    m_trace->opStarted(read, {});
    m_trace->opDone(read, {});
    m_trace->opDone(read, {});
    const auto reads = events(1, "disk read");
    ASSERT_EQ(reads.size(), 2u);
    EXPECT_NE(reads[0]["tid"], reads[1]["tid"]);
    EXPECT_LT(reads[0]["ts"], reads[1]["ts"]) << "the older one was done first";
}

TEST_F(TraceWriterTest, TheSimulatedStepStandsBesideTheSecond) {
    begin(3);
    for (int64_t number = 1; number <= 3; ++number) {
        m_clock.advance(150ms);
        step(number);
    }
    EXPECT_TRUE(m_trace->takeNotice()) << "complete after three steps";
    const double begin = events(1, "step")[1]["ts"];
    EXPECT_EQ(begin, 300'000);
    ASSERT_EQ(events(2, "step").size(), 1u);
    EXPECT_NEAR(events(2, "step")[0]["ts"].get<double>(), begin, 1);
    EXPECT_NEAR(events(2, "step")[0]["dur"].get<double>(), 0.5e6, 1);
    ASSERT_EQ(events(2, "compute").size(), 1u);
    EXPECT_NEAR(events(2, "compute")[0]["ts"].get<double>(), begin + 0.125e6, 1);
    EXPECT_NEAR(events(2, "compute")[0]["dur"].get<double>(), 0.375e6, 1);
    EXPECT_NEAR(events(2, "disk read")[0]["ts"].get<double>(), begin - 0.25e6, 1) << "ahead of its step";
    ASSERT_EQ(events(2, "wait").size(), 1u);
    EXPECT_EQ(events(2, "wait")[0]["name"], "waiting for read");
    EXPECT_NEAR(events(2, "wait")[0]["ts"].get<double>(), begin, 1);
}

TEST_F(TraceWriterTest, EndsAfterTheStepsThatWereAskedFor) {
    begin(2);
    for (int64_t number = 1; number <= 4; ++number)
        step(number);
    EXPECT_EQ(events(1, "step").size(), 2u);
    EXPECT_EQ(events(1, "compute").size(), 2u);
    const auto notice = m_trace->takeNotice();
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->level, LogLine::Level::Info);
    EXPECT_NE(notice->text.find("2 steps"), std::string::npos) << notice->text;
    EXPECT_FALSE(m_trace->takeNotice()) << "told once";
}

TEST_F(TraceWriterTest, WhatWasNotFinishedSaysSo) {
    begin(10);
    {
        const Op gone = opOf(OpKind::WriteState, 3);
        m_trace->opStarted(gone, {});
    }
    const auto writes = events(1, "disk write");
    ASSERT_EQ(writes.size(), 1u);
    EXPECT_EQ(writes[0]["args"]["unfinished"], 1);
    EXPECT_FALSE(m_trace->takeNotice()) << "without a step there is nothing to look at";
}

TEST_F(TraceWriterTest, AFullDiskIsTold) {
    FaultFiles files(*m_files);
    auto made = TraceWriter::create(files, {"/full.json", 2});
    ASSERT_TRUE(made.ok());
    files.add({FileCall::Write, Fault::NoSpace, "full.json", 1, 1});
    m_trace = std::move(*made);
    step(1);
    step(2);
    const auto notice = m_trace->takeNotice();
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->level, LogLine::Level::Warning);
    EXPECT_NE(notice->text.find("the run goes on"), std::string::npos) << notice->text;
    contents(*m_files, "/full.json");
}

TEST_F(TraceWriterTest, HearsManyThreadsThroughAFan) {
    begin(10);
    ObserverList fan({m_trace.get(), m_trace.get()});
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&fan, thread] {
            const Op op = opOf(thread % 2 == 0 ? OpKind::ReadState : OpKind::WriteState, thread);
            for (int i = 0; i < 500; ++i) {
                fan.opStarted(op, {});
                fan.opDone(op, {});
            }
        });
    threads.clear();
    EXPECT_EQ(events(1).size(), 2u * 4 * 500);
    EXPECT_EQ(events(1, "disk read").size(), events(1, "disk write").size());
}

}  // namespace
}  // namespace gsst
