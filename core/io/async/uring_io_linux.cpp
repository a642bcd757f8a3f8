// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/uring_io.h"

#include "base/clock.h"
#include "io/async/io_pieces.h"
#include "io/async/thread_pool_io.h"
#include "io/async/uring_loop_linux.h"
#include "io/io_error.h"
#include "io/os_file_linux.h"

#include <utility>
#include <vector>

namespace gsst {

namespace {

struct RequestPiece final : UringPiece {
    std::shared_ptr<IoRequest> request;
    size_t index = 0;
    File* file = nullptr;
    uint64_t offset = 0;  ///< of the whole piece
    size_t bytes = 0;
};

class UringIo final : public AsyncIo {
public:
    UringIo(const UringIoOptions& options, std::unique_ptr<UringLoop> loop)
        : m_pool({.readThreads = options.readThreads,
                  .writeThreads = options.writeThreads,
                  .pieceBytes = options.pieceBytes}),
          m_loop(std::move(loop)) {
        m_loop->start([this](std::unique_ptr<UringPiece> piece, UringLoop::Verdict verdict, TransferAnswer answer) {
            // Only RequestPieces are submitted.
            settle(std::unique_ptr<RequestPiece>(static_cast<RequestPiece*>(piece.release())), verdict, answer);
        });
    }

    /// Waits here, while loop and pool are both alive, because a completion of one may submit to the other.
    ~UringIo() override { m_pool.waitForAll(); }

    void read(File& file, uint64_t offset, std::span<std::byte> into, Done done) override {
        if (suitsRing(file, into.size()))
            submit(IoDirection::Read, file, offset, into, std::move(done));
        else
            m_pool.read(file, offset, into, std::move(done));
    }

    void write(File& file, uint64_t offset, std::span<const std::byte> from, Done done) override {
        // Nothing writes through this span: a Transfer has one kind of memory for both directions.
        const std::span<std::byte> memory(const_cast<std::byte*>(from.data()), from.size());
        if (suitsRing(file, from.size()))
            submit(IoDirection::Write, file, offset, memory, std::move(done));
        else
            m_pool.write(file, offset, from, std::move(done));
    }

    void run(std::function<void()> task) override { m_pool.run(std::move(task)); }
    IoCounters counters() const override { return m_pool.counters(); }
    Status registerBuffers(std::span<std::byte> memory) override { return m_loop->registerBuffers(memory); }

private:
    static bool suitsRing(const File& file, size_t bytes) {
        return bytes > 0 && file.caching() == Caching::Direct && file.nativeHandle();
    }

    void submit(IoDirection direction, File& file, uint64_t offset, std::span<std::byte> memory, Done done) {
        if (Status fault = checkRequest(file.path(), file.caching(), offset, memory.data(), memory.size());
            !fault.ok()) {
            m_pool.finishPiece(m_pool.expect(direction, 1, std::move(done)), 0, std::move(fault));
            return;
        }
        const size_t count = pieceCount(memory.size(), m_pool.pieceBytes());
        const auto request = m_pool.expect(direction, count, std::move(done));
        std::vector<std::unique_ptr<UringPiece>> pieces;
        for (size_t index = 0; index < count; ++index) {
            auto piece = std::make_unique<RequestPiece>();
            const std::span<std::byte> part = pieceOf(memory, index, m_pool.pieceBytes());
            piece->request = request;
            piece->index = index;
            piece->file = &file;
            piece->offset = offset + index * m_pool.pieceBytes();
            piece->bytes = part.size();
            piece->transfer = {.direction = direction,
                               .handle = *file.nativeHandle(),
                               .offset = piece->offset,
                               .memory = part.data(),
                               .left = part.size()};
            pieces.push_back(std::move(piece));
        }
        m_loop->submit(std::move(pieces));
    }

    void settle(std::unique_ptr<RequestPiece> piece, UringLoop::Verdict verdict, TransferAnswer answer) {
        const IoDirection direction = piece->request->direction();
        if (verdict == UringLoop::Verdict::Refused) {
            moveByPool(std::move(piece));
            return;
        }
        const bool moved = answer.step == TransferStep::Finished;
        m_pool.count(direction, moved ? piece->bytes : 0, piece->sinceSubmission.nanoseconds());
        m_pool.finishPiece(piece->request, piece->index, statusOf(*piece, answer));
    }

    static Status statusOf(const RequestPiece& piece, TransferAnswer answer) {
        const bool reads = piece.transfer.direction == IoDirection::Read;
        if (answer.step == TransferStep::EndsEarly)
            return fileEndsEarly(piece.file->path(), piece.offset, piece.bytes);
        if (answer.step == TransferStep::Failed)
            return errnoError(reads ? "Cannot read from the file" : "Cannot write to the file", piece.file->path(),
                              answer.error);
        return {};
    }

    void moveByPool(std::unique_ptr<RequestPiece> piece) {
        const Transfer left = piece->transfer;
        const std::span<std::byte> memory(left.memory, left.left);
        m_pool.count(left.direction, piece->bytes - left.left, 0);
        auto finish = [this, request = piece->request, index = piece->index](Status status) {
            m_pool.finishPiece(request, index, std::move(status));
        };
        if (left.direction == IoDirection::Read)
            m_pool.read(*piece->file, left.offset, memory, std::move(finish));
        else
            m_pool.write(*piece->file, left.offset, memory, std::move(finish));
    }

    ThreadPoolIo m_pool;                ///< completions, jobs, counters, and requests that do not suit the ring
    std::unique_ptr<UringLoop> m_loop;  // last, so that its thread ends before what it uses goes
};

}  // namespace

Result<std::unique_ptr<AsyncIo>> makeUringIo(const UringIoOptions& options) {
    GSST_ASSIGN(auto loop, UringLoop::create(options.depth));
    return std::unique_ptr<AsyncIo>(std::make_unique<UringIo>(options, std::move(loop)));
}

}  // namespace gsst
