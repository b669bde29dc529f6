#include "merlon/sgx/tcb_info.h"

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/signed_json.h"

namespace merlon::sgx {
namespace {

using codec::testing::vector_file;

std::string file(const std::string& name) {
  const auto bytes = vector_file(name);
  return {bytes.begin(), bytes.end()};
}

const std::string digits(128, '0');

TEST(SignedJson, TheSignedBytesAreTheObjectAsItCame) {
  const std::string body = R"({"a" : {"b":[ 1 ]} })";
  const auto made =
      SignedJson::parse("{\"tcbInfo\":" + body + ",\"signature\":\"" + digits + "\"}\n");
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->body, body);
  EXPECT_EQ(SignedJson::parse(made->text())->body, body);
}

TEST(SignedJson, OtherShapesAreRefused) {
  const std::string tail = ",\"signature\":\"" + digits + "\"}";
  EXPECT_TRUE(SignedJson::parse("{\"enclaveIdentity\":{}" + tail).has_value());
  for (const std::string& text :
       {std::string("{}"), "{\"other\":{}" + tail, "{\"tcbInfo\":[]" + tail,
        "{\"tcbInfo\":{},\"x\":1" + tail, "{\"tcbInfo\":{},\"tcbInfo\":{}" + tail,
        "{\"signature\":\"" + digits + "\",\"tcbInfo\":{}}",
        std::string("{\"tcbInfo\":{},\"signature\":\"00\"}"),
        "{\"tcbInfo\":{},\"signature\":\"" + std::string(128, 'A') + "\"}",
        "{\"tcbInfo\":{}" + tail + "x"}) {
    EXPECT_FALSE(SignedJson::parse(text).has_value()) << text;
  }
}

std::string info(std::string_view members, int components = 16) {
  std::string list;
  for (int i = 0; i < components; ++i) list += std::string(i > 0 ? "," : "") + R"({"svn":1})";
  return R"({"id":"SGX","version":3,"issueDate":"2025-01-01T00:00:00Z","nextUpdate":"2025-02-01T00:00:00Z",)"
         R"("fmspc":"00906ED50000","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":17,)" +
         std::string(members) + R"("tcbLevels":[{"tcb":{"sgxtcbcomponents":[)" + list +
         R"(],"pcesvn":5},"tcbDate":"2024-01-01T00:00:00Z","tcbStatus":"UpToDate"}]})";
}

TEST(TcbInfo, PartsAreRead) {
  const auto made = TcbInfo::parse(info(""));
  ASSERT_TRUE(made.has_value()) << made.error().what;
  EXPECT_FALSE(made->is_tdx);
  EXPECT_EQ(made->evaluation_number, 17U);
  EXPECT_EQ(made->levels.at(0).pce_svn, 5);
  EXPECT_EQ(made->levels[0].status, TcbStatus::UpToDate);
  EXPECT_TRUE(made->period.contains(made->period.issued));
  EXPECT_FALSE(made->period.contains(made->period.next_update));
}

TEST(TcbInfo, ComponentsAreSixteen) {
  EXPECT_FALSE(TcbInfo::parse(info("", 15)).has_value());
  EXPECT_FALSE(TcbInfo::parse(info("", 17)).has_value());
}

TEST(TcbInfo, ANameTwiceIsRefused) {
  EXPECT_FALSE(TcbInfo::parse(info(R"("fmspc":"00906ED50000",)")).has_value());
}

TEST(TcbInfo, GenuineDocuments) {
  MERLON_NEEDS_VECTORS();
  for (const char* name :
       {"fortanix/pcs/tcb-json/tcb-sgx.json", "fortanix/pcs/tcb-json/tcb-tdx.json",
        "trustee/tcbInfo.json", "go-tdx-guest/sample_tcbInfo_response.json",
        "intel-qvl/sgx/tcbInfo.json"}) {
    const auto document = SignedJson::parse(file(name));
    ASSERT_TRUE(document.has_value()) << name << document.error().what;
    const auto made = TcbInfo::parse(document->body);
    EXPECT_TRUE(made.has_value()) << name << ": " << made.error().what;
  }
  for (const char* name : {"automata/qe_identity.json", "fortanix/qe3_identity.json",
                           "trustee/enclaveIdentity.json", "intel-qvl/sgx/qveIdentity.json"}) {
    const auto document = SignedJson::parse(file(name));
    ASSERT_TRUE(document.has_value()) << name << document.error().what;
    EXPECT_TRUE(EnclaveIdentity::parse(document->body).has_value()) << name;
  }
}

}  // namespace
}  // namespace merlon::sgx
