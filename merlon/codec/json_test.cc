#include "merlon/codec/json.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

using core::ErrorCode;

ErrorCode refused(std::string_view text) {
  const auto value = JsonDocument::parse(text);
  return value ? ErrorCode::Internal : value.error().code;
}

TEST(Json, ValuesAreReadWithTheirPlaces) {
  constexpr std::string_view text = R"( {"a": {"b":[1,2]}, "c":"\u00e9", "d":true} )";
  const auto value = JsonDocument::parse(text);
  ASSERT_TRUE(value.has_value());
  const JsonValue* a = value->root().find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(text.substr(a->begin(), a->end() - a->begin()), R"({"b":[1,2]})");
  EXPECT_EQ(a->find("b")->items()[1].number(), 2U);
  EXPECT_EQ(value->root().find("c")->text(), "é");
  EXPECT_TRUE(value->root().find("d")->is_true());
  EXPECT_EQ(value->root().find("e"), nullptr);
  EXPECT_EQ(value->root().names().size(), 3U);
}

TEST(Json, ANameTwiceIsRefused) {
  EXPECT_EQ(refused(R"({"a":1,"b":2,"a":1})"), ErrorCode::Malformed);
  EXPECT_EQ(refused(R"({"a":1,"\u0061":1})"), ErrorCode::Malformed);
  EXPECT_EQ(refused(R"([{"a":1},{"a":1}])"), ErrorCode::Internal);
}

TEST(Json, WhatIsNotJsonIsRefused) {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv, " "sv, "{"sv, "{}{}"sv, "[1,]"sv, "{'a':1}"sv, "// x\n1"sv, "NaN"sv, "01"sv,
        "\"\x01\""sv, "\"\xff\""sv, "\"\\ud800\""sv, "\"\\udc00\""sv, "\"a\\udfffb\""sv,
        "{\"\\udc00\":1}"sv, "1 2"sv, "{}\0"sv, "{}\0{}"sv, "\0"sv}) {
    EXPECT_EQ(refused(text), ErrorCode::Malformed) << text;
  }
}

TEST(Json, DepthAndSizeAreBounded) {
  EXPECT_EQ(refused(std::string(16, '[') + std::string(16, ']')), ErrorCode::Internal);
  EXPECT_EQ(refused(std::string(17, '[') + std::string(17, ']')), ErrorCode::Exhausted);
  EXPECT_EQ(refused(std::string(100'000, '[')), ErrorCode::Exhausted);
  EXPECT_EQ(refused(std::string((4U << 20U) + 1, ' ')), ErrorCode::Exhausted);
  std::string wide = "{";
  for (int i = 0; i < 65'536; ++i) wide += "\"" + std::to_string(i) + "\":0,";
  wide.back() = '}';
  EXPECT_EQ(refused(wide), ErrorCode::Exhausted);
  std::string many = "[0";
  for (int i = 2; i < 65'536; ++i) many += ",0";
  EXPECT_TRUE(JsonDocument::parse(many + "]").has_value());  // with the array itself 65,536
  EXPECT_EQ(refused(many + ",0]"), ErrorCode::Exhausted);
}

TEST(Json, ANameTwiceIsFoundInObjectsOfAnySize) {
  for (const int count : {2, 200, 201, 202, 5000}) {
    std::string wide = "{";
    for (int i = 0; i < count; ++i) wide += "\"" + std::to_string(i) + "\":0,";
    EXPECT_TRUE(JsonDocument::parse(wide + "\"x\":{\"0\":1}}")) << count;
    for (const int twice : {0, count / 2, count - 1}) {
      EXPECT_EQ(refused(wide + "\"" + std::to_string(twice) + "\":0}"), ErrorCode::Malformed)
          << count << ' ' << twice;
    }
  }
}

TEST(Json, OnlyWholeNumbersAreNumbers) {
  const auto value =
      JsonDocument::parse(R"({"a":0,"b":-1,"c":1.5,"d":1e3,"e":18446744073709551615,"f":1e99})");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->root().number_member("a", 0).value(), 0U);
  EXPECT_EQ(value->root().number_member("e", UINT64_MAX).value(), UINT64_MAX);
  for (const char* name : {"b", "c", "d", "f"}) {
    EXPECT_FALSE(value->root().number_member(name, UINT64_MAX).has_value()) << name;
  }
  EXPECT_FALSE(value->root().number_member("e", 7).has_value());
}

TEST(Json, ADocumentOutlivesItsTextAndItsPlace) {
  std::optional<JsonDocument> kept;
  {
    std::string text =
        R"({"a name longer than any small string":["a value that is as long as that"]})";
    auto made = JsonDocument::parse(text);
    ASSERT_TRUE(made.has_value());
    text.assign(text.size(), '!');
    kept = *std::move(made);
  }
  const auto moved = *std::move(kept);
  kept.reset();
  ASSERT_EQ(moved.root().names().size(), 1U);
  EXPECT_EQ(moved.root().names()[0], "a name longer than any small string");
  EXPECT_EQ(moved.root().items()[0].items()[0].text(), "a value that is as long as that");
  EXPECT_EQ(JsonDocument().root().kind(), JsonKind::Null);
}

TEST(Json, MembersAreOfTheirKind) {
  const auto value = JsonDocument::parse(R"({"a":"x"})");
  EXPECT_EQ(value->root().string_member("a").value(), "x");
  EXPECT_EQ(value->root().string_member("b").error().code, ErrorCode::NotFound);
  EXPECT_EQ(value->root().number_member("a", 9).error().code, ErrorCode::Malformed);
}

TEST(Json, IntegersWithASign) {
  const auto document = JsonDocument::parse(
      "[-1,0,9223372036854775807,-9223372036854775808,9223372036854775808,-1.5,1e3,\"1\"]");
  ASSERT_TRUE(document);
  const auto items = document->root().items();
  EXPECT_EQ(items[0].integer(), -1);
  EXPECT_EQ(items[0].number(), std::nullopt);
  EXPECT_EQ(items[1].integer(), 0);
  EXPECT_EQ(items[2].integer(), INT64_MAX);
  EXPECT_EQ(items[3].integer(), INT64_MIN);
  for (std::size_t i = 4; i < items.size(); ++i) EXPECT_EQ(items[i].integer(), std::nullopt) << i;
}

}  // namespace
}  // namespace merlon::codec
