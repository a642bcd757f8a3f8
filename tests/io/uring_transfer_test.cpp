// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/uring_transfer.h"

#include "file_helpers.h"

#include <cerrno>

namespace gsst {
namespace {

using namespace gsst::testing;

constexpr size_t kBlock = kIoAlignment;

struct UringTransferTest : ::testing::Test {
    AlignedBuffer memory = zeros(8 * kBlock);
    Transfer transfer(IoDirection direction) {
        return {.direction = direction, .offset = 16 * kBlock, .memory = memory.data(), .left = 8 * kBlock};
    }
};

TEST_F(UringTransferTest, AWholeAnswerFinishes) {
    for (const auto direction : {IoDirection::Read, IoDirection::Write}) {
        Transfer whole = transfer(direction);
        EXPECT_EQ(advance(whole, 8 * kBlock).step, TransferStep::Finished);
        EXPECT_EQ(whole.left, 0u);
    }
}

TEST_F(UringTransferTest, AShortAnswerGoesOnWhereItStopped) {
    for (const auto direction : {IoDirection::Read, IoDirection::Write}) {
        Transfer part = transfer(direction);
        EXPECT_EQ(advance(part, 3 * kBlock).step, TransferStep::Again);
        EXPECT_EQ(part.offset, 19 * kBlock);
        EXPECT_EQ(part.memory, memory.data() + 3 * kBlock);
        EXPECT_EQ(part.left, 5 * kBlock);
        EXPECT_EQ(advance(part, 5 * kBlock).step, TransferStep::Finished);
    }
}

TEST_F(UringTransferTest, AReadThatStopsOffTheAlignmentHasMetTheEnd) {
    Transfer empty = transfer(IoDirection::Read), cut = empty;
    EXPECT_EQ(advance(empty, 0).step, TransferStep::EndsEarly);
    EXPECT_EQ(advance(cut, kBlock + 512).step, TransferStep::EndsEarly);
}

TEST_F(UringTransferTest, AWriteThatStopsOffTheAlignmentRepeatsTheBlock) {
    Transfer cut = transfer(IoDirection::Write);
    EXPECT_EQ(advance(cut, 2 * kBlock + 512).step, TransferStep::Again);
    EXPECT_EQ(cut.offset, 18 * kBlock);
    EXPECT_EQ(cut.left, 6 * kBlock);
    for (const int64_t answer : {int64_t{0}, int64_t{512}}) {
        Transfer full = cut;
        const TransferAnswer next = advance(full, answer);
        EXPECT_EQ(next.step, TransferStep::Failed);
        EXPECT_EQ(next.error, ENOSPC);
    }
}

TEST_F(UringTransferTest, InterruptionsAreRepeatedButNotForever) {
    for (const int error : {EINTR, EAGAIN}) {
        Transfer stalled = transfer(IoDirection::Read);
        EXPECT_EQ(advance(stalled, -error).step, TransferStep::Again);
        EXPECT_EQ(stalled.stalls, 1);
        EXPECT_EQ(stalled.left, 8 * kBlock);
        EXPECT_EQ(advance(stalled, kBlock).step, TransferStep::Again);
        EXPECT_EQ(stalled.stalls, 0);
        int tries = 0;
        TransferAnswer next = advance(stalled, -error);
        while (next.step == TransferStep::Again && ++tries < 1'000'000)
            next = advance(stalled, -error);
        EXPECT_EQ(next.step, TransferStep::Failed);
        EXPECT_EQ(next.error, error);
    }
}

TEST_F(UringTransferTest, ErrorsAndNonsenseFail) {
    Transfer failed = transfer(IoDirection::Write), wrong = failed;
    EXPECT_EQ(advance(failed, -ENOSPC).step, TransferStep::Failed);
    EXPECT_EQ(advance(failed, -EBADF).error, EBADF);
    const TransferAnswer tooMuch = advance(wrong, 9 * kBlock);
    EXPECT_EQ(tooMuch.step, TransferStep::Failed);
    EXPECT_EQ(tooMuch.error, EIO);
}

}  // namespace
}  // namespace gsst
