// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/io_probe.h"

#include "base/clock.h"
#include "base/units.h"
#include "io/async/io_stream.h"
#include "io/async/uring_io.h"
#include "io/io_error.h"

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

namespace gsst {

namespace {

constexpr const char* kFileName = "gsst-drive-test.tmp";
constexpr uint64_t kLeastBytes = uint64_t{1} << 20;
constexpr size_t kRequestBytes = 16u << 20;
constexpr int kDepth = 4;
constexpr uint64_t kSegments = 8;    ///< of the file; an engine's turn is one of them written and another one read
constexpr double kLeastGain = 1.05;  ///< in speed; two measurements of the same engine differ by that much as well

uint64_t wholeBlocks(uint64_t bytes) {
    return bytes / kIoAlignment * kIoAlignment;
}

/// The file of the measurement. Locked while it lives, gone afterwards.
class ProbeFile {
public:
    static Result<std::unique_ptr<ProbeFile>> create(FileSystem& files, const std::filesystem::path& folder,
                                                     uint64_t bytes) {
        const std::filesystem::path path = folder / kFileName;
        GSST_ASSIGN(auto lock, files.lock(path));
        auto made = std::make_unique<ProbeFile>(files, path, std::move(lock));
        GSST_ASSIGN(made->m_file, files.open(path, OpenMode::Create, Caching::Direct));
        GSST_TRY(made->m_file->reserve(bytes));
        return made;
    }
    ProbeFile(FileSystem& files, std::filesystem::path path, std::unique_ptr<FileLock> lock)
        : m_files(files), m_path(std::move(path)), m_lock(std::move(lock)) {}
    ProbeFile(const ProbeFile&) = delete;
    ProbeFile& operator=(const ProbeFile&) = delete;
    ~ProbeFile() {
        m_file.reset();
        // Whatever made it fail has been reported, or will be by the next write there.
        static_cast<void>(m_files.remove(m_path));
    }
    File& file() { return *m_file; }

private:
    FileSystem& m_files;
    const std::filesystem::path m_path;
    std::unique_ptr<FileLock> m_lock;
    std::unique_ptr<File> m_file;
};

/// One engine and the time it has taken so far.
struct Contender {
    std::unique_ptr<AsyncIo> io;
    uint64_t readBytes = 0, writtenBytes = 0;
    double readSeconds = 0, writeSeconds = 0;
    std::clock_t processor = 0;

    IoRate rate() const {
        const auto in = static_cast<double>(readBytes), out = static_cast<double>(writtenBytes);
        return {in / std::max(readSeconds, 1e-9), out / std::max(writeSeconds, 1e-9),
                static_cast<double>(processor) / CLOCKS_PER_SEC / std::max(in + out, 1.0)};
    }
};

class Measurement {
public:
    Measurement(File& file, IoStream& stream, const IoProbeOptions& options, std::stop_token stop, size_t contenders)
        : m_file(file), m_stream(stream), m_options(options), m_stop(std::move(stop)), m_turns(contenders * kRounds),
          m_segment(wholeBlocks(options.bytes / kSegments)), m_fill(std::max(options.bytes, options.sustainedBytes)) {}

    /// Round and round until enough is written: the first round gives the blocks contents, which reading needs.
    Status fill(AsyncIo& io) {
        for (uint64_t left = wholeBlocks(m_fill); left > 0;) {
            const uint64_t part = std::min(left, m_segment * kSegments);
            GSST_TRY(move(io, IoDirection::Write, 0, part));
            left -= part;
        }
        return m_file.sync();
    }

    Status measure(std::vector<Contender>& contenders) {
        for (uint64_t turn = 0; turn < m_turns; ++turn) {
            // A, B, B, A, ...: neither always meets what the other has left behind.
            const uint64_t round = turn / contenders.size(), place = turn % contenders.size();
            const uint64_t who = round % 2 == 0 ? place : contenders.size() - 1 - place;
            GSST_TRY(takeTurn(contenders[who], turn % kSegments));
        }
        return {};
    }

    uint64_t writtenBytes() const { return m_written; }

private:
    static constexpr uint64_t kRounds = kSegments / 2;

    Status takeTurn(Contender& contender, uint64_t segment) {
        // Where this is not the processor's time but the clock's, there is no io_uring to compare with.
        const std::clock_t before = std::clock();
        Stopwatch watch;
        GSST_TRY(move(*contender.io, IoDirection::Write, segment * m_segment, m_segment));
        GSST_TRY(m_file.sync());
        contender.writeSeconds += watch.restart();
        contender.writtenBytes += m_segment;
        // Far from what was just written, which the drive may still hold in its memory.
        GSST_TRY(move(*contender.io, IoDirection::Read, (segment + kSegments / 2) % kSegments * m_segment, m_segment));
        contender.readSeconds += watch.seconds();
        contender.readBytes += m_segment;
        contender.processor += std::clock() - before;
        return {};
    }

