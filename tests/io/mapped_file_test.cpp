// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/mapped_file.h"

#include "tests/support/folders.h"

#include "io/file.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace gsst {
namespace {

class MappedFileTest : public testing::Test {
protected:
    void SetUp() override {
        for (size_t i = 0; i < 3 * 4096 + 100; ++i)
            m_content.push_back(std::byte(i * 7 % 251));
        write(m_content);
    }

    void write(std::span<const std::byte> bytes) {
        auto file = osFileSystem().open(m_path, OpenMode::Create, Caching::Buffered);
        ASSERT_TRUE(file.ok());
        ASSERT_TRUE((*file)->truncate(0).ok());
        ASSERT_TRUE((*file)->write(0, bytes).ok());
    }
    bool holds(const MappedFile& file, uint64_t offset, size_t count) const {
        std::vector<std::byte> bytes(count);
        return file.copy(offset, bytes).ok() &&
               std::equal(bytes.begin(), bytes.end(), m_content.begin() + std::ptrdiff_t(offset));
    }
    ErrorCode errorOf(const MappedFile& file, uint64_t offset, size_t count) const {
        std::vector<std::byte> bytes(count);
        const Status status = file.copy(offset, bytes);
        return status.ok() ? ErrorCode::Internal : status.error().code;
    }

    test::TemporaryFolder m_folder;
    const std::filesystem::path m_path = m_folder.path / "mapped";
    std::vector<std::byte> m_content;
};

TEST_F(MappedFileTest, CopiesAnyPart) {
    const auto file = MappedFile::open(m_path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->size(), m_content.size());
    EXPECT_EQ(file->path(), m_path);
    for (const uint64_t offset : {0, 1, 4095, 4096, 12'000})
        for (const size_t count : {0, 1, 2, 99, 388})
            EXPECT_TRUE(holds(*file, offset, count)) << offset << " " << count;
    EXPECT_TRUE(holds(*file, 0, m_content.size()));
    EXPECT_TRUE(holds(*file, m_content.size(), 0));
}

TEST_F(MappedFileTest, NothingBeyondTheEnd) {
    const auto file = MappedFile::open(m_path);
    EXPECT_EQ(errorOf(*file, m_content.size(), 1), ErrorCode::Corrupt);
    EXPECT_EQ(errorOf(*file, m_content.size() - 1, 2), ErrorCode::Corrupt);
    EXPECT_EQ(errorOf(*file, UINT64_MAX, 2), ErrorCode::Corrupt);
}

TEST_F(MappedFileTest, MovesAndEmptyFiles) {
    auto file = MappedFile::open(m_path);
    MappedFile moved = std::move(*file);
    EXPECT_TRUE(holds(moved, 5, 100));
    write({});
    auto empty = MappedFile::open(m_path);
    ASSERT_TRUE(empty.ok());
    EXPECT_EQ(empty->size(), 0u);
    EXPECT_TRUE(empty->copy(0, {}).ok());
    EXPECT_EQ(errorOf(*empty, 0, 1), ErrorCode::Corrupt);
    moved = std::move(*empty);
    EXPECT_EQ(moved.size(), 0u);
}

TEST_F(MappedFileTest, WhatCannotBeMapped) {
    std::filesystem::remove(m_path);
    EXPECT_EQ(MappedFile::open(m_path).error().code, ErrorCode::NotFound);
    std::filesystem::create_directory(m_path);
    const auto folder = MappedFile::open(m_path);
    ASSERT_FALSE(folder.ok());
    EXPECT_NE(folder.error().text().find(m_path.filename().string()), std::string::npos);
}

// Windows keeps a mapped file as it is, and others from writing to it.
#ifndef _WIN32
TEST_F(MappedFileTest, AnotherSizeIsAnErrorAndNotTheEndOfTheProcess) {
    const auto file = MappedFile::open(m_path);
    for (const uintmax_t size : {m_content.size() - 1, size_t{4096}, size_t{1}, size_t{0}, m_content.size() + 1}) {
        std::filesystem::resize_file(m_path, size);
        EXPECT_EQ(errorOf(*file, 0, 1), ErrorCode::Corrupt) << size;
        EXPECT_EQ(errorOf(*file, 0, m_content.size()), ErrorCode::Corrupt) << size;
    }
    write(m_content);
    EXPECT_TRUE(holds(*file, 0, m_content.size()));
}

TEST_F(MappedFileTest, ShortenedWhileOthersRead) {
    const auto file = MappedFile::open(m_path);
    std::atomic<bool> stop = false;
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            std::vector<std::byte> bytes(m_content.size());
            while (!stop)
                if (const Status status = file->copy(0, bytes);
                    !status.ok() && status.error().code != ErrorCode::Corrupt && status.error().code != ErrorCode::Io)
                    ++wrong;
        });
    for (int i = 0; i < 2000; ++i)
        std::filesystem::resize_file(m_path, i % 2 == 0 ? 10 : m_content.size());
    stop = true;
    readers.clear();
    EXPECT_EQ(wrong, 0);
}
#endif

}  // namespace
}  // namespace gsst
