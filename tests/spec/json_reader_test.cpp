// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/json_reader.h"

#include <gtest/gtest.h>

#include <limits>

namespace gsst {
namespace {

std::string whyNot(const std::string& text, const JsonLimits& limits = {}) {
    const auto json = parseJson(text, "The file cannot be used", "a.json", limits);
    if (json.ok())
        return "";
    EXPECT_EQ(json.error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(json.error().what, "The file cannot be used");
    EXPECT_EQ(json.error().where, "a.json");
    return json.error().why;
}

TEST(ParseJson, KeepsTheOrderOfKeys) {
    const auto json = parseJson(R"({"b": 1, "a": [true, null, "x"]})", "", "");
    ASSERT_TRUE(json.ok());
    EXPECT_EQ(json->dump(), R"({"b":1,"a":[true,null,"x"]})");
}

TEST(ParseJson, NamesLineAndColumnOfSyntaxErrors) {
    EXPECT_EQ(whyNot("{\n  \"a\": 1,\n}").substr(0, 16), "line 3, column 1");
    EXPECT_EQ(whyNot("{\n  \"a\" 1}").substr(0, 16), "line 2, column 7");
    EXPECT_EQ(whyNot("").substr(0, 16), "line 1, column 1");
    EXPECT_EQ(whyNot("{} x").substr(0, 16), "line 1, column 4");
    EXPECT_EQ(whyNot("{\"a\": 1").substr(0, 16), "line 1, column 8");
    EXPECT_NE(whyNot("{\"a\": 1").find("unexpected end of input"), std::string::npos);
    EXPECT_EQ(whyNot("{\"a\": 1").find("json.exception"), std::string::npos);
    EXPECT_EQ(whyNot("{\"a\": 1").find("parse error"), std::string::npos);
}

TEST(ParseJson, RefusesWhatIsNoNumber) {
    for (const char* text :
         {"NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "+1", "0x10", "1.", ".5", "// c\n1"})
        EXPECT_NE(whyNot(text), "") << text;
    EXPECT_NE(whyNot("1e999").find("number overflow parsing '1e999'"), std::string::npos) << whyNot("1e999");
}

TEST(ParseJson, RefusesAKeyThatIsThereTwice) {
    EXPECT_EQ(whyNot("{\"a\": 1,\n \"b\": {\"a\": 2},\n   \"a\": 3}"), "line 3, column 4: the key a is there twice");
    EXPECT_EQ(whyNot(R"({"a\"": 1, "a\"": 3})"), R"(line 1, column 12: the key "a\"" is there twice)");
    EXPECT_EQ(whyNot(R"([{"a": 1}, {"a": 1}])"), "");
}

TEST(ParseJson, LimitsDepthKeysAndSize) {
    EXPECT_EQ(whyNot("[[[1]]]", {100, 3, 10}), "");
    EXPECT_EQ(whyNot("[[\n[[1]]]]", {100, 3, 10}), "line 2, column 2: nested more than 3 levels deep");
    EXPECT_NE(whyNot(std::string(3'000'000, '[')), "");
    EXPECT_EQ(whyNot("{\"a\":1,\"b\":2}", {100, 3, 1}), "line 1, column 8: an object has more than 1 keys");
    EXPECT_EQ(whyNot("[1, 2, 3]", {8, 3, 1}), "it is larger than 8 bytes");
}

TEST(ParseJson, RefusesBytesThatAreNoText) {
    EXPECT_NE(whyNot("\"\xff\""), "");
    EXPECT_NE(whyNot(std::string("{}\0", 3)), "");
    EXPECT_TRUE(isJsonText("é"));
    EXPECT_FALSE(isJsonText("\xc3"));
}

enum class Colour { Red, Blue };
const std::vector<std::string> kColours{"red", "blue"};

struct Values {
    int64_t integer = 7;
    uint64_t natural = 7;
    double number = 7;
    bool flag = true;
    std::string text = "seven";
    Colour colour = Colour::Red;
};

std::vector<std::string> read(const std::string& json, Values& values, Presence presence = Presence::Optional) {
    std::vector<JsonProblem> problems;
    const Json document = Json::parse(json);
    JsonReader root(document, "", problems);
    JsonReader reader = root.object("at", presence);
    reader.field("integer", values.integer, presence);
    reader.field("natural", values.natural);
    reader.field("number", values.number);
    reader.field("flag", values.flag);
    reader.field("text", values.text);
    if (const int colour = reader.word("colour", kColours); colour >= 0)
        values.colour = Colour(colour);
    reader.finish();
    root.finish();
    std::vector<std::string> texts;
    for (const JsonProblem& problem : problems)
        texts.push_back(problem.text);
    return texts;
}

using Texts = std::vector<std::string>;

TEST(JsonReader, ReadsEveryType) {
    Values values;
    EXPECT_EQ(
        read(R"({"at": {"integer": -9223372036854775808, "natural": 18446744073709551615, "number": 3, "flag": false,
                             "text": "é", "colour": "blue"}})",
             values),
        Texts{});
    EXPECT_EQ(values.integer, std::numeric_limits<int64_t>::min());
    EXPECT_EQ(values.natural, std::numeric_limits<uint64_t>::max());
    EXPECT_EQ(values.number, 3.0);
    EXPECT_FALSE(values.flag);
    EXPECT_EQ(values.text, "é");
    EXPECT_EQ(values.colour, Colour::Blue);
}

TEST(JsonReader, RefusesWrongTypesAndLeavesTheValueAlone) {
    Values values;
    EXPECT_EQ(
        read(R"({"at": {"integer": 1.0, "natural": -1, "number": "3", "flag": 1, "text": null, "colour": 4}})", values),
        (Texts{"at.integer: must be a whole number, not 1.0",
               "at.natural: must be a whole number from 0 to 18446744073709551615, not -1",
               "at.number: must be a number, not \"3\"", "at.flag: must be true or false, not 1",
               "at.text: must be a text in quotes, not null",
               "at.colour: must be a text in quotes, not 4; use one of \"red\", \"blue\""}));
    EXPECT_EQ(
        read(R"({"at": {"integer": 9223372036854775808, "natural": 18446744073709551616, "number": [], "text": {}}})",
             values),
        (Texts{"at.integer: 9223372036854775808 is too large",
               "at.natural: must be a whole number from 0 to 18446744073709551615, not 1.8446744073709552e+19",
               "at.number: must be a number, not a list", "at.text: must be a text in quotes, not an object"}));
    EXPECT_EQ(values.integer, 7);
    EXPECT_EQ(values.natural, 7u);
    EXPECT_EQ(values.number, 7.0);
    EXPECT_TRUE(values.flag);
    EXPECT_EQ(values.text, "seven");
    EXPECT_EQ(values.colour, Colour::Red);
}

TEST(JsonReader, NamesTheNearestKeyAndWord) {
    Values values;
    EXPECT_EQ(read(R"({"at": {"intger": 1, "colour": "bleu"}, "ta": 1})", values),
              (Texts{"at.colour: unknown value \"bleu\"; did you mean \"blue\"?",
                     "at.intger: unknown key; did you mean at.integer?", "ta: unknown key; did you mean at?"}));
    EXPECT_EQ(read(R"({"at": {"zzz": 1, "colour": "green"}})", values),
              (Texts{"at.colour: unknown value \"green\"; use one of \"red\", \"blue\"",
                     "at.zzz: unknown key; known are integer, natural, number, flag, text, colour"}));
}

TEST(JsonReader, SaysOnceThatAnObjectIsMissing) {
    Values values;
    EXPECT_EQ(read("{}", values), Texts{});
    EXPECT_EQ(read("{}", values, Presence::Required), Texts{"at: missing"});
    EXPECT_EQ(read(R"({"at": {}})", values, Presence::Required), Texts{"at.integer: missing"});
    EXPECT_EQ(read(R"({"at": 3})", values, Presence::Required), Texts{"at: must be an object in braces, not 3"});
}

TEST(JsonReader, QuotesStrangeKeysAndCutsLongValues) {
    Values values;
    EXPECT_EQ(read(R"({"at": {"a\nb c": 1}})", values)[0].substr(0, 24), "at.\"a\\nb c\": unknown key");
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "é";
    const std::string problem = read(std::string("{\"at\": {\"integer\": \"").append(many).append("\"}}"), values)[0];
    EXPECT_LT(problem.size(), 90u);
    EXPECT_TRUE(isJsonText(problem));
}

}  // namespace
}  // namespace gsst
