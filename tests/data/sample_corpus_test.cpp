// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/sample_corpus.h"

#include "data/content_sum.h"
#include "data/story_plots.h"
#include "data/story_teller.h"
#include "data/story_texts.h"
#include "data/story_words.h"
#include "data_helpers.h"
#include "io/twins/fault_files.h"

#include <set>
#include <sstream>

namespace gsst {
namespace {

using SampleCorpusTest = DataTest;

TEST_F(SampleCorpusTest, IsLargeAndDeterministic) {
    ASSERT_OK(writeSampleCorpus(osFileSystem(), m_folder / "a.txt", kSampleCorpusBytes, {}, {}));
    ASSERT_OK(writeSampleCorpus(osFileSystem(), m_folder / "b.txt", kSampleCorpusBytes, {}, {}));
    ASSERT_OK(writeSampleCorpus(osFileSystem(), m_folder / "c.txt", 500'000, {}, {}));
    const std::string a = readBack(m_folder / "a.txt");
    EXPECT_GE(a.size(), 4u << 20);
    EXPECT_LT(a.size(), kSampleCorpusBytes + 10'000);
    EXPECT_TRUE(a == readBack(m_folder / "b.txt"));
    EXPECT_TRUE(a.starts_with(readBack(m_folder / "c.txt")));
    ASSERT_OK(writeSampleCorpus(osFileSystem(), m_folder / "d.txt", 500'000, {}, {}, 2));
    EXPECT_FALSE(a.starts_with(readBack(m_folder / "d.txt")));
}

/// Runs are compared by their losses over it, on this machine and others, today and in years.
TEST_F(SampleCorpusTest, IsTheSameText) {
    ASSERT_OK(writeSampleCorpus(osFileSystem(), m_folder / "a.txt", 500'000, {}, {}));
    EXPECT_EQ(contentSum(readBack(m_folder / "a.txt")), "839305b34e164193");
    std::string stories;
    for (uint64_t i = 0; i < 2000; ++i)
        stories += sampleStory(99, i);
    EXPECT_EQ(contentSum(stories), "47dd035baf2c76d4");
}

TEST(StoryTexts, HaveSectionsOfLines) {
    const auto sections = storySections("for people\n\n# one\na\n\n#b\n\n\n# two\r\nc d\r\n\r\n# three");
    ASSERT_EQ(sections.size(), 3u);
    EXPECT_EQ(sections[0].name, "one");
    EXPECT_EQ(sections[0].lines, (std::vector<std::string_view>{"a", "", "#b"}));
    EXPECT_EQ(sections[1].name, "two");
    EXPECT_EQ(sections[1].lines, (std::vector<std::string_view>{"c d"}));
    EXPECT_EQ(sections[2].name, "three");
    EXPECT_TRUE(sections[2].lines.empty());
    EXPECT_TRUE(storySections("no heading").empty());
}

TEST(StoryTexts, ArePlotsOfThreePartsEach) {
    constexpr std::string_view kParts[] = {"beginning", "middle", "end"};
    const StoryTexts texts = storyTexts();
    for (const std::string_view plots : {texts.villagePlots, texts.naturePlots, texts.skillPlots}) {
        const auto sections = storySections(plots);
        ASSERT_GE(sections.size(), 3u);
        for (size_t i = 0; i < sections.size(); ++i)
            EXPECT_EQ(sections[i].name, kParts[i % 3]) << "section " << i;
    }
    for (const StorySection& list : storySections(texts.words)) {
        EXPECT_FALSE(list.lines.empty()) << list.name;
        for (const std::string_view word : list.lines)
            EXPECT_FALSE(word.empty()) << "an empty line in the list " << list.name;
    }
}

TEST_F(SampleCorpusTest, IsCleanAndVaried) {
    std::set<std::string> stories;
    std::set<std::string> words;
    std::set<std::string> firstLines;
    for (uint64_t i = 0; i < 2000; ++i) {
        const std::string story = sampleStory(kSampleCorpusSeed, i);
        stories.insert(story);
        firstLines.insert(story.substr(0, story.find('\n')));
        for (const char c : story)
            ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~' && std::string_view("{}[]|+~?").find(c) >= 7)) << story;
        for (const std::string_view wrong : {"  ", " \n", "\n\n", " .", " ,", "..", "{", "?."})
            ASSERT_EQ(story.find(wrong), std::string::npos) << wrong << ":\n" << story;
        EXPECT_EQ(std::count(story.begin(), story.end(), '"') % 2, 0) << story;
        std::istringstream stream(story);
        for (std::string word; stream >> word;)
            words.insert(word);
    }
    EXPECT_EQ(stories.size(), 2000u);
    EXPECT_GT(firstLines.size(), 1990u);
    EXPECT_GT(words.size(), 2500u);
}

TEST_F(SampleCorpusTest, ArticlesAreRight) {
    EXPECT_EQ(articleFor("apple"), "an");
    EXPECT_EQ(articleFor("hour"), "an");
    EXPECT_EQ(articleFor("useful key"), "a");
    EXPECT_EQ(articleFor("unusual key"), "an");
    EXPECT_EQ(articleFor("umbrella"), "an");
    EXPECT_EQ(articleFor("house"), "a");
    for (uint64_t i = 0; i < 2000; ++i) {
        std::istringstream stream(sampleStory(7, i));
        std::string before;
        for (std::string word; stream >> word; before = word) {
            if (before == "a" || before == "A" || before == "an" || before == "An") {
                EXPECT_EQ(before.size(), articleFor(word).size()) << before << " " << word;
            }
        }
    }
}

TEST_F(SampleCorpusTest, EveryAlternativeOfEveryPlotExpands) {
    ASSERT_GE(storyPlots().size(), 24u);
    const std::string_view shared[] = {storyOpening(), storyInterlude(), storyEnding()};
    for (uint64_t i = 0; i < 300; ++i) {
        StoryTeller teller(3, i);
        for (const StoryPlot& plot : storyPlots())
            for (const std::string_view part : {plot.beginning, plot.middle, plot.end})
                ASSERT_EQ(teller.tell(part).find_first_of("{}[]|"), std::string::npos) << teller.tell(part);
        for (const std::string_view part : shared)
            ASSERT_EQ(teller.tell(part).find_first_of("{}[]|"), std::string::npos) << teller.tell(part);
    }
}

TEST(StoryTeller, ExpandsSlotsAndAlternatives) {
    StoryTeller teller(1, 2);
    EXPECT_EQ(teller.tell("plain"), "plain");
    EXPECT_EQ(teller.tell("{nobody}"), "{?nobody}");
    EXPECT_EQ(teller.tell("{hero}"), teller.tell("{Hero}"));
    EXPECT_EQ(teller.tell("{Thing}")[0], static_cast<char>(teller.tell("{thing}")[0] - 'a' + 'A'));
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i)
        seen.insert(teller.tell("[a|b[1|2]|]."));
    EXPECT_EQ(seen, (std::set<std::string>{"a.", "b1.", "b2.", "."}));
}

TEST_F(SampleCorpusTest, CancelAndErrorsLeaveTheOldFile) {
    const auto path = write("stories.txt", "old");
    std::stop_source stop;
    stop.request_stop();
    const Status cancelled = writeSampleCorpus(osFileSystem(), path, 1'000'000, {}, stop.get_token());
    ASSERT_FALSE(cancelled.ok());
    EXPECT_EQ(cancelled.error().code, ErrorCode::Cancelled);
    FaultFiles files(osFileSystem());
    files.add({FileCall::Write, Fault::NoSpace, "", 2});
    const Status full = writeSampleCorpus(files, path, 1'000'000, {}, {});
    ASSERT_FALSE(full.ok());
    EXPECT_EQ(full.error().code, ErrorCode::NoSpace);
    EXPECT_EQ(readBack(path), "old");
    EXPECT_EQ(namesIn(m_folder), std::vector<std::string>{"stories.txt"});
}

}  // namespace
}  // namespace gsst
