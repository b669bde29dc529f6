#include "merlon/tls/web_roots.h"

#include <gtest/gtest.h>

namespace merlon::tls {
namespace {

TEST(WebRoots, AreCertificatesThatAClientCanTrust) {
  const auto roots = web_roots();
  EXPECT_GT(roots.size(), 80U);
  EXPECT_LT(roots.size(), 400U);
  EXPECT_TRUE(Context::client({.trust = roots}));
}

}  // namespace
}  // namespace merlon::tls
