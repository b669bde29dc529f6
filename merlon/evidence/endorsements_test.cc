#include "merlon/evidence/endorsements.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::evidence {
namespace {

using namespace x509::testing;

Bytes certificate() {
  static const SigningKey key(crypto::KeyKind::P256);
  static const Bytes made = issue(ca_template("a", "a"), key.spki(), key);
  return made;
}
Bytes list() {
  static const SigningKey key(crypto::KeyKind::P256);
  static const Bytes made = issue_crl({}, key);
  return made;
}
const std::string document =
    "{\"tcbInfo\":{\"a\":1},\"signature\":\"" + std::string(128, '0') + "\"}";

TEST(Endorsements, WhatHostsWithSgxHaveIsTakenApart) {
  const Bytes lists = sgx::crl_list({{"https://a", list()}});
  const Bytes package = sgx::tcb_package({certificate()}, document);
  const std::string identity =
      "{\"enclaveIdentity\":{\"a\":1},\"signature\":\"" + std::string(128, '0') + "\"}";
  Endorsements files;
  EXPECT_EQ(files.add(lists).value(), 1U);
  EXPECT_EQ(files.add(package).value(), 2U);
  EXPECT_EQ(files.add(sgx::crl_list({})).value(), 0U);
  Endorsements all;
  EXPECT_EQ(all.add(sgx::platform_collateral(lists, package, identity)).value(), 4U);
  EXPECT_EQ(all.revocation_lists, files.revocation_lists);
  EXPECT_EQ(all.certificates, files.certificates);
  EXPECT_EQ(all.documents, (std::vector<std::string>{document, identity}));
  // What cannot be read does not take the rest with it, and a list is not lost without a word.
  Endorsements some;
  const Bytes bad_list{0x30, 0x00};
  const Bytes bad = sgx::platform_collateral(sgx::crl_list({{"", bad_list}}), package, "words");
  EXPECT_EQ(some.add(bad).error().code, core::ErrorCode::Unsupported);
  EXPECT_EQ(some.documents, std::vector<std::string>{document});
  EXPECT_EQ(some.add(sgx::tcb_package({bad_list}, document)).error().code,
            core::ErrorCode::Malformed);
  EXPECT_EQ(some.add(sgx::tcb_package({}, "words")).error().code, core::ErrorCode::Malformed);
}

TEST(Endorsements, EachFormIsKnown) {
  Endorsements all;
  EXPECT_EQ(all.add(certificate()).value(), 1U);
  EXPECT_EQ(all.add(list()).value(), 1U);
  EXPECT_EQ(all.add(core::as_bytes(document)).value(), 1U);
  EXPECT_EQ(all.size(), 3U);
  const std::string pem =
      codec::to_pem("CERTIFICATE", certificate()) + codec::to_pem("X509 CRL", list());
  EXPECT_EQ(all.add(core::as_bytes(pem)).value(), 0U);  // known already
  EXPECT_EQ(all.add(codec::testing::sequence({certificate(), certificate()})).value(), 0U);
  EXPECT_EQ(all.certificates.size(), 1U);
}

/// Neither of AMD's two lists of an ARK says which it is.
TEST(Endorsements, AListOfVleksIsKnownByItsName) {
  const Bytes der = list();
  const std::string pem = codec::to_pem("X509 CRL", der);
  const std::string object = base::concat(R"({"vlek_crl":")", base::hex(der), R"("})");
  const auto known = [](core::ByteView bytes, std::string_view name) {
    Endorsements all;
    EXPECT_TRUE(all.add(bytes, name).has_value());
    EXPECT_EQ(all.revocation_lists.size(), 1U);
    Endorsements merged;
    EXPECT_TRUE(merged.merge(all).has_value());
    EXPECT_EQ(merged.vlek_lists, all.vlek_lists);
    return all.vlek_lists == all.revocation_lists;
  };
  EXPECT_TRUE(known(der, "ark-Milan-vlek.crl"));
  EXPECT_TRUE(known(der, "lists/ARK-MILAN-VLEK.CRL"));
  EXPECT_TRUE(known(core::as_bytes(pem), "milan_vlek.pem"));
  EXPECT_TRUE(known(core::as_bytes(object), "milan.json"));
  EXPECT_TRUE(known(sgx::crl_list({{"https://kds.example/vlek/v1/Milan/crl", der}}), "crls.der"));
  EXPECT_FALSE(known(der, ""));
  EXPECT_FALSE(known(der, "ark-Milan.crl"));
  EXPECT_FALSE(known(der, "vlek/ark-Milan.crl")) << "a folder's name";
  EXPECT_FALSE(known(sgx::crl_list({{"https://kds.example/vcek/v1/Milan/crl", der}}), "crls.der"));
}

TEST(Endorsements, AListUnderTwoNamesIsOneList) {
  std::vector<std::string_view> names{"ark-Milan-vlek.crl", "ark-Milan.crl", "vlek.pem"};
  do {
    Endorsements all;
    for (const std::string_view name : names) EXPECT_TRUE(all.add(list(), name).has_value());
    EXPECT_EQ(all.revocation_lists.size(), 1U);
    EXPECT_EQ(all.vlek_lists.size(), 0U) << "which of the two it is nobody knows";
  } while (std::ranges::next_permutation(names).found);
}

TEST(Endorsements, StoredCollateralIsTakenApart) {
  std::string pem = codec::to_pem("CERTIFICATE", certificate());
  for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2) {
    pem.replace(at, 1, "\\n");
  }
  const std::string text = "{\"chain\":\"" + pem + "\",\"crl\":\"" + base::hex(list()) +
                           R"(","tcb_info":"{\"a\":1}","tcb_info_signature":")" +
                           std::string(128, '0') + "\",\"other\":\"words\"}";
  Endorsements all;
  EXPECT_EQ(all.add(core::as_bytes(text)).value(), 3U);
  EXPECT_EQ(all.documents.at(0), document);
}

