// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/uring_loop_linux.h"

#include "base/clock.h"
#include "base/units.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace gsst {

namespace {

constexpr unsigned kBufferSlots = 256;
constexpr size_t kLargestBuffer = size_t{1} << 30;  // the kernel's limit
constexpr int kPollMilliseconds = 1;

std::string reasonOf(int error) {
    return std::system_category().message(error) + " (system error " + std::to_string(error) + ")";
}

Error notAvailable(int error) {
    const std::string todo = "Nothing is lost: a thread pool does the same work";
    if (error == EPERM || error == EACCES)
        return {ErrorCode::Permission, "io_uring cannot be used", "", "the system forbids it, as many containers do",
                todo};
    if (error == ENOSYS)
        return {ErrorCode::Io, "io_uring cannot be used", "", "this kernel has none, or hides it", todo};
    return {ErrorCode::Io, "io_uring cannot be used", "", "the system said: " + reasonOf(error), todo};
}

constexpr size_t indexOf(IoDirection direction) {
    return direction == IoDirection::Read ? 0 : 1;
}

}  // namespace

Result<std::unique_ptr<UringLoop>> UringLoop::create(int depth) {
    constexpr int kDeepest = 4096;
    std::unique_ptr<UringLoop> loop(new UringLoop(std::clamp(depth, 1, kDeepest)));
    GSST_TRY(loop->open());
    return loop;
}

Status UringLoop::open() {
    // Room for both directions and the wake-up, so that the queue is never full.
    const int result = io_uring_queue_init(static_cast<unsigned>(2 * m_depth + 1), &m_ring, 0);
    if (result < 0)
        return notAvailable(-result);
    m_isOpen = true;
    // From 5.13 on: older ones wait for all that is in flight, the wake-up too, before they register memory.
    if ((m_ring.features & IORING_FEAT_RSRC_TAGS) == 0)
        return notAvailable(ENOSYS);
    m_wakeEvent = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m_wakeEvent < 0)
        return notAvailable(errno);
    m_takesBuffers = io_uring_register_buffers_sparse(&m_ring, kBufferSlots) == 0;
    return {};
}

UringLoop::~UringLoop() {
    if (m_thread.joinable()) {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
        }
        wake();
        m_thread.join();
    }
    if (m_isOpen)
        io_uring_queue_exit(&m_ring);
    if (m_wakeEvent >= 0)
        ::close(m_wakeEvent);
}

void UringLoop::start(Handler handler) {
    m_handler = std::move(handler);
    m_thread = std::thread([this] { run(); });
}

void UringLoop::submit(std::vector<std::unique_ptr<UringPiece>> pieces) {
    bool isFirst = false;
    {
        const std::lock_guard lock(m_mutex);
        for (auto& piece : pieces)
            m_queues[indexOf(piece->transfer.direction)].push_back(std::move(piece));
        isFirst = !std::exchange(m_isWoken, true);
    }
    if (isFirst)
        wake();
}

Status UringLoop::registerBuffers(std::span<std::byte> memory) {
    const auto refused = [&](std::string why, std::string todo) {
        return Error{ErrorCode::Io,
                     "Cannot register " + formatBytes(memory.size()) + " of memory for faster file access", "",
                     std::move(why), "Nothing is lost but a little speed" + std::move(todo)};
    };
    if (!m_takesBuffers)
        return refused("this kernel is too old for it", "; Linux 5.19 can do it");
    const std::lock_guard registering(m_registering);
    for (size_t at = 0; at < memory.size(); at += kLargestBuffer) {
        const std::span<std::byte> part = memory.subspan(at, std::min(kLargestBuffer, memory.size() - at));
        if (m_slotsUsed == kBufferSlots)
            return refused("too many pieces of memory are registered", "");
        const iovec where{part.data(), part.size()};
        const int result = io_uring_register_buffers_update_tag(&m_ring, m_slotsUsed, &where, nullptr, 1);
        if (result < 0)
            return refused(result == -ENOMEM ? "the system lets this user lock less memory"
                                             : "the system said: " + reasonOf(-result),
                           "; the limit of locked memory (ulimit -l) can be raised");
        const std::lock_guard lock(m_mutex);
        m_buffers.push_back({part, m_slotsUsed++});
    }
    return {};
}

int UringLoop::bufferOf(const Transfer& transfer) {
    const std::lock_guard lock(m_mutex);
    const auto at = reinterpret_cast<uintptr_t>(transfer.memory);
    for (const Buffer& buffer : m_buffers) {
        const auto begin = reinterpret_cast<uintptr_t>(buffer.memory.data());
        if (at >= begin && at - begin <= buffer.memory.size() && transfer.left <= buffer.memory.size() - (at - begin))
            return static_cast<int>(buffer.slot);
    }
    return -1;
}

void UringLoop::wake() {
    const uint64_t one = 1;
    // Can fail only when the counter is full, and then the loop is awake.
    static_cast<void>(!::write(m_wakeEvent, &one, sizeof one));
}

/// Before take() looks into the queues: what is submitted after it looked wakes again.
void UringLoop::clearWake() {
    uint64_t count = 0;
    static_cast<void>(!::read(m_wakeEvent, &count, sizeof count));
    const std::lock_guard lock(m_mutex);
    m_isWoken = false;
}

void UringLoop::run() {
    while (true) {
        take();
        if (isFinished())
            return;
        m_broken ? waitWithoutRing() : submitAndWait();
        reap();
    }
}

