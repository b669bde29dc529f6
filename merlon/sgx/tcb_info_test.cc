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

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TcbInfo, OfAnotherKindIsRefused) {
  for (const auto& [from, to] : {std::pair{R"("tcbType":0)", R"("tcbType":1)"},
                                 {R"("id":"SGX")", R"("id":"QE")"},
                                 {R"("version":3)", R"("version":4)"},
                                 {R"("version":3)", R"("version":1)"},
                                 {R"("pceId":"0000",)", ""},
                                 {R"("UpToDate")", R"("Splendid")"}}) {
    EXPECT_FALSE(TcbInfo::parse(replaced(info(""), from, to)).has_value()) << to;
  }
}

TEST(TcbInfo, OfALevelThatCannotBeReadTheNumberIsSaid) {
  const auto broken = TcbInfo::parse(replaced(info(""), "\"pcesvn\":5", "\"pcesvn\":70000"));
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().detail, 1U);
}

TEST(EnclaveIdentity, PartsAreReadAndOtherKindsRefused) {
  const std::string signer(64, 'c');
  const std::string text =
      R"({"id":"TD_QE","version":2,"issueDate":"2025-01-01T00:00:00Z","nextUpdate":"2025-02-01T00:00:00Z",)"
      R"("tcbEvaluationDataNumber":17,"miscselect":"01020304","miscselectMask":"FFFFFFFE",)"
      R"("attributes":"11000000000000000000000000000000","attributesMask":"FBFFFFFFFFFFFFFF0000000000000000",)"
      R"("mrsigner":")" +
      signer +
      R"(","isvprodid":2,"tcbLevels":[{"tcb":{"isvsvn":8},"tcbDate":"2024-01-01T00:00:00Z","tcbStatus":"UpToDate"}]})";
  const auto made = EnclaveIdentity::parse(text);
  ASSERT_TRUE(made.has_value()) << made.error().what;
  EXPECT_EQ(made->id, EnclaveId::TdQe);
  EXPECT_EQ(made->evaluation_number, 17U);
  EXPECT_EQ(made->misc_select.view()[0], 1);
  EXPECT_EQ(made->misc_select_mask.view()[3], 0xFE);
  EXPECT_EQ(made->attributes.view()[0], 0x11);
  EXPECT_EQ(made->attributes_mask.view()[0], 0xFB);
  EXPECT_EQ(made->mr_signer.view()[31], 0xCC);
  EXPECT_EQ(made->product_id, 2);
  ASSERT_EQ(made->levels.size(), 1U);
  EXPECT_EQ(made->levels[0].svn, 8);
  for (const auto& [from, to] : {std::pair{"TD_QE", "OTHER"},
                                 {R"("version":2)", R"("version":3)"},
                                 {R"("isvprodid":2)", R"("isvprodid":65536)"},
                                 {R"("isvsvn":8)", R"("isvsvn":65536)"}}) {
    EXPECT_FALSE(EnclaveIdentity::parse(replaced(text, from, to)).has_value()) << to;
  }
}

TEST(TcbInfo, ModulesOfTdxAreRead) {
  const std::string zeros(96, '0');
  const std::string module =
      R"("mrsigner":")" + zeros +
      R"(","attributes":"0100000000000000","attributesMask":"FEFFFFFFFFFFFFFF")";
  std::string text =
      replaced(info(R"("tdxModule":{)" + module + R"(},"tdxModuleIdentities":[{"id":"TDX_01",)" +
                    module + R"(,"tcbLevels":[]}],)"),
               R"("id":"SGX")", R"("id":"TDX")");
  std::string list;
  for (int i = 0; i < 16; ++i) list += std::string(i > 0 ? "," : "") + R"({"svn":3})";
  text = replaced(text, "],\"pcesvn\"", "],\"tdxtcbcomponents\":[" + list + "],\"pcesvn\"");
  const auto made = TcbInfo::parse(text);
  ASSERT_TRUE(made.has_value()) << made.error().what << made.error().detail;
  for (const TdxModuleIdentity* each : {&*made->module, &made->modules.at(0)}) {
    EXPECT_EQ(each->attributes.view()[0], 1);
    EXPECT_EQ(each->attributes_mask.view()[0], 0xFE);
  }
  EXPECT_EQ(made->modules[0].id, "TDX_01");
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
