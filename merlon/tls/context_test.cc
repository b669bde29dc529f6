#include "merlon/tls/context.h"

#include <gtest/gtest.h>

#include "merlon/tls/testing/pki.h"

namespace merlon::tls {
namespace {

using core::ErrorCode;

TEST(Context, OfAServerNeedsACertificateWithItsKey) {
  const testing::Authority authority;
  const testing::Holder holder = authority.issue({"a.example"});
  const testing::Holder other = authority.issue({"b.example"});
  EXPECT_TRUE(Context::server({.identity = holder.identity()}));
  EXPECT_EQ(Context::server({}).error().code, ErrorCode::Denied);
  EXPECT_EQ(Context::server({.identity = {holder.chain, &other.key}}).error().code,
            ErrorCode::Malformed);
  Certificate longer = holder.chain[0];
  longer.push_back(0);
  EXPECT_EQ(Context::server({.identity = {{longer}, &holder.key}}).error().code,
            ErrorCode::Malformed);
}

/// MarbleRun GHSA-x5r5-2qrx-rqj8: a missing setting that made everybody welcome.
TEST(Context, ThatTrustsNobodyIsRefused) {
  const testing::Holder holder = testing::Authority().issue({"a.example"});
  EXPECT_EQ(Context::client({}).error().code, ErrorCode::Denied);
  for (const auto client : {ClientCertificate::Request, ClientCertificate::Require}) {
    EXPECT_EQ(Context::server({.identity = holder.identity(), .client = client}).error().code,
              ErrorCode::Denied);
  }
}

TEST(Context, RefusesProtocolsThatCannotBeNamed) {
  const testing::Holder holder = testing::Authority().issue({"a.example"});
  for (const std::string& name : {std::string(), std::string(256, 'x')}) {
    EXPECT_FALSE(Context::server({.identity = holder.identity(), .alpn = {name}}));
  }
}

}  // namespace
}  // namespace merlon::tls
