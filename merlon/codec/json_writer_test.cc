#include "merlon/codec/json_writer.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.open_object();
  json.key("a");
  json.open_array();
  json.number(1U);
  json.open_object();
  json.close_object();
  json.open_array();
  json.close_array();
  json.null();
  json.close_array();
  json.key("b");
  json.boolean(true);
  json.close_object();
  EXPECT_EQ(json.result(), R"({"a":[1,{},[],null],"b":true})");
}

TEST(JsonWriter, EscapesWhatRfc8259Asks) {
  JsonWriter json;
  json.text("a\"b\\c\n\x01é");
  EXPECT_EQ(json.result(), "\"a\\\"b\\\\c\\u000a\\u0001é\"");
}

TEST(JsonWriter, CharactersBeyond16BitsAreTwoUnits) {
  JsonWriter json;
  json.text("\U000e0001\U000e007f");
  EXPECT_EQ(json.result(), "\"\\udb40\\udc01\\udb40\\udc7f\"");
}

TEST(JsonWriter, EscapesWhatActsAndReplacesWhatIsNoText) {
  JsonWriter json;
  json.text("\x1b\x7f\u009b\u202e\u2028\U000e0041\xFF\"\\grün");
  EXPECT_EQ(json.result(),
            "\"\\u001b\\u007f\\u009b\\u202e\\u2028\\udb40\\udc41\\ufffd\\\"\\\\grün\"");
}

}  // namespace
}  // namespace merlon::codec