    Status move(AsyncIo& io, IoDirection direction, uint64_t offset, uint64_t bytes) {
        return m_stream.move(
            io, m_file, direction, offset, bytes,
            [&](uint64_t moved) {
                m_written += direction == IoDirection::Write ? moved : 0;
                m_moved += moved;
                const double all = static_cast<double>(m_fill) + static_cast<double>(2 * m_turns * m_segment);
                if (m_options.progress)
                    m_options.progress(std::min(static_cast<double>(m_moved) / all, 1.0));
            },
            m_stop);
    }

    File& m_file;
    IoStream& m_stream;
    const IoProbeOptions& m_options;
    const std::stop_token m_stop;
    const uint64_t m_turns;
    const uint64_t m_segment;
    const uint64_t m_fill;
    uint64_t m_moved = 0;
    uint64_t m_written = 0;
};

Status checkSpace(FileSystem& files, const std::filesystem::path& folder, uint64_t bytes) {
    if (bytes < kLeastBytes)
        return Error{ErrorCode::InvalidInput, "Cannot measure the drive", pathText(folder),
                     "the test file would be smaller than " + formatBytes(kLeastBytes), "Choose a larger one"};
    GSST_ASSIGN(const uint64_t available, files.freeSpace(folder));
    // Some space is left over for everybody else who writes there meanwhile.
    const uint64_t needed = bytes + std::min(bytes / 8, uint64_t{1} << 30);
    if (needed < bytes || available < needed)
        return noSpace("Cannot measure the drive", folder,
                       "the test needs " + formatBytes(std::max(needed, bytes)) + " and the disk has " +
                           formatBytes(available) + " left");
    return {};
}

/// None, with the reason in `why`, where io_uring cannot serve `file`.
std::unique_ptr<AsyncIo> makeUringFor(const File& file, std::string& why) {
    if (file.caching() != Caching::Direct || !file.nativeHandle()) {
        why = "io_uring is used for files with direct access only, and this folder offers none.";
        return nullptr;
    }
    auto made = makeUringIo({});
    if (!made.ok())
        why = made.error().text();
    return made.ok() ? std::move(made).value() : nullptr;
}

}  // namespace

Result<IoProbe> probeIo(FileSystem& files, const std::filesystem::path& folder, const IoProbeOptions& options,
                        std::stop_token stop) {
    GSST_TRY(checkSpace(files, folder, options.bytes));
    const uint64_t segment = wholeBlocks(options.bytes / kSegments);
    const size_t requestBytes =
        static_cast<size_t>(std::clamp<uint64_t>(wholeBlocks(segment / kDepth), kIoAlignment, kRequestBytes));
    GSST_ASSIGN(IoStream stream, IoStream::create(requestBytes, kDepth));
    GSST_ASSIGN(const auto probeFile, ProbeFile::create(files, folder, options.bytes));
    File& file = probeFile->file();
    IoProbe probe;
    probe.caching = file.caching();
    std::vector<Contender> contenders(1);
    contenders[0].io = makeThreadPoolIo({});
    if (auto uring = makeUringFor(file, probe.whyNoUring)) {
        // As the staging memory of a run; what the system refuses here it refuses there.
        static_cast<void>(uring->registerBuffers(stream.memory()));
        contenders.emplace_back().io = std::move(uring);
    }
    Measurement measurement(file, stream, options, std::move(stop), contenders.size());
    GSST_TRY(measurement.fill(*contenders[0].io));
    GSST_TRY(measurement.measure(contenders));
    probe.threadPool = contenders[0].rate();
    if (contenders.size() > 1)
        probe.uring = contenders[1].rate();
    probe.writtenBytes = measurement.writtenBytes();
    return probe;
}

IoEngine bestEngine(const IoProbe& probe) {
    // Training reads about as much as it writes.
    const auto secondsPerByte = [](const IoRate& rate) {
        return 1 / rate.readBytesPerSecond + 1 / rate.writeBytesPerSecond;
    };
    if (!probe.uring)
        return IoEngine::ThreadPool;
    const double uring = secondsPerByte(*probe.uring), pool = secondsPerByte(probe.threadPool);
    const bool isAlike = uring < kLeastGain * pool && pool < kLeastGain * uring;
    const bool uringWins =
        isAlike ? probe.uring->processorSecondsPerByte < probe.threadPool.processorSecondsPerByte : uring < pool;
    return uringWins ? IoEngine::Uring : IoEngine::ThreadPool;
}

std::unique_ptr<AsyncIo> makeIo(IoEngine engine) {
    if (engine == IoEngine::Uring)
        if (auto made = makeUringIo({}); made.ok())
            return std::move(made).value();
    return makeThreadPoolIo({});
}

}  // namespace gsst
