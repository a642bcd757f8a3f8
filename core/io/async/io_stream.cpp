// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/io_stream.h"

#include "base/cancelled.h"
#include "base/philox.h"
#include "io/io_error.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace gsst {

namespace {

/// The buffers that no request uses, and the first error.
class Slots {
public:
    explicit Slots(size_t count) : m_count(count) {
        for (size_t slot = 0; slot < count; ++slot)
            m_free.push_back(slot);
    }

    void finish(size_t slot, Status status) {
        const std::lock_guard lock(m_mutex);
        m_free.push_back(slot);
        if (!status.ok() && !m_error)
            m_error = std::move(status).error();
        m_wake.notify_all();
    }
    /// None after an error.
    std::optional<size_t> take() {
        std::unique_lock lock(m_mutex);
        m_wake.wait(lock, [this] { return !m_free.empty(); });
        if (m_error)
            return std::nullopt;
        const size_t slot = m_free.back();
        m_free.pop_back();
        return slot;
    }
    Status waitForAll() {
        std::unique_lock lock(m_mutex);
        m_wake.wait(lock, [this] { return m_free.size() == m_count; });
        return m_error ? Status(*m_error) : Status();
    }

private:
    const size_t m_count;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::vector<size_t> m_free;    // guarded by m_mutex
    std::optional<Error> m_error;  // guarded by m_mutex
};

}  // namespace

Result<IoStream> IoStream::create(size_t requestBytes, int depth) {
    GSST_ASSIGN(AlignedBuffer memory, AlignedBuffer::create(requestBytes * static_cast<size_t>(depth)));
    for (size_t at = 0; at < memory.size(); at += sizeof(uint64_t)) {
        const uint64_t bits = randomBits(1, 0, at);
        std::memcpy(memory.data() + at, &bits, sizeof bits);
    }
    return IoStream(std::move(memory), requestBytes);
}

Status IoStream::move(AsyncIo& io, File& file, IoDirection direction, uint64_t offset, uint64_t bytes,
                      const std::function<void(uint64_t)>& moved, const std::stop_token& stop) {
    Slots slots(m_memory.size() / m_requestBytes);
    std::vector<uint64_t> inSlot(m_memory.size() / m_requestBytes, 0);
    const auto report = [&](size_t slot, uint64_t next) {
        if (const uint64_t before = std::exchange(inSlot[slot], next); before > 0 && moved)
            moved(before);
    };
    for (uint64_t at = 0; at < bytes && !stop.stop_requested();) {
        const std::optional<size_t> slot = slots.take();
        if (!slot)
            break;
        const size_t length = static_cast<size_t>(std::min<uint64_t>(m_requestBytes, bytes - at));
        report(*slot, length);
        const std::span<std::byte> part = m_memory.span().subspan(*slot * m_requestBytes, length);
        auto done = [&slots, index = *slot](Status status) { slots.finish(index, std::move(status)); };
        if (direction == IoDirection::Read)
            io.read(file, offset + at, part, std::move(done));
        else
            io.write(file, offset + at, part, std::move(done));
        at += length;
    }
    GSST_TRY(slots.waitForAll());
    for (size_t slot = 0; slot < inSlot.size(); ++slot)
        report(slot, 0);
    if (stop.stop_requested())
        return cancelled("Measuring the drive", "Start it again at any time");
    return {};
}

}  // namespace gsst
