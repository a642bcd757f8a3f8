// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace gsst {
namespace {

const Error kError{ErrorCode::NoSpace, "Cannot write", "slots/A", "the disk is full", "Free some space"};

Status failing() {
    return kError;
}
Result<std::unique_ptr<int>> boxed(int value) {
    return std::make_unique<int>(value);
}
Result<int> broken() {
    return kError;
}

Status tryFailing(bool& reachedEnd) {
    GSST_TRY(Status());
    GSST_TRY(failing());
    reachedEnd = true;
    return {};
}

Result<int> sumOf(bool fail) {
    GSST_ASSIGN(const std::unique_ptr<int> first, boxed(40));
    GSST_ASSIGN(const int second, fail ? broken() : Result<int>(2));
    return *first + second;
}

TEST(Error, TextNamesEveryPart) {
    EXPECT_EQ(kError.text(), "Cannot write (slots/A): the disk is full. Free some space.");
}

TEST(Error, TextLeavesOutEmptyParts) {
    EXPECT_EQ((Error{ErrorCode::Io, "Cannot read", "", "", ""}.text()), "Cannot read.");
    EXPECT_EQ((Error{ErrorCode::Io, "Cannot read", "a.txt", "", "Try again"}.text()),
              "Cannot read (a.txt). Try again.");
    EXPECT_EQ((Error{ErrorCode::Io, "Cannot read", "", "no luck", ""}.text()), "Cannot read: no luck.");
    EXPECT_EQ((Error{ErrorCode::Io, "", "", "", "Try again"}.text()), "Try again.");
    EXPECT_EQ(Error{}.text(), "");
}

TEST(Error, ExitCodesDifferAndAreNeverZero) {
    std::set<int> codes;
    for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code)
        codes.insert(exitCode(static_cast<ErrorCode>(code)));
    EXPECT_EQ(codes.size(), static_cast<size_t>(ErrorCode::Internal) + 1);
    EXPECT_EQ(*codes.begin(), 2);
    EXPECT_EQ(exitCode(ErrorCode::InvalidInput), 2);
}

TEST(Result, MacrosHandErrorsOn) {
    bool reachedEnd = false;
    const Status status = tryFailing(reachedEnd);
    ASSERT_FALSE(status.ok());
    EXPECT_FALSE(reachedEnd);
    EXPECT_EQ(status.error().code, ErrorCode::NoSpace);
    EXPECT_EQ(sumOf(false).value(), 42);
    ASSERT_FALSE(sumOf(true).ok());
    EXPECT_EQ(sumOf(true).error().text(), kError.text());
}

}  // namespace
}  // namespace gsst
