#include "merlon/signing/signature_file.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::signing {
namespace {

using base::concat;
using core::ErrorCode;

GuestSignature guest() {
  GuestSignature made;
  made.block.policy.bits = 0x30133;
  made.block.guest_svn = 1;
  made.auth.author = snp::AuthorSignature{};
  return made;
}
SignatureFile both() {
  SignatureFile file;
  file.guest = guest();
  file.enclave = sgx::Sigstruct{};
  return file;
}

ErrorCode refusal(std::string_view text) {
  const auto file = SignatureFile::parse(text);
  EXPECT_FALSE(file.has_value()) << text.substr(0, 200);
  return file ? ErrorCode::Internal : file.error().code;
}

/// `count` numbers.
std::string array(std::size_t count, std::string_view number = "0") {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) text += concat(i == 0 ? "" : ",", number);
  return text + "]";
}
std::string file_of(std::string_view version, std::string_view sev, std::string_view sgx) {
  return concat("{\"version\":", version, ",\"sev\":", sev, ",\"sgx\":", sgx, "}");
}
constexpr std::string_view no_guest = R"({"id_block":[],"id_auth":[]})";

std::string array_of(core::ByteView bytes) {
  std::string text = "[";
  for (const std::uint8_t byte : bytes) text += concat(text.size() == 1 ? "" : ",", byte);
  return text + "]";
}

TEST(SignatureFile, ReadsAsItWasWritten) {
  SignatureFile of_a_guest = both();
  of_a_guest.enclave.reset();
  SignatureFile of_an_enclave = both();
  of_an_enclave.guest.reset();
  of_an_enclave.version = "1.0.0-rc.1+x";
  for (const SignatureFile& file : {both(), of_a_guest, of_an_enclave}) {
    EXPECT_EQ(SignatureFile::parse(file.to_json()).value(), file);
  }
}

TEST(SignatureFile, IsWrittenAsEnarxWritesIt) {
  SignatureFile file = both();
  file.enclave.reset();
  EXPECT_EQ(file.to_json(),
            file_of("\"0.7.1\"",
                    concat("{\"id_block\":", array_of(file.guest->block.to_bytes()),
                           ",\"id_auth\":", array_of(file.guest->auth.to_bytes()), "}"),
                    "[]"));
}

TEST(SignatureFile, MembersMayStandInAnyOrderAndLayout) {
  const std::string enclave = array_of(sgx::Sigstruct{}.to_bytes());
  const std::string text = concat("{\n \"sgx\" : ", enclave, ",\n \"sev\": {\"id_auth\": [ ],",
                                  " \"id_block\": []}, \"version\": \"0.7.1\" }\n");
  EXPECT_EQ(SignatureFile::parse(text).value().enclave, sgx::Sigstruct{});
}

TEST(SignatureFile, MembersThatAreMissingUnknownOrTwiceAreRefused) {
  const std::string enclave = array_of(sgx::Sigstruct{}.to_bytes());
  const std::string good = file_of("\"1\"", no_guest, enclave);
  EXPECT_TRUE(SignatureFile::parse(good).has_value());
  const std::string inner = good.substr(1, good.size() - 2);
  EXPECT_EQ(refusal(concat("{", inner, ",\"tdx\":[]}")), ErrorCode::Malformed);
  EXPECT_EQ(refusal(concat("{", inner, ",\"version\":\"1\"}")), ErrorCode::Malformed);
  EXPECT_EQ(refusal(concat("{\"version\":\"1\",\"sgx\":", enclave, "}")), ErrorCode::Malformed);
  EXPECT_EQ(refusal(file_of("\"1\"", R"({"id_block":[]})", enclave)), ErrorCode::Malformed);
  EXPECT_EQ(refusal(file_of("\"1\"", R"({"id_block":[],"id_auth":[],"x":0})", enclave)),
            ErrorCode::Malformed);
  for (const std::string_view text : {"", "null", "[]", "{}", "\"sgx\"", "{\"sgx\":"}) {
    EXPECT_EQ(refusal(text), ErrorCode::Malformed);
  }
}