TEST(Endorsements, WhatIsNoneIsRefused) {
  Endorsements all;
  for (const char* text : {"", "words", "{}", "[]", "{\"a\":\"b\"}", "0\x03\x02\x01\x05"}) {
    EXPECT_FALSE(all.add(core::as_bytes(text)).has_value()) << text;
  }
  EXPECT_EQ(all.size(), 0U);
}

Bytes delta_list() {
  CrlTemplate delta;
  delta.extensions = {extension({2, 5, 29, 27}, true, codec::testing::integer(1))};
  return issue_crl(delta, SigningKey(crypto::KeyKind::P256));
}

TEST(Endorsements, AListThatCannotBeReadIsNotPassedOver) {
  const Bytes whole = list();
  const Bytes half(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2));
  const std::string damaged_pem = [&] {
    std::string text = codec::to_pem("X509 CRL", whole);
    text[text.size() / 2] = '!';
    return text;
  }();
  for (const Bytes& bytes : {delta_list(), half}) {
    Endorsements all;
    EXPECT_EQ(all.add(bytes).error().code, core::ErrorCode::Unsupported);
    for (const std::string& text :
         {codec::to_pem("X509 CRL", bytes),
          "{\"chain\":\"x\",\"list\":\"" + base::hex(bytes) + "\"}",
          "{\"root_ca_crl\":\"" + base::hex(bytes).substr(0, 20) + "\"}",
          std::string(R"({"crl_data_base64":"MII!"})"), std::string(R"({"rootCaCrl":"words"})"),
          std::string(R"({"root_ca_crl":[48,130]})"), std::string(R"({"pck_crl":"30)"),
          damaged_pem}) {
      EXPECT_EQ(all.add(core::as_bytes(text)).error().code, core::ErrorCode::Unsupported) << text;
    }
    EXPECT_EQ(all.size(), 0U);
  }
}

TEST(Endorsements, WhatCannotBeReadTakesNothingElseAlong) {
  const std::string bad = codec::to_pem("CERTIFICATE", codec::testing::octets({1}));
  const std::string good = codec::to_pem("X509 CRL", list());
  Endorsements all;
  EXPECT_EQ(all.add(core::as_bytes(bad + good)).error().code, core::ErrorCode::Malformed);
  EXPECT_EQ(all.revocation_lists.size(), 1U);
  EXPECT_EQ(all.add(core::as_bytes(bad + codec::to_pem("X509 CRL", delta_list()))).error().code,
            core::ErrorCode::Unsupported);
  const std::string stored = R"({"tcb_info":"{\"a\":1}","tcb_info_signature":"00","crl":")" +
                             base::hex(list()) + R"(","chain":")" + base::hex(certificate()) +
                             "\"}";
  Endorsements other;
  EXPECT_FALSE(other.add(core::as_bytes(stored)).has_value());
  EXPECT_EQ(other.size(), 2U);
}

TEST(Endorsements, WhatIsOnlyCalledLikeAListIsPassedOver) {
  for (const char* text :
       {R"({"crl":""})", R"({"crl":null})", R"({"crl":"https://amd.example/crl"})",
        R"({"pck_crl_issuer_chain":"words"})", R"({"a":"b")"}) {
    Endorsements all;
    EXPECT_EQ(all.add(core::as_bytes(text)).error().code, core::ErrorCode::Malformed) << text;
  }
}

TEST(Endorsements, NeighboursOfAnotherKindAreMalformed) {
  const SigningKey key(crypto::KeyKind::P256);
  Bytes unknown_algorithm = certificate();  // ecdsa-with-SHA256 becomes ecdsa-with-SHA512
  const Bytes sha256{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
  for (auto at = unknown_algorithm.begin();;) {
    at = std::search(at, unknown_algorithm.end(), sha256.begin(), sha256.end());
    if (at == unknown_algorithm.end()) break;
    at[7] = 4;
  }
  for (const Bytes& bytes : {issue_request({}, key), unknown_algorithm}) {
    Endorsements all;
    EXPECT_EQ(all.add(bytes).error().code, core::ErrorCode::Malformed);
  }
}

TEST(Endorsements, TheirNumberIsBounded) {
  Endorsements all;
  for (std::size_t i = 0; i < Endorsements::max_artefacts; ++i) {
    EXPECT_TRUE(all.add_document(std::to_string(i)).has_value());
  }
  EXPECT_EQ(all.add_document("x").error().code, core::ErrorCode::Exhausted);
  EXPECT_EQ(all.add_document("7").value(), 0U);
  EXPECT_EQ(Endorsements(all).merge(all).value(), 0U);
}

TEST(Endorsements, GenuineFiles) {
  MERLON_NEEDS_VECTORS();
  for (const auto& [name, count] :
       {std::pair{"phala/sgx_quote_collateral.json", 7U}, std::pair{"steward/genoa.pkipath", 2U},
        std::pair{"teepot/azure/pck_crl.crl", 1U},
        std::pair{"amd-chains/ask_ark_turin_vcek.pem", 2U},
        std::pair{"teepot-pcs/tdx_tcb_info.json", 3U}}) {
    Endorsements all;
    const auto added = all.add(codec::testing::vector_file(name));
    ASSERT_TRUE(added.has_value()) << name << ": " << added.error().what;
    EXPECT_EQ(*added, count) << name;
  }
}

}  // namespace
}  // namespace merlon::evidence
