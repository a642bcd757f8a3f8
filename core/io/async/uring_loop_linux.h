// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "io/async/uring_transfer.h"

#include <deque>
#include <functional>
#include <liburing.h>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace gsst {

/// A transfer and what became of it; derive to say what it belongs to.
struct UringPiece {
    virtual ~UringPiece() = default;
    Transfer transfer;
    Stopwatch sinceSubmission;  ///< the first one
};

/// An io_uring and the one thread that talks to it. All requests come from that thread, because the kernel cancels what
/// a thread has in flight when it ends, and because pinning the pages of large requests takes time that callers shall
/// not spend.
class UringLoop {
public:
    /// Called on the loop's thread for every piece once; must not block. Refused: the kernel takes no more requests,
    /// and what `transfer` has left must be done in another way.
    enum class Verdict { Answered, Refused };
    using Handler = std::function<void(std::unique_ptr<UringPiece>, Verdict, TransferAnswer)>;

    static Result<std::unique_ptr<UringLoop>> create(int depth);
    UringLoop(const UringLoop&) = delete;
    UringLoop& operator=(const UringLoop&) = delete;
    ~UringLoop();  ///< nothing may be submitted any more; waits for what is in flight

    void start(Handler handler);                                   ///< once, before the first submit
    void submit(std::vector<std::unique_ptr<UringPiece>> pieces);  ///< of one direction; from any thread
    Status registerBuffers(std::span<std::byte> memory);           ///< from any thread

private:
    explicit UringLoop(int depth) : m_depth(depth) {}

    Status open();
    void run();
    bool isFinished();
    void take();
    std::vector<std::unique_ptr<UringPiece>> takeQueued(IoDirection direction);
    void prepare(UringPiece& piece);
    void prepareWake();
    void submitAndWait();
    void waitWithoutRing();
    void breakDown();
    void reap();
    void answer(std::unique_ptr<UringPiece> piece, int result);
    int bufferOf(const Transfer& transfer);
    void wake();
    void clearWake();

    struct Buffer {
        std::span<std::byte> memory;
        unsigned slot = 0;  ///< the kernel's number
    };

    const int m_depth;
    io_uring m_ring{};
    bool m_isOpen = false;
    int m_wakeEvent = -1;
    Handler m_handler;

    // The loop's thread only.
    int m_inFlight[2] = {};  ///< by direction
    bool m_wakeIsArmed = false;
    bool m_broken = false;               ///< the kernel refused a call that cannot fail: nothing is submitted any more
    std::deque<UringPiece*> m_prepared;  ///< not yet taken by the kernel, in order; null is the wake-up

    std::mutex m_mutex;
    std::deque<std::unique_ptr<UringPiece>> m_queues[2];  // guarded by m_mutex; by direction
    std::vector<Buffer> m_buffers;                        // guarded by m_mutex
    bool m_isWoken = false;                               // guarded by m_mutex: the loop will look into the queues
    bool m_stopping = false;                              // guarded by m_mutex
    std::mutex m_registering;
    unsigned m_slotsUsed = 0;  // guarded by m_registering
    bool m_takesBuffers = false;

    std::thread m_thread;
};

}  // namespace gsst
