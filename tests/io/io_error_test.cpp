// SPDX-License-Identifier: GPL-3.0-or-later
#include "file_helpers.h"

#include "io/io_error.h"
#include "io/path_key.h"

namespace gsst {
namespace {

ErrorCode codeOf(std::errc condition) {
    return ioError("Cannot", "here", std::make_error_code(condition)).code;
}

TEST(IoError, MapsTheOperatingSystemsReasons) {
    EXPECT_EQ(codeOf(std::errc::no_such_file_or_directory), ErrorCode::NotFound);
    EXPECT_EQ(codeOf(std::errc::permission_denied), ErrorCode::Permission);
    EXPECT_EQ(codeOf(std::errc::read_only_file_system), ErrorCode::Permission);
    EXPECT_EQ(codeOf(std::errc::no_space_on_device), ErrorCode::NoSpace);
    EXPECT_EQ(codeOf(std::errc::is_a_directory), ErrorCode::InvalidInput);
    EXPECT_EQ(codeOf(std::errc::io_error), ErrorCode::Io);
    EXPECT_EQ(codeOf(std::errc::protocol_error), ErrorCode::Io);
}

TEST(IoError, SaysWhatWhereWhyAndWhatToDo) {
    const Error error =
        ioError("Cannot read", std::filesystem::path(u8"run/ü"), std::make_error_code(std::errc::io_error));
    EXPECT_EQ(error.what, "Cannot read");
    EXPECT_EQ(error.where, "run/\xC3\xBC");
    EXPECT_FALSE(error.why.empty());
    EXPECT_FALSE(error.todo.empty());
    EXPECT_FALSE(error.todo.ends_with("."));
}

TEST(IoError, KeysHaveOneSpelling) {
    EXPECT_EQ(keyOf("a/./b/../c/"), keyOf("/a/c"));
    EXPECT_EQ(keyOf("."), keyOf("/"));
    EXPECT_EQ(parentOf(keyOf("a")), keyOf(""));
    EXPECT_TRUE(isAtOrBelow(keyOf("a/b"), keyOf("a")));
    EXPECT_FALSE(isAtOrBelow(keyOf("ab"), keyOf("a")));
    EXPECT_EQ(movedKey(keyOf("a/b/c"), keyOf("a"), keyOf("x/y")), keyOf("x/y/b/c"));
}

}  // namespace
}  // namespace gsst
