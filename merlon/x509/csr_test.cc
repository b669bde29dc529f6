#include "merlon/x509/csr.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::x509 {
namespace {

using namespace testing;

TEST(CertificateRequest, ProvesPossessionOfItsKey) {
  const SigningKey key(crypto::KeyKind::P384);
  Bytes der = issue_request({{extension({1, 2, 3}, false, {1})}}, key);
  const auto request = CertificateRequest::parse(der);
  ASSERT_TRUE(request.has_value());
  EXPECT_TRUE(request->is_signed_by_its_key());
  EXPECT_EQ(request->extensions().size(), 1U);
  der.back() ^= 1U;
  const auto altered = CertificateRequest::parse(der);
  EXPECT_TRUE(!altered.has_value() || !altered->is_signed_by_its_key());
}

TEST(CertificateRequest, HasItsSubject) {
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes der = issue_request({{extension({1, 2, 3}, false, {1})}}, key);
  const Bytes empty = codec::testing::sequence({});
  EXPECT_TRUE(std::ranges::equal(CertificateRequest::parse(der)->subject(), empty));
}

TEST(CertificateRequest, OfTheBoundIsLookedAtAndALargerOneIsNot) {
  EXPECT_EQ(CertificateRequest::parse(Bytes(max_request_size)).error().code,
            core::ErrorCode::Malformed);
  EXPECT_EQ(CertificateRequest::parse(Bytes(max_request_size + 1)).error().code,
            core::ErrorCode::Exhausted);
}

TEST(CertificateRequest, GenuineRequestsOfKeeps) {
  MERLON_NEEDS_VECTORS();
  for (const char* name :
       {"steward/icelake.signed.tcb.crl.multi.xeon.csr", "steward/milan.signed.crl.csr"}) {
    const auto request = CertificateRequest::parse(codec::testing::vector_file(name));
    ASSERT_TRUE(request.has_value()) << name << request.error().what;
    EXPECT_TRUE(request->is_signed_by_its_key());
  }
}

}  // namespace
}  // namespace merlon::x509
