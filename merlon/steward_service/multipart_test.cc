#include "merlon/steward_service/multipart.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

constexpr const char* type = "multipart/form-data; boundary=----WebKitFormBoundaryX";

std::string form(const std::string& content, const std::string& name = "evidence") {
  return "------WebKitFormBoundaryX\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n"
         "------WebKitFormBoundaryX\r\ncontent-disposition: form-data; name=\"" +
         name + "\"; filename=\"a;b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n" +
         content + "\r\n------WebKitFormBoundaryX--\r\n";
}

TEST(Multipart, GivesTheFileOfAField) {
  constexpr char bytes[] = "\0\r\n--\r\n\r\n------WebKitFormBoundary\xFF";
  const std::string content(bytes, sizeof bytes - 1);
  const std::string body = form(content);
  const auto file = uploaded_file(type, body, "evidence");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->name, "a;b.bin");
  EXPECT_EQ(file->content, content);
  EXPECT_EQ(uploaded_file(type, body, "other")->content, "x");
  EXPECT_FALSE(uploaded_file(type, body, "none").has_value());
}

TEST(Multipart, TheBoundaryMayBeQuotedAndTheTypeInCapitals) {
  EXPECT_TRUE(uploaded_file("Multipart/Form-Data ; charset=x; boundary=\"----WebKitFormBoundaryX\"",
                            form("x"), "evidence")
                  .has_value());
}

TEST(Multipart, AnEmptyFileIsOne) {
  EXPECT_EQ(uploaded_file(type, form(""), "evidence")->content, "");
}

TEST(Multipart, WhatIsNoFormGivesNothing) {
  for (const char* other : {"", "text/plain", "multipart/form-data",
                            "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
                            "multipart/mixed; boundary=X"}) {
    EXPECT_FALSE(uploaded_file(other, form("x"), "evidence").has_value()) << other;
  }
  const std::string body = form("x");
  for (std::size_t size = 0; size + 8 < body.size(); ++size) {
    if (size > body.find("x\r\n------WebKitFormBoundaryX--") + 27) break;
    EXPECT_FALSE(uploaded_file(type, body.substr(0, size), "evidence").has_value()) << size;
  }
  EXPECT_FALSE(uploaded_file("multipart/form-data; boundary=" + std::string(71, 'x'), "--", "e"));
}

TEST(Multipart, FieldsBeyondTheSixteenthDoNotCount) {
  std::string body;
  for (int i = 0; i < 16; ++i) {
    body += "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
  }
  body += "--X\r\nContent-Disposition: form-data; name=\"evidence\"\r\n\r\nx\r\n--X--\r\n";
  EXPECT_FALSE(uploaded_file("multipart/form-data; boundary=X", body, "evidence").has_value());
}

}  // namespace
}  // namespace merlon::steward_service
