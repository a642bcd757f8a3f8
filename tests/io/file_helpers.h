// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox.h"
#include "io/aligned_buffer.h"
#include "io/file.h"
#include "tests/support/folders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace gsst::testing {

#define GSST_EXPECT_OK(expression)                                                                                     \
    do {                                                                                                               \
        const auto gsstResult = (expression);                                                                          \
        EXPECT_TRUE(gsstResult.ok()) << gsstResult.error().text();                                                     \
    } while (false)

#define GSST_EXPECT_ERROR(expression, expected)                                                                        \
    do {                                                                                                               \
        const auto gsstResult = (expression);                                                                          \
        EXPECT_FALSE(gsstResult.ok());                                                                                 \
        if (!gsstResult.ok()) {                                                                                        \
            EXPECT_EQ(gsstResult.error().code, ErrorCode::expected) << gsstResult.error().text();                      \
            EXPECT_FALSE(gsstResult.error().what.empty() || gsstResult.error().why.empty() ||                          \
                         gsstResult.error().todo.empty());                                                             \
        }                                                                                                              \
    } while (false)

/// `bytes` of noise that differ with `seed`, aligned for direct access.
inline AlignedBuffer noise(size_t bytes, uint64_t seed) {
    AlignedBuffer buffer = AlignedBuffer::create(bytes).value();
    for (size_t i = 0; i < buffer.size(); i += sizeof(uint64_t)) {
        const uint64_t bits = randomBits(seed, 0, i);
        std::memcpy(buffer.data() + i, &bits, sizeof bits);
    }
    return buffer;
}

inline AlignedBuffer zeros(size_t bytes) {
    return AlignedBuffer::create(bytes).value();
}

inline bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

inline std::unique_ptr<File> opened(FileSystem& files, const std::filesystem::path& path,
                                    OpenMode mode = OpenMode::Create, Caching caching = Caching::Buffered) {
    auto file = files.open(path, mode, caching);
    EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().text());
    return file.ok() ? std::move(file).value() : nullptr;
}

inline void put(FileSystem& files, const std::filesystem::path& path, std::string_view text, bool synced = true) {
    const auto file = opened(files, path);
    GSST_EXPECT_OK(file->truncate(0));
    GSST_EXPECT_OK(file->write(0, std::as_bytes(std::span(text))));
    if (synced)
        GSST_EXPECT_OK(file->sync());
}

inline std::string get(FileSystem& files, const std::filesystem::path& path) {
    auto text = readText(files, path, 1 << 20);
    return text.ok() ? text.value() : "<" + text.error().why + ">";
}

using test::TemporaryFolder;

}  // namespace gsst::testing
