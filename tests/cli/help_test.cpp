// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_service.h"
#include "spec/recipe_fields.h"

namespace gsst::test {
namespace {

class HelpTest : public CommandTest {
protected:
    bool has(const std::string& text) const { return m_out.find(text) != std::string::npos; }
    size_t times(const std::string& text) const {
        size_t count = 0;
        for (size_t at = m_out.find(text); at != std::string::npos; at = m_out.find(text, at + 1))
            ++count;
        return count;
    }
};

TEST_F(HelpTest, EveryPageFitsEightyColumns) {
    const std::vector<std::string> names{"train",  "resume", "plan",   "presets",   "generate",
                                         "verify", "bench",  "doctor", "completion"};
    for (const std::string& name : names)
        for (const char* extent : {"--help", "--help-all"}) {
            EXPECT_EQ(run({name, extent}), 0) << m_err;
            EXPECT_TRUE(has("Usage: gsst " + name)) << m_out;
            EXPECT_FALSE(has("First steps")) << "the program's own footer";
            expectNarrow();
        }
    EXPECT_EQ(run({"--help"}), 0);
    for (const std::string& name : names)
        EXPECT_TRUE(has("\n  " + name + ' ')) << name << " in " << m_out;
    expectNarrow();
    EXPECT_EQ(run({"--help-all"}), 0);
    EXPECT_EQ(times("First steps"), 1u);
    expectNarrow();
}

TEST_F(HelpTest, SeldomOptionsAreBehindHelpAll) {
    EXPECT_EQ(run({"train", "--help"}), 0);
    EXPECT_TRUE(has("--learning-rate X"));
    EXPECT_FALSE(has("--beta2"));
    EXPECT_FALSE(has("WORLD_SIZE"));
    EXPECT_TRUE(has("more options: gsst train --help-all"));
    EXPECT_EQ(run({"train", "--help-all"}), 0);
    for (const RecipeField& field : recipeFields())
        EXPECT_TRUE(has(std::string("  ") + field.flag + ' ')) << field.flag;
    EXPECT_TRUE(has("WORLD_SIZE"));
    EXPECT_FALSE(has("more options"));
}

TEST_F(HelpTest, GroupsAndDefaultsAreThere) {
    EXPECT_EQ(run({"train", "--help"}), 0);
    for (const char* title : {"\nText, recipe and run\n", "\nLearning\n", "\nMemory and drive\n", "\nHelp\n"})
        EXPECT_EQ(times(title), 1u) << title;
    EXPECT_LT(m_out.find("--text"), m_out.find("--steps"));
    EXPECT_TRUE(has("[0.002]")) << "the sample's learning rate\n" << m_out;
    EXPECT_TRUE(has("those of the recipe sample; name another one")) << m_out;
    EXPECT_EQ(run({"train", "--preset", "gpt2-124m", "--help"}), 0);
    EXPECT_TRUE(has("[6e-04]") || has("[0.0006]")) << m_out;
    EXPECT_TRUE(has("[16384]")) << "tokens a step";
    EXPECT_EQ(run({"generate", "--help"}), 0);
    EXPECT_TRUE(has("[0.8]"));
}

TEST_F(HelpTest, CallsWithoutWordsShowHelpAndFail) {
    EXPECT_EQ(run({}), 2);
    EXPECT_TRUE(has("First steps"));
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_EQ(m_out, "gsst 1.2.3\n");
}

}  // namespace
}  // namespace gsst::test
