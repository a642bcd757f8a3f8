// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "tests/support/folders.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <vector>

namespace gsst {

/// A folder of the test that runs, empty at first and removed at the end.
class DataTest : public ::testing::Test {
protected:
    std::filesystem::path write(const std::string& name, std::string_view text) const {
        const std::filesystem::path path = m_folder / name;
        std::filesystem::create_directories(path.parent_path());
        auto file = osFileSystem().open(path, OpenMode::Create, Caching::Buffered);
        EXPECT_TRUE(file.ok());
        EXPECT_TRUE((*file)->truncate(0).ok());
        EXPECT_TRUE((*file)->write(0, std::as_bytes(std::span(text))).ok());
        return path;
    }
    std::string readBack(const std::filesystem::path& path) const {
        auto text = readText(osFileSystem(), path, uint64_t{1} << 30);
        EXPECT_TRUE(text.ok());
        return text.ok() ? *text : std::string();
    }
    std::vector<std::string> namesIn(const std::filesystem::path& folder) const {
        std::vector<std::string> names;
        const auto entries = osFileSystem().list(folder);
        if (entries.ok())
            for (const DirectoryEntry& entry : *entries)
                names.push_back(entry.path.filename().string());
        return names;
    }

    test::TemporaryFolder m_temporary;
    const std::filesystem::path& m_folder = m_temporary.path;
};

template <typename T>
std::string messageOf(const Result<T>& result) {
    return result.ok() ? std::string() : result.error().text();
}

#define ASSERT_OK(result) ASSERT_TRUE((result).ok()) << messageOf(result)

}  // namespace gsst
