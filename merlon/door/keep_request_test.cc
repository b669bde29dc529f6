#include "merlon/door/keep_request.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::door {
namespace {

using base::concat;

const std::string nonce(64, 'a');

KeepRequest example() {
  KeepRequest request;
  request.backend = host::Backend::SnpSim;
  request.offer.nonce.fill(0x1f);
  request.offer.wishes = {{host::Wish::Kind::Listen, "::", 443, true},
                          {host::Wish::Kind::Connect, "db.example.org", 5432, false},
                          {host::Wish::Kind::Steward, "steward.example.org", 443, false},
                          {host::Wish::Kind::Registry, "registry.example.org", 443, true},
                          {host::Wish::Kind::Volume, "data"}};
  request.offer.max_memory_bytes = 4096;
  request.offer.timeout_nanoseconds = 5;
  return request;
}

TEST(KeepRequest, ComesBackAsItWas) {
  const auto read = parse_keep_request(to_json(example()));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->backend, example().backend);
  EXPECT_EQ(read->offer.nonce, example().offer.nonce);
  EXPECT_EQ(read->offer.wishes, example().offer.wishes);
  EXPECT_EQ(read->offer.max_memory_bytes, 4096U);
  EXPECT_EQ(read->offer.timeout_nanoseconds, 5U);
}

TEST(KeepRequest, NeedsNoMoreThanBackendAndNonce) {
  EXPECT_TRUE(parse_keep_request(concat(R"({"backend":"nil","nonce":")", nonce, "\"}")));
}

TEST(KeepRequest, EverythingElseIsRefusedByName) {
  struct Case {
    std::string members;
    std::string_view named;
  };
  const std::string good = concat(R"("backend":"nil","nonce":")", nonce, "\"");
  const Case cases[] = {
      {"", "backend"},
      {R"("backend":"tdx","nonce":"")", "backend"},
      {R"("backend":"nil")", "nonce"},
      {R"("backend":"nil","nonce":"aa")", "nonce"},
      {good + R"(,"program":"x")", "program"},
      {good + R"(,"verbose":true)", "verbose"},
      {good + R"(,"max_memory_bytes":-1)", "max_memory_bytes"},
      {good + R"(,"timeout_nanoseconds":"1s")", "timeout_nanoseconds"},
      {good + R"(,"wishes":{})", "wishes"},
      {good + R"(,"wishes":[{"kind":"spy","host":"a","port":1}])", "kind"},
      {good + R"(,"wishes":[{"kind":"listen","host":"a b","port":1}])", "host"},
      {good + R"(,"wishes":[{"kind":"listen","host":"--help","port":1}])", "host"},
      {good + R"(,"wishes":[{"kind":"listen","host":"","port":1}])", "host"},
      {good + R"(,"wishes":[{"kind":"volume","host":"../a"}])", "host"},
      {good + R"(,"wishes":[{"kind":"volume","host":"a","port":1}])", "port"},
      {good + R"(,"wishes":[{"kind":"volume","host":"a"},{"kind":"volume","host":"b"}])", "volume"},
      {good + R"(,"wishes":[{"kind":"listen","host":"a","port":0}])", "port"},
      {good + R"(,"wishes":[{"kind":"listen","host":"a","port":65536}])", "port"},
      {good + R"(,"wishes":[{"kind":"listen","host":"a","port":1,"tls":1}])", "tls"},
      {good + R"(,"wishes":[{"kind":"listen","host":"a","port":1,"fd":3}])", "fd"},
      {good + R"(,"wishes":[{"kind":"steward","host":"a","port":1},)"
              R"({"kind":"steward","host":"b","port":1}])",
       "Steward"},
  };
  for (const Case& each : cases) {
    const auto read = parse_keep_request(concat("{", each.members, "}"));
    ASSERT_FALSE(read) << each.members;
    EXPECT_NE(read.error().find(each.named), std::string::npos) << read.error();
  }
  EXPECT_FALSE(parse_keep_request("[]"));
  EXPECT_FALSE(parse_keep_request("nothing"));
}

}  // namespace
}  // namespace merlon::door