bool UringLoop::isFinished() {
    const std::lock_guard lock(m_mutex);
    return m_stopping && m_queues[0].empty() && m_queues[1].empty() && m_inFlight[0] == 0 && m_inFlight[1] == 0;
}

void UringLoop::take() {
    if (!m_wakeIsArmed && !m_broken)
        prepareWake();
    for (const IoDirection direction : {IoDirection::Read, IoDirection::Write})
        for (auto& piece : takeQueued(direction)) {
            if (m_broken) {
                m_handler(std::move(piece), Verdict::Refused, {});
                continue;
            }
            ++m_inFlight[indexOf(direction)];
            piece->sinceSubmission.restart();
            prepare(*piece.release());  // the kernel's until reap() takes it back
        }
}

/// As many as may go; all of them when the kernel takes none.
std::vector<std::unique_ptr<UringPiece>> UringLoop::takeQueued(IoDirection direction) {
    std::vector<std::unique_ptr<UringPiece>> taken;
    const std::lock_guard lock(m_mutex);
    auto& queue = m_queues[indexOf(direction)];
    const auto room = static_cast<size_t>(m_depth - m_inFlight[indexOf(direction)]);
    for (size_t i = m_broken ? queue.size() : std::min(queue.size(), room); i > 0; --i) {
        taken.push_back(std::move(queue.front()));
        queue.pop_front();
    }
    return taken;
}

void UringLoop::prepare(UringPiece& piece) {
    const Transfer& transfer = piece.transfer;
    io_uring_sqe* const entry = io_uring_get_sqe(&m_ring);
    const auto bytes = static_cast<unsigned>(transfer.left);
    const int buffer = bufferOf(transfer);
    if (transfer.direction == IoDirection::Read)
        buffer < 0 ? io_uring_prep_read(entry, transfer.handle, transfer.memory, bytes, transfer.offset)
                   : io_uring_prep_read_fixed(entry, transfer.handle, transfer.memory, bytes, transfer.offset, buffer);
    else
        buffer < 0 ? io_uring_prep_write(entry, transfer.handle, transfer.memory, bytes, transfer.offset)
                   : io_uring_prep_write_fixed(entry, transfer.handle, transfer.memory, bytes, transfer.offset, buffer);
    // What would not go at once goes to a thread of the kernel that may wait.
    if (transfer.stalls > 0)
        io_uring_sqe_set_flags(entry, IOSQE_ASYNC);
    io_uring_sqe_set_data(entry, &piece);
    m_prepared.push_back(&piece);
}

/// A poll, not a read, so that the kernel holds no memory of ours when the ring is closed.
void UringLoop::prepareWake() {
    io_uring_sqe* const entry = io_uring_get_sqe(&m_ring);
    io_uring_prep_poll_add(entry, m_wakeEvent, POLLIN);
    io_uring_sqe_set_data(entry, nullptr);
    m_prepared.push_back(nullptr);
    m_wakeIsArmed = true;
}

void UringLoop::submitAndWait() {
    const int result = io_uring_submit_and_wait(&m_ring, 1);
    if (result >= 0) {
        const auto taken = std::min(static_cast<size_t>(result), m_prepared.size());
        m_prepared.erase(m_prepared.begin(), m_prepared.begin() + static_cast<std::ptrdiff_t>(taken));
        return;
    }
    // EAGAIN: no memory for requests; EBUSY: answers are to be taken first.
    if (result == -EAGAIN || result == -EBUSY)
        std::this_thread::sleep_for(std::chrono::milliseconds(kPollMilliseconds));
    else if (result != -EINTR)
        breakDown();
}

/// The kernel took none of what is prepared, and never will: nothing is submitted from here on.
void UringLoop::breakDown() {
    m_broken = true;
    for (UringPiece* piece : std::exchange(m_prepared, {})) {
        if (!piece)
            continue;
        --m_inFlight[indexOf(piece->transfer.direction)];
        m_handler(std::unique_ptr<UringPiece>(piece), Verdict::Refused, {});
    }
}

/// Answers to what is in flight still appear in the ring, but nothing tells when.
void UringLoop::waitWithoutRing() {
    pollfd event{m_wakeEvent, POLLIN, 0};
    const bool hasInFlight = m_inFlight[0] > 0 || m_inFlight[1] > 0;
    if (::poll(&event, 1, hasInFlight ? kPollMilliseconds : -1) > 0)
        clearWake();
}

void UringLoop::reap() {
    io_uring_cqe* entry = nullptr;
    while (io_uring_peek_cqe(&m_ring, &entry) == 0) {
        auto* const data = static_cast<UringPiece*>(io_uring_cqe_get_data(entry));
        const int result = entry->res;
        io_uring_cqe_seen(&m_ring, entry);
        if (data) {
            answer(std::unique_ptr<UringPiece>(data), result);
        } else {
            m_wakeIsArmed = false;
            clearWake();
        }
    }
}

void UringLoop::answer(std::unique_ptr<UringPiece> piece, int result) {
    const TransferAnswer next = advance(piece->transfer, result);
    if (next.step == TransferStep::Again && !m_broken) {
        prepare(*piece.release());
        return;
    }
    --m_inFlight[indexOf(piece->transfer.direction)];
    m_handler(std::move(piece), next.step == TransferStep::Again ? Verdict::Refused : Verdict::Answered, next);
}

}  // namespace gsst
