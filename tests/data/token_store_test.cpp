// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/token_store.h"

#include "data/content_sum.h"
#include "data/prepare_tokens.h"
#include "data/token_writer.h"
#include "data/tokenizer_trainer.h"
#include "data_helpers.h"
#include "io/twins/fault_files.h"

#include <nlohmann/json.hpp>

namespace gsst {
namespace {

class TokenStoreTest : public DataTest {
protected:
    std::filesystem::path data() const { return m_folder / "data"; }

    Result<PreparedTokens> prepare(const std::vector<std::filesystem::path>& paths, const Tokenizer& tokenizer,
                                   uint64_t shardBytes = kLargestShardBytes) {
        return prepareTokens(osFileSystem(), listTextFiles(osFileSystem(), paths), tokenizer, data(), {}, {},
                             shardBytes);
    }
    std::string decodeAll(const TokenStore& store, const Tokenizer& tokenizer) {
        std::vector<int32_t> tokens(static_cast<size_t>(store.size()));
        EXPECT_TRUE(store.read(0, tokens).ok());
        return tokenizer.decode(tokens);
    }
    void expectCorrupt(const std::string& what) {
        const auto store = TokenStore::open(data());
        ASSERT_FALSE(store.ok()) << what;
        EXPECT_EQ(store.error().code, ErrorCode::Corrupt) << what << ": " << store.error().text();
        EXPECT_FALSE(store.error().where.empty()) << what;
    }
};

std::string longText(size_t bytes) {
    std::string text;
    for (unsigned i = 0; text.size() < bytes; ++i)
        text += "number " + std::to_string(i * 2654435761u) + (i % 5 == 4 ? ".\n" : ", ");
    text.resize(bytes);
    return text;
}

TEST_F(TokenStoreTest, BytesAreTakenAsTheyAre) {
    const std::string a = "\xEF\xBB\xBFone\r\ntwo \xFF\n";
    const std::string b = "three";
    const auto prepared = prepare({write("a.txt", a), write("b.txt", b)}, Tokenizer::bytes());
    ASSERT_OK(prepared);
    EXPECT_EQ(prepared->tokens, a.size() + b.size());
    EXPECT_EQ(prepared->documents, 2u);
    EXPECT_TRUE(prepared->warnings.empty());
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    EXPECT_EQ(store->vocabulary(), 256);
    EXPECT_EQ(store->tokenizerHash(), Tokenizer::bytes().hash());
    EXPECT_EQ(decodeAll(*store, Tokenizer::bytes()), a + b);
    EXPECT_EQ(namesIn(data()), (std::vector<std::string>{"index.json", "tokens-0000.bin"}));
}

TEST_F(TokenStoreTest, SentencePieceSeparatesDocumentsAndRepairsText) {
    const auto a = write("a.txt", "one fine day\r\nit rained \xFF\n");
    const auto b = write("b.txt", "and stopped");
    const auto list = listTextFiles(osFileSystem(), {a, b});
    const auto trained = trainTokenizer(osFileSystem(), list, {400, 100'000}, {}, {});
    ASSERT_OK(trained);
    const auto prepared = prepare({a, b}, trained->tokenizer);
    ASSERT_OK(prepared);
    EXPECT_EQ(prepared->invalidUtf8Bytes, 1u);
    ASSERT_EQ(prepared->warnings.size(), 1u);
    EXPECT_NE(prepared->warnings[0].find("a.txt"), std::string::npos);
    EXPECT_NE(prepared->warnings[0].find("byte 24)"), std::string::npos) << prepared->warnings[0];
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    std::vector<int32_t> tokens(static_cast<size_t>(store->size()));
    ASSERT_OK(store->read(0, tokens));
    EXPECT_EQ(std::count(tokens.begin(), tokens.end(), *trained->tokenizer.endOfText()), 1);
    EXPECT_EQ(trained->tokenizer.decode(tokens), "one fine day\nit rained \xEF\xBF\xBD\nand stopped");
}

TEST_F(TokenStoreTest, StreamingGivesTheTokensOfTheWholeText) {
    const std::string text = longText(1'300'000);
    const auto path = write("a.txt", text);
    const auto trained = trainTokenizer(osFileSystem(), listTextFiles(osFileSystem(), {path}), {600, 100'000}, {}, {});
    ASSERT_OK(trained);
    ASSERT_OK(prepare({path}, trained->tokenizer));
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    std::vector<int32_t> tokens(static_cast<size_t>(store->size()));
    ASSERT_OK(store->read(0, tokens));
    EXPECT_TRUE(tokens == trained->tokenizer.encode(text));
}

TEST_F(TokenStoreTest, ReadsAcrossShards) {
    const std::string text = longText(5000);
    ASSERT_OK(prepare({write("a.txt", text)}, Tokenizer::bytes(), 64 + 2 * 37));
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    EXPECT_EQ(store->size(), 5000);
    EXPECT_EQ(namesIn(data()).size(), 1u + (5000 + 36) / 37);
    std::vector<int32_t> tokens(100);
    for (int64_t start = 0; start + 100 <= 5000; start += 13) {
        ASSERT_OK(store->read(start, tokens));
        EXPECT_EQ(Tokenizer::bytes().decode(tokens), text.substr(static_cast<size_t>(start), 100));
    }
    EXPECT_FALSE(store->read(4901, tokens).ok());
    EXPECT_FALSE(store->read(-1, tokens).ok());
    EXPECT_FALSE(store->read(INT64_MAX, tokens).ok());
    EXPECT_TRUE(store->read(5000, std::span<int32_t>()).ok());
}

TEST_F(TokenStoreTest, FewerShardsReplaceMore) {
    const auto path = write("a.txt", longText(5000));
    ASSERT_OK(prepare({path}, Tokenizer::bytes(), 1000));
    EXPECT_GT(namesIn(data()).size(), 5u);
    ASSERT_OK(prepare({path}, Tokenizer::bytes()));
    EXPECT_EQ(namesIn(data()).size(), 2u);
    ASSERT_OK(TokenStore::open(data()));
}

TEST_F(TokenStoreTest, EveryFlippedByteOfAShardIsFound) {
    ASSERT_OK(prepare({write("a.txt", longText(200))}, Tokenizer::bytes()));
    const std::string good = readBack(data() / "tokens-0000.bin");
    for (size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 0x10);
        write("data/tokens-0000.bin", bad);
        const auto store = TokenStore::open(data());
        ASSERT_FALSE(store.ok()) << i;
        EXPECT_TRUE(store.error().code == ErrorCode::Corrupt || store.error().code == ErrorCode::NewerVersion) << i;
    }
    for (const size_t length : {size_t{0}, size_t{10}, size_t{63}, size_t{64}, good.size() - 1, good.size() - 2}) {
        write("data/tokens-0000.bin", good.substr(0, length));
        expectCorrupt("cut to " + std::to_string(length));
    }
    write("data/tokens-0000.bin", good + "xx");
    expectCorrupt("longer");
    std::filesystem::remove(data() / "tokens-0000.bin");
    EXPECT_EQ(TokenStore::open(data()).error().code, ErrorCode::NotFound);
    std::filesystem::create_directory(data() / "tokens-0000.bin");
    EXPECT_EQ(TokenStore::open(data()).error().code, ErrorCode::InvalidInput);
}

TEST_F(TokenStoreTest, AShardThatIsShortenedWhileItIsOpenIsAnError) {
    // Touching mapped pages behind the new end would kill the process, and behind it within a page read zeros.
    const std::string text = longText(300'000);
    ASSERT_OK(prepare({write("a.txt", text)}, Tokenizer::bytes(), 400'000));
    const std::filesystem::path shard = data() / "tokens-0001.bin";
    const auto whole = std::filesystem::file_size(shard);
    std::vector<int32_t> tokens(1025);
    for (const auto length : {whole - 2, whole / 2, uintmax_t{64}, uintmax_t{0}}) {
        const std::string bytes = readBack(shard);
        const auto store = TokenStore::open(data());
        ASSERT_OK(store);
        std::filesystem::resize_file(shard, length);
        for (const int64_t start : {int64_t{199'500}, store->size() - 1025}) {
            const Status read = store->read(start, tokens);
            ASSERT_FALSE(read.ok()) << length;
            EXPECT_EQ(read.error().code, ErrorCode::Corrupt) << read.error().text();
            EXPECT_NE(read.error().where.find("tokens-0001.bin"), std::string::npos) << read.error().text();
            EXPECT_NE(read.error().why.find(std::to_string(length)), std::string::npos) << read.error().text();
        }
        EXPECT_TRUE(store->read(0, tokens).ok()) << "the other shard is as it was";
        write("data/tokens-0001.bin", bytes);
        EXPECT_TRUE(store->read(store->size() - 1025, tokens).ok()) << "it is back";
    }
}

TEST_F(TokenStoreTest, AShardThatIsRemovedWhileItIsOpenStaysReadable) {
    const std::string text = longText(5000);
    ASSERT_OK(prepare({write("a.txt", text)}, Tokenizer::bytes()));
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    std::error_code refused;  // some systems do not remove what is open
    std::filesystem::remove(data() / "tokens-0000.bin", refused);
    EXPECT_EQ(decodeAll(*store, Tokenizer::bytes()), text);
}

TEST_F(TokenStoreTest, LargeTokensAndLongReads) {
    // Four bytes a token, and reads of any length across the pieces that are copied at a time.
    const std::vector<int32_t> values = [] {
        std::vector<int32_t> all(10'000);
        for (size_t i = 0; i < all.size(); ++i)
            all[i] = static_cast<int32_t>(i * 2'654'435'761u % 100'000);
        return all;
    }();
    ASSERT_OK(osFileSystem().makeFolders(data()));
    TokenWriter writer(osFileSystem(), data(), 100'000);
    ASSERT_OK(writer.append(values));
    ASSERT_OK(writer.finish());
    const nlohmann::json index = {
        {"version", 1},
        {"tokens", 10'000},
        {"vocabulary", 100'000},
        {"tokenizer", "x"},
        {"shards", {{{"file", "tokens-0000.bin"}, {"tokens", 10'000}, {"sum", sumText(writer.shards()[0].sum)}}}}};
    write("data/index.json", index.dump());
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    for (const size_t length : {size_t{1}, size_t{1023}, size_t{1024}, size_t{1025}, size_t{2049}, values.size()}) {
        std::vector<int32_t> tokens(length);
        const size_t start = values.size() - length;
        ASSERT_OK(store->read(static_cast<int64_t>(start), tokens));
        EXPECT_TRUE(std::equal(tokens.begin(), tokens.end(), values.begin() + static_cast<std::ptrdiff_t>(start)))
            << length;
    }
}

TEST_F(TokenStoreTest, AWrongIndexIsFound) {
    EXPECT_EQ(TokenStore::open(data()).error().code, ErrorCode::NotFound);
    ASSERT_OK(prepare({write("a.txt", longText(200))}, Tokenizer::bytes(), 64 + 200));
    const auto good = nlohmann::json::parse(readBack(data() / "index.json"));
    const auto tryWith = [&](const std::string& what, auto change) {
        nlohmann::json json = good;
        change(json);
        write("data/index.json", json.dump());
        expectCorrupt(what);
    };
    tryWith("tokens", [](auto& json) { json["tokens"] = 201; });
    tryWith("negative", [](auto& json) { json["tokens"] = -1; });
    tryWith("text", [](auto& json) { json["tokens"] = "many"; });
    tryWith("no shards", [](auto& json) { json["shards"] = nlohmann::json::array(); });
    tryWith("shards missing", [](auto& json) { json.erase("shards"); });
    tryWith("shard of null", [](auto& json) { json["shards"][0] = nullptr; });
    tryWith("shard elsewhere", [](auto& json) { json["shards"][0]["file"] = "../secret.bin"; });
    tryWith("shard empty", [](auto& json) { json["shards"][0]["tokens"] = 0; });
    tryWith("overflow", [](auto& json) { json["shards"][0]["tokens"] = UINT64_MAX; });
    tryWith("wrong sum", [](auto& json) { json["shards"][0]["sum"] = "0000000000000000"; });
    tryWith("vocabulary", [](auto& json) { json["vocabulary"] = 255; });
    tryWith("vocabulary 0", [](auto& json) { json["vocabulary"] = 0; });
    tryWith("swapped", [](auto& json) { std::swap(json["shards"][0], json["shards"][1]); });
    write("data/index.json", "{");
    expectCorrupt("no JSON");
    nlohmann::json newer = good;
    newer["version"] = 2;
    write("data/index.json", newer.dump());
    EXPECT_EQ(TokenStore::open(data()).error().code, ErrorCode::NewerVersion);
    write("data/index.json", good.dump());
    EXPECT_TRUE(TokenStore::open(data()).ok());
}

TEST_F(TokenStoreTest, CancelLeavesNoHalfFiles) {
    const auto list = listTextFiles(osFileSystem(), {write("a.txt", longText(2'000'000))});
    std::stop_source stop;
    const auto cancel = [&](const DataProgress& progress) {
        if (progress.done > 700'000)
            stop.request_stop();
    };
    const auto prepared =
        prepareTokens(osFileSystem(), list, Tokenizer::bytes(), data(), cancel, stop.get_token(), 300'000);
    ASSERT_FALSE(prepared.ok());
    EXPECT_EQ(prepared.error().code, ErrorCode::Cancelled);
    EXPECT_TRUE(namesIn(data()).empty());
}

TEST_F(TokenStoreTest, CancelKeepsTheStoreThatWasThere) {
    ASSERT_OK(prepare({write("old.txt", "the old text")}, Tokenizer::bytes()));
    const auto before = namesIn(data());
    std::stop_source stop;
    stop.request_stop();
    const auto list = listTextFiles(osFileSystem(), {write("a.txt", longText(2'000'000))});
    ASSERT_FALSE(prepareTokens(osFileSystem(), list, Tokenizer::bytes(), data(), {}, stop.get_token()).ok());
    EXPECT_EQ(namesIn(data()), before);
    const auto store = TokenStore::open(data());
    ASSERT_OK(store);
    EXPECT_EQ(decodeAll(*store, Tokenizer::bytes()), "the old text");
}

TEST_F(TokenStoreTest, AFullDiskLeavesNoHalfFiles) {
    const auto list = listTextFiles(osFileSystem(), {write("a.txt", longText(2'000'000))});
    for (const FileCall call : {FileCall::Open, FileCall::Write, FileCall::Sync}) {
        FaultFiles files(osFileSystem());
        files.add({call, Fault::NoSpace, ".part", 2});
        const auto prepared = prepareTokens(files, list, Tokenizer::bytes(), data(), {}, {}, 1'500'000);
        ASSERT_FALSE(prepared.ok());
        EXPECT_EQ(prepared.error().code, ErrorCode::NoSpace);
        EXPECT_TRUE(namesIn(data()).empty());
    }
}

TEST_F(TokenStoreTest, UnusableTextIsInvalidInput) {
    const auto none = prepare({}, Tokenizer::bytes());
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::InvalidInput);
    const auto late = prepare({write("late.txt", longText(400'000) + std::string(1, '\0'))}, Tokenizer::bytes());
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(late.error().where.find("late.txt"), std::string::npos);
    EXPECT_TRUE(namesIn(data()).empty());
}

TEST(SplitTokens, TakesTheFirstPartForTraining) {
    const auto split = splitTokens(1'115'394, 0.1, 64);
    ASSERT_OK(split);
    EXPECT_EQ(split->train, 1'003'854);
    EXPECT_EQ(split->validation, 111'540);
    const auto all = splitTokens(100, 0.0, 99);
    ASSERT_OK(all);
    EXPECT_EQ(all->train, 100);
    EXPECT_EQ(all->validation, 0);
}

TEST(SplitTokens, SaysWhatIsMissing) {
    const auto training = splitTokens(60, 0.1, 64);
    ASSERT_FALSE(training.ok());
    EXPECT_EQ(training.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(training.error().text().find("60 tokens"), std::string::npos);
    EXPECT_NE(training.error().text().find("65"), std::string::npos);
    const auto validation = splitTokens(70, 0.01, 64);
    ASSERT_FALSE(validation.ok());
    EXPECT_NE(validation.error().text().find("at least 2"), std::string::npos);
    EXPECT_FALSE(splitTokens(0, 0.0, 8).ok());
    EXPECT_TRUE(splitTokens(65, 0.0, 64).ok());
    EXPECT_FALSE(splitTokens(64, 0.0, 64).ok());
}

}  // namespace
}  // namespace gsst
