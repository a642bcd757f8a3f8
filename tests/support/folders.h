// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace gsst::test {

/// An empty folder that disappears with it. Its name tells the test it belongs to; several programs may run that test
/// at the same time.
class TemporaryFolder {
public:
    /// On the drive of `parent`: the folder of temporary files may be in RAM, without direct access.
    explicit TemporaryFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        std::string name = test ? std::string(test->test_suite_name()) + "-" + test->name() : "suite";
        std::replace(name.begin(), name.end(), '/', '_');
        path = parent / ("gsst-test-" + name + "-" + std::to_string(std::random_device{}()));
        std::filesystem::create_directories(path);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    std::filesystem::path path;
};

}  // namespace gsst::test
