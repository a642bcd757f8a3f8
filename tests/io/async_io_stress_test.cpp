// SPDX-License-Identifier: GPL-3.0-or-later
// Thousands of random requests, over files of every kind at once, submitted from completions, while the engine is being
// destroyed.
#include "io_engines.h"

#include "io/twins/memory_files.h"
#include "io/twins/throttled_files.h"

#include <atomic>
#include <thread>
#include <vector>

namespace gsst {
namespace {

using namespace gsst::testing;

constexpr size_t kLaneBlocks = 24;
constexpr size_t kLaneBytes = kLaneBlocks * kIoAlignment;
constexpr int kLanesPerFile = 12;
constexpr int kRounds = 40;

/// A stretch of a file that belongs to one chain of requests: write something somewhere, read it back, compare, a job,
/// again.
class Lane {
public:
    Lane(AsyncIo& io, File& file, size_t number, std::span<std::byte> memory)
        : m_io(io), m_file(file), m_number(number), m_from(memory.first(kLaneBytes)),
          m_into(memory.subspan(kLaneBytes, kLaneBytes)) {}

    void next() {
        if (m_round == kRounds)
            return;
        const uint64_t bits = randomBits(7, m_number, uint64_t(m_round));
        const size_t blocks = 1 + size_t(bits % kLaneBlocks), at = size_t((bits >> 16) % (kLaneBlocks - blocks + 1));
        m_bytes = blocks * kIoAlignment;
        m_offset = (m_number % kLanesPerFile) * kLaneBytes + at * kIoAlignment;
        // The place in memory varies as well, so that registered and other memory is met, and the border between.
        m_memoryAt = size_t((bits >> 32) % (kLaneBlocks - blocks + 1)) * kIoAlignment;
        for (size_t i = 0; i < m_bytes; i += 512)
            std::memcpy(m_from.data() + m_memoryAt + i, &bits, sizeof bits);
        m_io.write(m_file, m_offset, m_from.subspan(m_memoryAt, m_bytes),
                   [this](Status status) { readBack(std::move(status)); });
    }

    bool finished() const { return m_round == kRounds; }
    uint64_t moved() const { return m_moved; }

private:
    void readBack(Status status) {
        GSST_EXPECT_OK(status);
        m_io.read(m_file, m_offset, m_into.subspan(m_memoryAt, m_bytes), [this](Status read) {
            GSST_EXPECT_OK(read);
            EXPECT_TRUE(same(m_into.subspan(m_memoryAt, m_bytes), m_from.subspan(m_memoryAt, m_bytes)));
            m_moved += m_bytes;
            ++m_round;
            if (m_round % 5 == 0)
                m_io.run([this] { next(); });
            else
                next();
        });
    }

    AsyncIo& m_io;
    File& m_file;
    const size_t m_number;
    const std::span<std::byte> m_from, m_into;
    size_t m_bytes = 0, m_offset = 0, m_memoryAt = 0;
    int m_round = 0;
    uint64_t m_moved = 0;
};

class AsyncIoStressTest : public ::testing::TestWithParam<IoEngine> {};
INSTANTIATE_TEST_SUITE_P(Engines, AsyncIoStressTest, ::testing::ValuesIn(kIoEngines),
                         [](const auto& each) { return nameOf(each.param); });

TEST_P(AsyncIoStressTest, ChainsOfRequestsSurviveTheDestructor) {
    const TemporaryFolder folder{std::filesystem::current_path()};
    const auto memory = makeMemoryFiles();
    ThrottledFiles jittery(*memory, {.latencySeconds = 0.0002, .jitter = 1, .seed = 3});
    std::vector<std::unique_ptr<File>> files;
    for (const char* name : {"a", "b", "c"})
        files.push_back(opened(osFileSystem(), folder.path / name, OpenMode::Create, Caching::Direct));
    files.push_back(opened(osFileSystem(), folder.path / "buffered", OpenMode::Create, Caching::Buffered));
    files.push_back(opened(*memory, "plain", OpenMode::Create, Caching::Direct));
    files.push_back(opened(jittery, "slow", OpenMode::Create, Caching::Direct));
    std::string why;
    auto io = makeEngine(GetParam(), {.readThreads = 3, .writeThreads = 3, .pieceBytes = 5 * kIoAlignment}, &why);
    if (!io)
        GTEST_SKIP() << why;
    AsyncIo& engine = *io;  // the pointer itself is cleared before the destructor runs
    const size_t laneCount = files.size() * kLanesPerFile;
    const auto buffers = zeros(laneCount * 2 * kLaneBytes);
    // The middle half; where the system registers nothing the rest of the test is the same.
    static_cast<void>(engine.registerBuffers(buffers.span().subspan(buffers.size() / 4, buffers.size() / 2)));
    std::vector<std::unique_ptr<Lane>> lanes;
    for (size_t i = 0; i < laneCount; ++i)
        lanes.push_back(std::make_unique<Lane>(engine, *files[i / kLanesPerFile], i,
                                               buffers.span().subspan(i * 2 * kLaneBytes, 2 * kLaneBytes)));
    // Several threads start the chains and end at once.
    std::vector<std::thread> starters;
    for (size_t first = 0; first < 4; ++first)
        starters.emplace_back([&, first] {
            for (size_t i = first; i < laneCount; i += 4)
                lanes[i]->next();
        });
    for (std::thread& starter : starters)
        starter.join();
    std::atomic<bool> counted = false;
    engine.run([&] { counted = engine.counters().writtenBytes < laneCount * kRounds * kLaneBytes; });
    io.reset();
    EXPECT_TRUE(counted);
    for (const auto& lane : lanes)
        EXPECT_TRUE(lane->finished());
}

TEST_P(AsyncIoStressTest, EveryByteIsCountedOnce) {
    const TemporaryFolder folder{std::filesystem::current_path()};
    const auto file = opened(osFileSystem(), folder.path / "file", OpenMode::Create, Caching::Direct);
    std::string why;
    const auto io = makeEngine(GetParam(), {.pieceBytes = 7 * kIoAlignment}, &why);
    if (!io)
        GTEST_SKIP() << why;
    constexpr size_t kRequests = 1000;
    const auto data = noise(kLaneBytes, 5);
    uint64_t total = 0;
    std::atomic<size_t> left = kRequests;
    std::promise<void> all;
    for (size_t i = 0; i < kRequests; ++i) {
        const size_t bytes = (1 + size_t(randomBits(9, 0, i) % kLaneBlocks)) * kIoAlignment;
        total += bytes;
        io->write(*file, i % 10 * kLaneBytes, data.span().first(bytes), [&](Status status) {
            GSST_EXPECT_OK(status);
            if (--left == 0)
                all.set_value();
        });
    }
    all.get_future().wait();
    EXPECT_EQ(io->counters().writtenBytes, total);
    EXPECT_EQ(io->counters().readBytes, 0u);
}

}  // namespace
}  // namespace gsst
