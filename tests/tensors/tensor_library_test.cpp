// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensors/tensor_library.h"

#include "tensors/tensor_library_entry.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace gsst {
namespace {

/// A copy of the library that a test may damage.
class TensorLibraryFile : public testing::Test {
protected:
    void SetUp() override {
        m_folder = std::filesystem::path(testing::TempDir()) / "gsst-tensor-library-test";
        std::filesystem::remove_all(m_folder);
        std::filesystem::create_directories(m_folder);
    }
    void TearDown() override { std::filesystem::remove_all(m_folder); }

    std::filesystem::path copy() const {
        const std::filesystem::path file = m_folder / tensorLibraryFile().filename();
        std::filesystem::copy_file(tensorLibraryFile(), file);
        return file;
    }
    /// All four parts are there, and `why` is in the third.
    static void expectError(const std::filesystem::path& file, ErrorCode code, const std::string& why) {
        const auto library = loadTensorLibrary(file);
        ASSERT_FALSE(library.ok());
        const Error& error = library.error();
        EXPECT_EQ(error.code, code);
        EXPECT_EQ(error.what, "The part of GSST Studio that computes cannot be loaded");
        EXPECT_EQ(error.where, file.string());
        EXPECT_NE(error.why.find(why), std::string::npos) << error.why;
        EXPECT_NE(error.todo.find("nstall GSST Studio again"), std::string::npos) << error.todo;
    }

    std::filesystem::path m_folder;
};

TEST_F(TensorLibraryFile, ThatIsMissingIsNamed) {
    expectError(m_folder / "gone.so", ErrorCode::NotFound, "there is no such file");
}

TEST_F(TensorLibraryFile, ThatIsNoLibraryIsRefused) {
    const std::filesystem::path file = m_folder / "text.so";
    std::ofstream(file) << std::string(4096, 'x');
    expectError(file, ErrorCode::Io, "invalid ELF header");
}

TEST_F(TensorLibraryFile, ThatIsCutOffAnywhereIsRefused) {
    const std::filesystem::path file = copy();
    const auto size = std::filesystem::file_size(file);
    for (const auto left : {size - 1, size / 2, size / 10}) {
        std::filesystem::resize_file(file, left);
        expectError(file, ErrorCode::Io, "its end is missing");
    }
    std::filesystem::resize_file(file, 10);
    expectError(file, ErrorCode::Io, "file too short");
}

/// As after somebody removed LibTorch: its folder, which the library has in itself, is another one now.
TEST_F(TensorLibraryFile, SaysWhichFileOfLibTorchIsMissing) {
    const std::filesystem::path file = copy();
    std::ifstream stream(file, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::string there = "libtorch_cpu.so", gone = "libtorch_xxx.so";
    const size_t found = bytes.find(there);
    ASSERT_NE(found, std::string::npos);
    bytes.replace(found, there.size(), gone);
    std::ofstream(file, std::ios::binary) << bytes;
    expectError(file, ErrorCode::Io, gone + ": cannot open shared object file");
}

TEST_F(TensorLibraryFile, OfAnotherVersionOrOfSomebodyElseIsRefused) {
    expectError(GSST_OTHER_VERSION, ErrorCode::Io, "it belongs to version 0.0.1, this program is version");
    expectError(GSST_NO_FUNCTION, ErrorCode::Io, kTensorLibraryFunction);
}

TEST(TensorLibrary, IsLoadedWhenItIsAskedForAndOnce) {
    EXPECT_FALSE(tensorLibraryIsLoaded());
    std::array<TensorLibrary*, 4> found{};
    {
        std::array<std::jthread, found.size()> threads;
        for (size_t i = 0; i < found.size(); ++i)
            threads[i] = std::jthread([&slot = found[i]] {
                const auto library = tensorLibrary();
                slot = library.ok() ? *library : nullptr;
            });
    }
    EXPECT_TRUE(tensorLibraryIsLoaded());
    ASSERT_NE(found[0], nullptr);
    for (const TensorLibrary* library : found)
        EXPECT_EQ(library, found[0]);
    EXPECT_FALSE(found[0]->processorFacts().name.empty());
}

}  // namespace
}  // namespace gsst
