// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/text_formats.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

TEST(TextFormats, AreFoundByExtensionInAnyCase) {
    EXPECT_EQ(textFormatOf(".txt"), TextFormat::Plain);
    EXPECT_EQ(textFormatOf(".Md"), TextFormat::Plain);
    for (const char* other : {"", ".", ".tx", ".txt2", "txt", ".pdf"})
        EXPECT_EQ(textFormatOf(other), std::nullopt) << other;
}

TEST(TextFormats, AreListedInWords) {
    EXPECT_EQ(textExtensions("or"), ".txt or .md");
    EXPECT_EQ(textExtensions("and"), ".txt and .md");
}

}  // namespace
}  // namespace gsst
