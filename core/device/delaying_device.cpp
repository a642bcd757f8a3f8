// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/delaying_device.h"

#include "base/philox.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace gsst {
namespace {

constexpr size_t kStreams = 2;
constexpr std::byte kFreed{0xff};

size_t indexOf(Stream stream) {
    return stream == Stream::Compute ? 0 : 1;
}

// An event is the number of a piece of work in its stream, from 1 on, and the stream in the last bit.
DeviceEvent eventOf(size_t stream, uint64_t number) {
    return {number * kStreams + stream};
}
size_t streamOf(DeviceEvent event) {
    return event.value % kStreams;
}
uint64_t numberOf(DeviceEvent event) {
    return event.value / kStreams;
}

}  // namespace

/// The threads and what they share.
struct DelayingDevice::Streams {
    struct Piece {
        std::function<void()> work;
        DeviceEvent after;  ///< of any stream; enqueued before this piece, so that waiting cannot end in a circle
    };
    struct One {
        std::deque<Piece> pieces;
        uint64_t enqueued = 0;
        uint64_t done = 0;
        std::thread thread;
    };

    Streams(uint64_t randomSeed, std::chrono::microseconds longest) : seed(randomSeed), longestDelay(longest) {
        for (size_t i = 0; i < kStreams; ++i)
            streams[i].thread = std::thread([this, i] { loop(i); });
    }
    ~Streams() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        changed.notify_all();
        for (One& stream : streams)
            stream.thread.join();
    }

    DeviceEvent add(size_t stream, std::function<void()> work, DeviceEvent after = {}) {
        DeviceEvent event;
        {
            const std::lock_guard lock(mutex);
            streams[stream].pieces.push_back({std::move(work), after});
            event = eventOf(stream, ++streams[stream].enqueued);
        }
        changed.notify_all();
        return event;
    }

    void wait(DeviceEvent event) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return passed(event); });
    }

    /// Caller holds the mutex.
    bool passed(DeviceEvent event) const { return streams[streamOf(event)].done >= numberOf(event); }

    void loop(size_t index) {
        One& mine = streams[index];
        while (true) {
            Piece piece;
            {
                std::unique_lock lock(mutex);
                changed.wait(lock, [&] { return !mine.pieces.empty() ? passed(mine.pieces.front().after) : stopping; });
                if (mine.pieces.empty())
                    return;
                piece = std::move(mine.pieces.front());
                mine.pieces.pop_front();
            }
            if (piece.work) {
                delay(index, mine.done);
                piece.work();
            }
            {
                const std::lock_guard lock(mutex);
                ++mine.done;
            }
            changed.notify_all();
        }
    }

    /// Half of the pieces start at once: what comes too early is as telling as what comes too late.
    void delay(size_t stream, uint64_t number) const {
        const double random = uniformAt(seed, stream, number);
        const auto wait = std::chrono::duration<double, std::micro>((2 * random - 1) * double(longestDelay.count()));
        if (wait.count() > 0)
            std::this_thread::sleep_for(wait);
    }

    const uint64_t seed;
    const std::chrono::microseconds longestDelay;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::array<One, kStreams> streams;  // `done` is written by its own thread only, under the mutex
    bool stopping = false;
};

DelayingDevice::DelayingDevice(HostPool& pool, uint64_t seed, std::chrono::microseconds longestDelay)
    : m_pool(pool), m_streams(std::make_unique<Streams>(seed, longestDelay)) {}

DelayingDevice::~DelayingDevice() = default;

Result<DeviceBuffer> DelayingDevice::allocate(int64_t bytes) {
    // The pool may now give cached blocks back to the system, and older work may still be on them.
    const PoolUsage usage = m_pool.usage();
    if (usage.limit > 0 && HostPool::roundedBytes(bytes) > usage.limit - usage.held)
        waitForAll();
    GSST_ASSIGN(std::byte * data, m_pool.allocate(bytes));
    return DeviceBuffer(this, data, bytes);
}

void DelayingDevice::free(std::byte* data, int64_t bytes) {
    run(Stream::Compute, [=] { std::fill_n(data, bytes, kFreed); });
    m_pool.free(data);
}

void DelayingDevice::trim() {
    waitForAll();
    m_pool.trim();
}

DeviceEvent DelayingDevice::run(Stream stream, std::function<void()> work) {
    return m_streams->add(indexOf(stream), std::move(work));
}

DeviceEvent DelayingDevice::copyIn(Stream stream, std::byte* device, std::span<const std::byte> host) {
    return run(stream, [=] { std::copy(host.begin(), host.end(), device); });
}

DeviceEvent DelayingDevice::copyOut(Stream stream, std::span<std::byte> host, const std::byte* device) {
    return run(stream, [=] { std::copy_n(device, host.size(), host.begin()); });
}

DeviceEvent DelayingDevice::fillZero(Stream stream, std::byte* device, int64_t bytes) {
    return run(stream, [=] { std::fill_n(device, bytes, std::byte{0}); });
}

void DelayingDevice::streamWait(Stream stream, DeviceEvent event) {
    m_streams->add(indexOf(stream), {}, event);
}

void DelayingDevice::hostWait(DeviceEvent event) {
    m_streams->wait(event);
}

void DelayingDevice::waitForAll() {
    for (Stream stream : {Stream::Compute, Stream::Copy})
        hostWait(run(stream, [] {}));
}

}  // namespace gsst
