// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run_fixture.h"

namespace gsst::test {
namespace {

TEST(RunRecord, TellsOfChangesOfPlan) {
    const TemporaryFolder folder;
    FileSystem& files = osFileSystem();
    RunRecord record;
    record.spec = tinySpec(Family::Llama, Precision::Fp32);
    const RunFolder run{folder.path};
    const auto text = [&] { return *readText(files, run.runJson(), 1 << 20); };
    ASSERT_TRUE(writeRunRecord(files, run, record).ok());
    EXPECT_NE(text().find("\"gsst_run\": 1"), std::string::npos) << "older programs may read it";
    record.replans = {{3, 2, 4, {12345, 0}}, {9, 1, 2, {10000, 678}}};
    ASSERT_TRUE(writeRunRecord(files, run, record).ok());
    EXPECT_NE(text().find("\"gsst_run\": 2"), std::string::npos);
    const auto same = readRunRecord(files, run);
    ASSERT_TRUE(same.ok()) << same.error().text();
    EXPECT_EQ(same->replans, record.replans);
    const std::pair<std::string, std::string> changes[] = {{"\"first_step\": 3", "\"first_step\": -3"},
                                                           {"\"micro_batch\": 1", "\"micro_batch\": \"1\""}};
    for (const auto& [from, to] : changes) {
        ASSERT_TRUE(writeRunRecord(files, run, record).ok());
        std::string broken = text();
        ASSERT_NE(broken.find(from), std::string::npos) << broken;
        broken.replace(broken.find(from), from.size(), to);
        ASSERT_TRUE(writeTextAtomically(files, run.runJson(), broken).ok());
        const auto read = readRunRecord(files, run);
        ASSERT_FALSE(read.ok()) << to;
        EXPECT_EQ(read.error().code, ErrorCode::Corrupt);
        EXPECT_NE(read.error().why.find("replans"), std::string::npos) << read.error().why;
    }
}

TEST(RunRecord, TellsWhichOfSeveralProcessesItBelongsTo) {
    const TemporaryFolder folder;
    FileSystem& files = osFileSystem();
    const RunFolder run{folder.path};
    RunRecord record;
    record.spec = tinySpec(Family::Llama, Precision::Fp32);
    record.rank = 1;
    record.ranks = 3;
    ASSERT_TRUE(writeRunRecord(files, run, record).ok());
    const std::string text = *readText(files, run.runJson(), 1 << 20);
    EXPECT_NE(text.find("\"gsst_run\": 3"), std::string::npos) << "older programs would go on alone";
    const auto same = readRunRecord(files, run);
    ASSERT_TRUE(same.ok()) << same.error().text();
    EXPECT_EQ(same->rank, 1);
    EXPECT_EQ(same->ranks, 3);
    for (const char* other : {"\"rank\": 3", "\"rank\": -1", "\"rank\": \"1\""}) {
        std::string broken = text;
        broken.replace(broken.find("\"rank\": 1"), 9, other);
        ASSERT_TRUE(writeTextAtomically(files, run.runJson(), broken).ok());
        const auto read = readRunRecord(files, run);
        ASSERT_FALSE(read.ok()) << other;
        EXPECT_NE(read.error().why.find("parallel"), std::string::npos) << read.error().why;
    }
}

TEST(RunRecord, SaysHowProductsAreMade) {
    const TemporaryFolder folder;
    FileSystem& files = osFileSystem();
    const RunFolder run{folder.path};
    RunRecord record;
    record.spec = tinySpec(Family::Llama, Precision::Bf16);
    const auto text = [&] { return *readText(files, run.runJson(), 1 << 20); };
    for (const ProductChoice choice : {ProductChoice::Upcast, ProductChoice::Native}) {
        record.spec.training.products = choice;
        ASSERT_TRUE(writeRunRecord(files, run, record).ok());
        EXPECT_NE(text().find(choice == ProductChoice::Upcast ? "\"gsst_run\": 4" : "\"gsst_run\": 1"),
                  std::string::npos)
            << "older programs would multiply in their only way";
        const auto same = readRunRecord(files, run);
        ASSERT_TRUE(same.ok()) << same.error().text();
        EXPECT_EQ(same->spec.training.products, choice);
    }
    std::string old = text();
    const std::string field = "\"products\": \"native\",";
    ASSERT_NE(old.find(field), std::string::npos) << old;
    old.erase(old.find(field), field.size());
    ASSERT_TRUE(writeTextAtomically(files, run.runJson(), old).ok());
    const auto read = readRunRecord(files, run);
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_EQ(read->spec.training.products, ProductChoice::Native) << "all runs were, before there was a choice";
}

}  // namespace
}  // namespace gsst::test
