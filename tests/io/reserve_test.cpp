// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/reserve.h"

#include "file_helpers.h"

#include "io/twins/memory_files.h"

namespace gsst {
namespace {

using namespace gsst::testing;

TEST(ReserveByWriting, FillsFromTheEndWithZeros) {
    const auto files = makeMemoryFiles();
    for (const uint64_t before : {0u, 1u, 4096u, 5000u})
        for (const uint64_t bytes : {0u, 1u, 4095u, 4096u, 5001u, 20'000u, 9'000'000u}) {
            const auto writer = opened(*files, "file");
            GSST_EXPECT_OK(writer->truncate(0));
            const auto data = noise(8192, before);
            GSST_EXPECT_OK(writer->write(0, data.span().first(before)));
            const auto direct = opened(*files, "file", OpenMode::ReadWrite, Caching::Direct);
            GSST_EXPECT_OK(reserveByWriting(*direct, bytes));
            ASSERT_EQ(writer->size().value(), bytes);
            const uint64_t kept = std::min(before, bytes);
            const auto into = noise(bytes, 99);
            GSST_EXPECT_OK(writer->read(0, into.span().first(bytes)));
            EXPECT_TRUE(same(into.span().first(kept), data.span().first(kept)));
            EXPECT_TRUE(same(into.span().first(bytes).subspan(kept), zeros(bytes).span().first(bytes - kept)));
        }
}

TEST(ReserveByWriting, FullDiskLeavesTheFormerSize) {
    const auto files = makeMemoryFiles(6u << 20);
    const auto file = opened(*files, "file");
    GSST_EXPECT_OK(file->write(0, noise(4096, 1).span().first(5)));
    GSST_EXPECT_ERROR(reserveByWriting(*file, 7u << 20), NoSpace);
    EXPECT_EQ(file->size().value(), 5u);
}

}  // namespace
}  // namespace gsst
