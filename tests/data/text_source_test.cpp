// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/text_source.h"

#include "data/text_reader.h"
#include "data/utf8.h"
#include "data_helpers.h"

namespace gsst {
namespace {

using TextSourceTest = DataTest;

std::string cleaned(std::string_view bytes, size_t pieceBytes, TextCleaner& cleaner) {
    std::string out;
    for (size_t at = 0; at < bytes.size(); at += pieceBytes)
        cleaner.push(bytes.substr(at, pieceBytes), out);
    cleaner.finish(out);
    return out;
}

TEST(Utf8, KnowsTheWellFormedSequences) {
    const auto step = [](std::string_view text) { return nextUtf8(text); };
    EXPECT_EQ(step("a").state, Utf8State::Valid);
    EXPECT_EQ(step("\xC3\xA9").bytes, 2u);
    EXPECT_EQ(step("\xF0\x9F\x98\x80").bytes, 4u);
    for (const std::string_view bad :
         {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xF5\x80"})
        EXPECT_EQ(step(bad).state, Utf8State::Invalid);
    EXPECT_EQ(step("\xE2\x96").state, Utf8State::Incomplete);
    EXPECT_EQ(step("\xE2\x96\x41").bytes, 2u);
}

TEST(Utf8, FloorNeverCutsACharacter) {
    const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
    const std::vector<size_t> expected = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(utf8Floor(text, i), expected[i]) << i;
}

TEST(TextCleaner, CleansTheSameWhereverThePiecesAreCut) {
    const std::string bytes =
        "\xEF\xBB\xBFone\r\ntwo\rthree\xFF\xE2\x82\xAC\xE2\x82 four\xEF\xBB\xBF\xF0\x9F\x98\x80\xED\xA0\x80\r\n\r";
    const std::string expected = "one\ntwo\rthree\xEF\xBF\xBD\xE2\x82\xAC\xEF\xBF\xBD four\xEF\xBB\xBF\xF0\x9F\x98\x80"
                                 "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n\r";
    for (size_t pieceBytes = 1; pieceBytes <= bytes.size(); ++pieceBytes) {
        TextCleaner cleaner;
        EXPECT_EQ(cleaned(bytes, pieceBytes, cleaner), expected) << pieceBytes;
        EXPECT_EQ(cleaner.invalidBytes(), 6u);
        EXPECT_EQ(cleaner.firstInvalid(), 17u);
    }
}

TEST(TextCleaner, CharacterCutOffByTheEndIsInvalid) {
    TextCleaner cleaner;
    EXPECT_EQ(cleaned("ab\xF0\x9F", 1, cleaner), "ab\xEF\xBF\xBD");
    EXPECT_EQ(cleaner.invalidBytes(), 2u);
    EXPECT_EQ(cleaner.firstInvalid(), 2u);
}

TEST_F(TextSourceTest, ReaderGivesWholeLinesOfBoundedSize) {
    std::string text;
    for (int i = 0; text.size() < 3'000'000; ++i)
        text += "line " + std::to_string(i) + " \xE2\x82\xAC\n";
    const auto path = write("a.txt", text);
    auto reader = TextReader::open(osFileSystem(), path, TextMode::Utf8);
    ASSERT_OK(reader);
    std::string all;
    for (;;) {
        const auto piece = reader->next();
        ASSERT_OK(piece);
        if (piece->empty())
            break;
        EXPECT_LE(piece->size(), TextReader::kTextPieceBytes);
        EXPECT_EQ(piece->back(), '\n');
        all += *piece;
    }
    EXPECT_TRUE(all == text);
}

TEST_F(TextSourceTest, ReaderCutsEndlessLinesBetweenCharactersAndBeforeSpaces) {
    std::string euros;
    while (euros.size() < 2'500'000)
        euros += "\xE2\x82\xAC";
    std::string words;
    while (words.size() < 2'500'000)
        words += "word  ";
    for (const std::string& text : {euros, words, std::string(2'500'000, '\xFF')}) {
        const auto path = write("b.txt", text);
        auto reader = TextReader::open(osFileSystem(), path, TextMode::Utf8);
        ASSERT_OK(reader);
        std::string all;
        for (auto piece = reader->next(); piece.ok() && !piece->empty(); piece = reader->next()) {
            EXPECT_LE(piece->size(), TextReader::kTextPieceBytes);
            EXPECT_TRUE(toValidUtf8(*piece) == *piece);
            if (!all.empty() && text == words) {
                EXPECT_EQ(piece->substr(0, 2), "  ");
            }
            all += *piece;
        }
        EXPECT_TRUE(all == toValidUtf8(text));
    }
}

TEST_F(TextSourceTest, WalksFoldersInOrderAndSkipsOtherFiles) {
    write("t/b.txt", "b");
    write("t/a.MD", "a");
    write("t/sub/c.txt", "c");
    write("t/.hidden/d.txt", "d");
    write("t/picture.png", "p");
    const auto list = listTextFiles(osFileSystem(), {m_folder / "t", m_folder / "t" / "b.txt", m_folder / "t/"});
    ASSERT_EQ(list.size(), 3u);
    EXPECT_EQ(list[0].path.filename(), "a.MD");
    EXPECT_EQ(list[1].path.filename(), "b.txt");
    EXPECT_EQ(list[2].path.filename(), "c.txt");
    for (const TextFile& file : list) {
        EXPECT_TRUE(file.usable()) << file.problem;
        EXPECT_EQ(file.bytes, 1u);
    }
    EXPECT_TRUE(requireUsableText(list).ok());
}

TEST_F(TextSourceTest, NamesTheReasonOfEveryUnusableFile) {
    const std::vector<std::filesystem::path> paths = {write("empty.txt", ""),
                                                      write("nul.txt", std::string_view("a\0b", 3)),
                                                      write("control.txt", "\x01\x02\x03\x04 a"),
                                                      write("data.csv", "1,2"),
                                                      m_folder / "missing.txt",
                                                      write("wide.txt", "\xFF\xFEx"),
                                                      write("f/picture.png", "p")};
    std::vector<std::filesystem::path> named = paths;
    named.back() = m_folder / "f";
    const auto list = listTextFiles(osFileSystem(), named);
    const std::vector<std::string> reasons = {
        "empty", "NUL", "control", "not a .txt or .md file", "does not exist", "UTF-16", "without .txt or .md"};
    ASSERT_EQ(list.size(), reasons.size());
    const Status status = requireUsableText(list);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
    for (size_t i = 0; i < reasons.size(); ++i) {
        EXPECT_NE(list[i].problem.find(reasons[i]), std::string::npos) << list[i].problem;
        EXPECT_NE(status.error().why.find(list[i].problem), std::string::npos);
    }
}

TEST_F(TextSourceTest, NoPathAtAllIsInvalidInput) {
    const Status status = requireUsableText(listTextFiles(osFileSystem(), {}));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
}

TEST_F(TextSourceTest, InspectionCountsInvalidUtf8AndNamesTheFirstPlace) {
    const std::string good(300'000, 'g');
    const auto a = write("a.txt", good);
    const auto b = write("b.txt", good + "\xFF\xFE" + good + "\x80");
    const auto c = write("c.txt", good + std::string(1, '\0'));
    const auto result = inspectText(osFileSystem(), {a, b, c}, {}, {});
    ASSERT_OK(result);
    EXPECT_EQ(result->invalidUtf8Bytes, 3u);
    EXPECT_NE(result->warning.find("b.txt"), std::string::npos) << result->warning;
    EXPECT_NE(result->warning.find("byte 300000)"), std::string::npos) << result->warning;
    EXPECT_EQ(result->usableBytes, 900'003u);
    EXPECT_NE(result->files[2].problem.find("byte 300000 is a NUL"), std::string::npos) << result->files[2].problem;
    EXPECT_EQ(result->preview, good.substr(0, 600));
}

TEST_F(TextSourceTest, InspectionStops) {
    std::stop_source stop;
    stop.request_stop();
    const auto result = inspectText(osFileSystem(), {write("a.txt", "text")}, {}, stop.get_token());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace gsst
