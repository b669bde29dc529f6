// Collections of messages: which of them is taken for evidence. wrapping_test.cc has the forms.

#include "merlon/evidence/message_wrapper.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/evidence/evidence.h"

namespace merlon::evidence {
namespace {

using codec::testing::vector_file;

/// A record in JSON.
std::string record(core::ByteView content, std::string_view kinds = "") {
  return base::concat(R"(["application/vnd.example",")", codec::encode_base64(content), "\"",
                      kinds.empty() ? "" : ",", kinds, "]");
}

Bytes joined(std::initializer_list<core::ByteView> parts) {
  Bytes all;
  for (const core::ByteView part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes cbor_bytes(core::ByteView bytes) {
  const std::array<std::uint8_t, 3> head{0x59, static_cast<std::uint8_t>(bytes.size() >> 8U),
                                         static_cast<std::uint8_t>(bytes.size())};
  return joined({head, bytes});
}

class Collections : public ::testing::Test {
 protected:
  void SetUp() override {
    MERLON_NEEDS_VECTORS();
    report_ = vector_file("ms-tav/milan-v3.report.bin");
    other_ = vector_file("phala/tdx_quote.dat");
    vcek_ = vector_file("ms-tav/milan.vcek.pem");
  }
  core::Result<Evidence> of(const std::string& json) const {
    return Evidence::parse(core::as_bytes(json));
  }
  Bytes report_;
  Bytes other_;
  Bytes vcek_;
};

TEST_F(Collections, TheOnlyMessageThatCanBeEvidenceIs) {
  const Bytes gpu = joined({Bytes{0x11, 0xE0}, Bytes(1000, 0xA7)});
  const std::string text = base::concat(
      R"({"__cmwc_t":"tag:example.com,2026:machine","cpu":)", record(report_, "4"), R"(,"chain":)",
      record(vcek_), R"(,"gpu":)", record(gpu), R"(,"rest":{"result":)",
      record(core::as_bytes("e30"), "8"), R"(,"small":)", record(core::as_bytes("e30")), "}}");
  const auto got = of(text);
  ASSERT_TRUE(got.has_value()) << got.error().what;
  EXPECT_EQ(got->described(), "message collection in JSON: SEV-SNP report");
  EXPECT_EQ(got->endorsements.certificates.size(), 1U);
  ASSERT_EQ(got->notes.size(), 3U);
  EXPECT_NE(got->notes[0].find("\"gpu\", is"), std::string::npos) << got->notes[0];
  EXPECT_NE(got->notes[0].find("NVIDIA"), std::string::npos);
  EXPECT_NE(got->notes[1].find("\"result\", is neither evidence"), std::string::npos);
  EXPECT_NE(got->notes[2].find("\"small\", is too short"), std::string::npos);
}

TEST_F(Collections, OfTwoPiecesNoneIsChosen) {
  const std::string both =
      base::concat(R"({"a":)", record(report_), R"(,"b":{"c":)", record(other_), "}}");
  EXPECT_EQ(of(both).error().code, core::ErrorCode::Malformed);
  EXPECT_NE(std::string_view(of(both).error().what).find("more than one"), std::string::npos);
  EXPECT_TRUE(
      of(base::concat(R"({"a":)", record(report_), R"(,"b":)", record(report_), "}")).has_value());
  // What says that it is something else is no evidence; what says nothing may be.
  EXPECT_TRUE(of(base::concat(R"({"a":)", record(report_), R"(,"b":)", record(other_, "2"), "}"))
                  .has_value());
  EXPECT_FALSE(of(base::concat(R"({"a":)", record(report_), R"(,"b":)", record(other_, "6"), "}"))
                   .has_value());
  EXPECT_FALSE(of(base::concat(R"({"a":)", record(report_, "8"), "}")).has_value());
}

TEST_F(Collections, ALostRevocationListRefuses) {
  const Bytes list = vector_file("amd-crl/ark-genoa-2026.crl");
  const std::string_view kinds = "2";
  const auto whole =
      of(base::concat(R"({"a":)", record(report_), R"(,"b":)", record(list, kinds), "}"));
  ASSERT_TRUE(whole.has_value()) << whole.error().what;
  EXPECT_EQ(whole->endorsements.revocation_lists.size(), 1U);
  Bytes damaged = list;
  damaged.back() ^= 1U;
  damaged.resize(list.size() - 1);
  for (const std::string_view each : {"2", ""}) {
    EXPECT_EQ(of(base::concat(R"({"a":)", record(report_), R"(,"b":)", record(damaged, each), "}"))
                  .error()
                  .code,
              core::ErrorCode::Unsupported);
  }
}

TEST_F(Collections, InJsonAreStrict) {
  const std::string good = record(report_);
  EXPECT_TRUE(of(base::concat(R"({"a":)", good, "}")).has_value());
  for (const std::string& text :
       {base::concat(R"({"__cmwc_t":"x"})"), base::concat(R"({"__cmwc_t":"","a":)", good, "}"),
        base::concat(R"({"__cmwc_t":1,"a":)", good, "}"),
        base::concat(R"({"a":)", good, R"(,"b":1})"), base::concat(R"({"a":)", good, R"(,"b":{}})"),
        base::concat(R"({"a":)", good, R"(,"b":["x"]})"),
        base::concat(R"({"a":)", good, R"(,"b":["x","AA",1,2]})"),
        base::concat(R"({"a":)", good, R"(,"b":["x","AA","4"]})"),
        base::concat(R"({"a":)", good, R"(,"b":["x","!"]})"),
        base::concat(R"({"a":)", good, R"(,"a":)", good, "}")}) {
    EXPECT_FALSE(of(text).has_value()) << text.substr(0, 20) << text.substr(text.size() - 20);
  }
}

TEST_F(Collections, AreBounded) {
  std::string many = "{";
  for (std::size_t i = 0; i < max_carried; ++i) {
    many += base::concat(i == 0 ? "" : ",", "\"", i, "\":", record(report_));
  }
  EXPECT_TRUE(of(many + "}").has_value());
  EXPECT_EQ(of(base::concat(many, ",\"x\":", record(report_), "}")).error().code,
            core::ErrorCode::Exhausted);
  std::string deep = record(report_);
  for (int i = 0; i < 8; ++i) deep = base::concat(R"({"a":)", deep, "}");
  EXPECT_TRUE(of(deep).has_value());
  EXPECT_FALSE(of(base::concat(R"({"a":)", deep, "}")).has_value());

  Bytes nested = joined({Bytes{0x82, 0x18, 0x20}, cbor_bytes(report_)});
  for (int i = 0; i < 8; ++i) nested = joined({Bytes{0xA1, 0x01}, nested});
  EXPECT_TRUE(Evidence::parse(nested).has_value());
  EXPECT_EQ(Evidence::parse(joined({Bytes{0xA1, 0x01}, nested})).error().code,
            core::ErrorCode::Exhausted);
}

TEST_F(Collections, InCborAreStrict) {
  const Bytes item = joined({Bytes{0x82, 0x18, 0x20}, cbor_bytes(report_)});
  const auto of_two = [&](const Bytes& label, const Bytes& value) {
    return Evidence::parse(joined({Bytes{0xA2, 0x00}, item, label, value}));
  };
  const Bytes small{0x82, 0x18, 0x20, 0x41, 0x00};
  const auto got = of_two(Bytes{0x61, 'a'}, small);
  ASSERT_TRUE(got.has_value()) << got.error().what;
  EXPECT_EQ(got->described(), "message collection in CBOR: SEV-SNP report");
  EXPECT_EQ(got->notes.size(), 1U);
  EXPECT_TRUE(of_two(Bytes{0x20}, small).has_value());       // -1
  EXPECT_TRUE(of_two(Bytes{0x61, '0'}, small).has_value());  // "0" is not 0
  EXPECT_TRUE(of_two(Bytes{0x20}, Bytes{0xA1, 0x00, 0x82, 0x18, 0x20, 0x41, 0x00}).has_value());
  EXPECT_FALSE(of_two(Bytes{0x00}, small).has_value());        // twice
  EXPECT_FALSE(of_two(Bytes{0x41, 'a'}, small).has_value());   // no label
  EXPECT_FALSE(of_two(Bytes{0x01}, Bytes{0xA0}).has_value());  // empty
  EXPECT_FALSE(of_two(Bytes{0x01}, Bytes{0x81, 0x18}).has_value());
  EXPECT_FALSE(of_two(Bytes{0x01}, Bytes{0x84, 0x18, 0x20, 0x41, 0x00, 0x04, 0x04}).has_value());
  EXPECT_FALSE(of_two(Bytes{0x01}, Bytes{0x82, 0x18, 0x20, 0x61, 'a'}).has_value());
  EXPECT_FALSE(of_two(Bytes{0x01}, joined({small, small})).has_value());  // something behind it
  EXPECT_FALSE(Evidence::parse(Bytes{0xA0}).has_value());

  const Bytes type = joined({Bytes{0x68}, core::as_bytes("__cmwc_t")});
  EXPECT_TRUE(of_two(type, Bytes{0x61, 'u'}).has_value());
  EXPECT_FALSE(of_two(type, Bytes{0x60}).has_value());
  EXPECT_FALSE(of_two(type, small).has_value());
  EXPECT_FALSE(Evidence::parse(joined({Bytes{0xA1}, type, Bytes{0x61, 'u'}})).has_value());
}

TEST_F(Collections, TagsOfMessagesAreThoseOfContentFormats) {
  const Bytes item = cbor_bytes(report_);
  const auto tagged = [&](std::uint32_t tag) {
    return joined(
        {Bytes{0xDA, static_cast<std::uint8_t>(tag >> 24U), static_cast<std::uint8_t>(tag >> 16U),
               static_cast<std::uint8_t>(tag >> 8U), static_cast<std::uint8_t>(tag)},
         item});
  };
  for (const std::uint32_t tag : {1668546817U, 1668612070U, 1668612095U}) {
    EXPECT_TRUE(Evidence::parse(tagged(tag)).has_value()) << tag;
    EXPECT_TRUE(Evidence::parse(joined({Bytes{0xA1, 0x01}, tagged(tag)})).has_value()) << tag;
  }
  for (const std::uint32_t tag : {1668546816U, 1668612096U}) {
    EXPECT_FALSE(Evidence::parse(tagged(tag)).has_value()) << tag;
    EXPECT_FALSE(Evidence::parse(joined({Bytes{0xA1, 0x01}, tagged(tag)})).has_value()) << tag;
  }
}

}  // namespace
}  // namespace merlon::evidence
