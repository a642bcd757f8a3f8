// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/throttled_files.h"

#include "base/philox.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

namespace gsst {

namespace {

namespace fs = std::filesystem;
using std::chrono::nanoseconds;

/// What a sleep overshoots by is caught up, so that the average rate holds; more idle time than this is lost.
constexpr nanoseconds kCatchUp = std::chrono::milliseconds(2);

/// Bounded, so that a rate of next to nothing cannot overflow the clock.
nanoseconds fromSeconds(double seconds) {
    constexpr double kLongest = 24 * 3600;
    return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(std::clamp(seconds, 0.0, kLongest)));
}

/// The drive's time: transfers of both directions pass one after the other, in the order in which they come.
class Pipe {
public:
    /// When a transfer that begins at `now` would be through; takes that stretch of time.
    nanoseconds pass(size_t bytes, double bytesPerSecond, double factor, nanoseconds now) {
        if (!(bytesPerSecond > 0))
            return now;
        const std::lock_guard lock(m_mutex);
        m_free = std::max(m_free, now - kCatchUp) + fromSeconds(static_cast<double>(bytes) / bytesPerSecond * factor);
        return m_free;
    }

private:
    std::mutex m_mutex;
    nanoseconds m_free = nanoseconds::min();  // guarded by m_mutex
};

}  // namespace

class ThrottledFiles::Drive {
public:
    Drive(const ThrottleOptions& options, Clock& clock) : m_options(options), m_clock(clock) {}

    template <typename Action>
    Status read(size_t bytes, Action action) {
        return timed(bytes, m_options.readBytesPerSecond, action);
    }
    template <typename Action>
    Status write(size_t bytes, Action action) {
        return timed(bytes, m_options.writeBytesPerSecond, action);
    }
    template <typename Action>
    Status sync(Action action) {
        return timed(0, 0, action);
    }

private:
    template <typename Action>
    Status timed(size_t bytes, double bytesPerSecond, Action action) {
        const double swing = 2 * uniformAt(m_options.seed, 0, m_calls++) - 1;
        const double factor = 1 + std::clamp(m_options.jitter, 0.0, 1.0) * swing;
        const nanoseconds now = m_clock.now();
        const nanoseconds through = m_pipe.pass(bytes, bytesPerSecond, factor, now);
        Status status = action();
        m_clock.sleepUntil(through + fromSeconds(m_options.latencySeconds * factor));
        return status;
    }

    const ThrottleOptions m_options;
    Clock& m_clock;
    Pipe m_pipe;
    std::atomic<uint64_t> m_calls = 0;
};

class ThrottledFiles::ThrottledFile final : public ForwardingFile {
public:
    ThrottledFile(std::unique_ptr<File> inner, std::shared_ptr<Drive> drive)
        : ForwardingFile(std::move(inner)), m_drive(std::move(drive)) {}

    Status read(uint64_t offset, std::span<std::byte> into) override {
        return m_drive->read(into.size(), [&] { return inner().read(offset, into); });
    }
    Status write(uint64_t offset, std::span<const std::byte> from) override {
        return m_drive->write(from.size(), [&] { return inner().write(offset, from); });
    }
    Status sync() override {
        return m_drive->sync([this] { return inner().sync(); });
    }

private:
    std::shared_ptr<Drive> m_drive;
};

ThrottledFiles::ThrottledFiles(FileSystem& inner, const ThrottleOptions& options, Clock& clock)
    : ForwardingFiles(inner), m_drive(std::make_shared<Drive>(options, clock)) {}

Result<std::unique_ptr<File>> ThrottledFiles::open(const fs::path& path, OpenMode mode, Caching caching) {
    GSST_ASSIGN(auto file, inner().open(path, mode, caching));
    return std::unique_ptr<File>(std::make_unique<ThrottledFile>(std::move(file), m_drive));
}

}  // namespace gsst