TEST(SignatureFile, MembersOfAnotherKindAreRefused) {
  const std::string enclave = array_of(sgx::Sigstruct{}.to_bytes());
  for (const std::string_view version :
       {"1", "null", "\"\"", "\"a b\"", "\"\\u001b[2J\"",
        "\"00000000000000000000000000000000000000000000000000000000000000000\""}) {
    EXPECT_EQ(refusal(file_of(version, no_guest, enclave)), ErrorCode::Malformed) << version;
  }
  EXPECT_EQ(refusal(file_of("\"1\"", "[]", enclave)), ErrorCode::Malformed);
  EXPECT_EQ(refusal(file_of("\"1\"", no_guest, "\"\"")), ErrorCode::Malformed);
  EXPECT_EQ(refusal(file_of("\"1\"", no_guest, "null")), ErrorCode::Malformed);
  EXPECT_EQ(refusal(file_of("\"1\"", R"({"id_block":"","id_auth":[]})", enclave)),
            ErrorCode::Malformed);
}

TEST(SignatureFile, WhatIsNoByteIsRefused) {
  for (const std::string_view number : {"256", "-1", "1.5", "\"1\"", "null", "[]"}) {
    EXPECT_EQ(refusal(file_of("\"1\"", no_guest, array(1808, number))), ErrorCode::Malformed)
        << number;
  }
  // 6 begins a SIGSTRUCT, and 262 is 6 where a number is cut to a byte.
  std::string enclave = array_of(sgx::Sigstruct{}.to_bytes());
  EXPECT_TRUE(SignatureFile::parse(file_of("\"1\"", no_guest, enclave)).has_value());
  enclave.replace(1, 1, "262");
  EXPECT_EQ(refusal(file_of("\"1\"", no_guest, enclave)), ErrorCode::Malformed);
}

TEST(SignatureFile, StructuresHaveTheirSizesAndComeInPairs) {
  const std::string block = array_of(guest().block.to_bytes());
  const std::string auth = array_of(guest().auth.to_bytes());
  const auto sev = [](std::string_view first, std::string_view second) {
    return file_of("\"1\"", concat("{\"id_block\":", first, ",\"id_auth\":", second, "}"), "[]");
  };
  EXPECT_TRUE(SignatureFile::parse(sev(block, auth)).has_value());
  EXPECT_EQ(refusal(sev(block, "[]")), ErrorCode::Malformed);
  EXPECT_EQ(refusal(sev("[]", auth)), ErrorCode::Malformed);
  const std::string half = concat("{\"id_block\":", block, ",\"id_auth\":[]}");
  const std::string enclave = array_of(sgx::Sigstruct{}.to_bytes());
  EXPECT_EQ(refusal(file_of("\"1\"", half, enclave)), ErrorCode::Malformed);
  EXPECT_EQ(refusal(sev(block, array(4095))), ErrorCode::Malformed);
  EXPECT_EQ(refusal(sev(array(97), auth)), ErrorCode::Malformed);
  EXPECT_EQ(refusal(sev(array(96), auth)), ErrorCode::Unsupported);  // version 0
  EXPECT_EQ(refusal(file_of("\"1\"", no_guest, array(1808))), ErrorCode::Malformed);
  EXPECT_EQ(refusal(file_of("\"1\"", no_guest, "[1]")), ErrorCode::Malformed);
}

TEST(SignatureFile, WithoutASignatureIsNone) {
  EXPECT_EQ(refusal(file_of("\"0.7.1\"", no_guest, "[]")), ErrorCode::Malformed);
}

TEST(SignatureFile, HasABound) {
  const std::string text = both().to_json();
  const std::string most = text + std::string(SignatureFile::max_size - text.size(), ' ');
  EXPECT_TRUE(SignatureFile::parse(most).has_value());
  EXPECT_EQ(refusal(most + " "), ErrorCode::Exhausted);
}

TEST(SignatureFile, OfEnarxIsReadAndWrittenAgain) {
  MERLON_NEEDS_VECTORS();
  const auto bytes = codec::testing::vector_file("enarx/enarx.sig");
  if (bytes.empty()) GTEST_SKIP() << "vectors/enarx is not here";
  const auto file = SignatureFile::parse(core::as_text(bytes)).value();
  EXPECT_EQ(file.to_json(), core::as_text(bytes));
  EXPECT_EQ(file.version, SignatureFile::enarx_version);
  const auto block = file.guest->block.to_bytes();
  EXPECT_EQ(std::vector(block.begin(), block.end()),
            codec::testing::vector_file("enarx/id_block.bin"));
}

}  // namespace
}  // namespace merlon::signing
