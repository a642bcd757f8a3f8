// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/aligned_buffer.h"

#include "io/file.h"
#include "io/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace gsst {
namespace {

TEST(AlignedBuffer, IsAlignedZeroedAndRoundedUp) {
    const AlignedBuffer buffer = AlignedBuffer::create(5000).value();
    EXPECT_EQ(buffer.size(), 8192u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kIoAlignment, 0u);
    EXPECT_TRUE(std::all_of(buffer.span().begin(), buffer.span().end(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(AlignedBuffer, EmptyIsNothing) {
    EXPECT_EQ(AlignedBuffer::create(0).value().data(), nullptr);
    EXPECT_EQ(AlignedBuffer().size(), 0u);
}

TEST(AlignedBuffer, LargeOnesBeginOnALargePage) {
    for (const size_t bytes : {kHugePageBytes, 3 * kHugePageBytes + 1}) {
        AlignedBuffer buffer = AlignedBuffer::create(bytes).value();
        EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kHugePageBytes, 0u);
        EXPECT_EQ(buffer.size(), (bytes + kIoAlignment - 1) / kIoAlignment * kIoAlignment);
        EXPECT_TRUE(
            std::all_of(buffer.span().begin(), buffer.span().end(), [](std::byte b) { return b == std::byte{0}; }));
        buffer = AlignedBuffer::create(1).value();  // the alignment of the one must not release the other
    }
}

TEST(PreferHugePages, TakesAnyMemory) {
    std::vector<std::byte> memory(5 * kHugePageBytes, std::byte{7});
    for (const size_t skip : {size_t{0}, size_t{1}, kHugePageBytes - 1})
        for (const size_t bytes : {size_t{0}, size_t{1}, kHugePageBytes, 3 * kHugePageBytes + 5})
            preferHugePages(std::span(memory).subspan(skip, bytes));
    EXPECT_TRUE(std::all_of(memory.begin(), memory.end(), [](std::byte b) { return b == std::byte{7}; }));
}

TEST(AlignedBuffer, Moves) {
    AlignedBuffer first = AlignedBuffer::create(1).value();
    std::byte* const memory = first.data();
    AlignedBuffer second = std::move(first);
    EXPECT_EQ(second.data(), memory);
    AlignedBuffer third = AlignedBuffer::create(9000).value();
    third = std::move(second);
    EXPECT_EQ(third.data(), memory);
    EXPECT_EQ(third.size(), kIoAlignment);
}

TEST(AlignedBuffer, OutOfMemoryNamesTheAmount) {
    const auto tooMuch = AlignedBuffer::create(std::numeric_limits<size_t>::max());
    ASSERT_FALSE(tooMuch.ok());
    EXPECT_EQ(tooMuch.error().code, ErrorCode::OutOfMemory);
    EXPECT_NE(tooMuch.error().text().find("16384 PiB"), std::string::npos);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which end the program instead
    EXPECT_FALSE(AlignedBuffer::create(size_t{1} << 62).ok());
#endif
}

}  // namespace
}  // namespace gsst
