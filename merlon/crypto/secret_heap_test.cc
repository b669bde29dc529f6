#include "merlon/crypto/secret_heap.h"

#include <gtest/gtest.h>

#include "merlon/crypto/private_key.h"
#include "merlon/crypto/x25519.h"

namespace merlon::crypto {
namespace {

TEST(SecretHeap, HoldsPrivateKeysAsLongAsTheyLive) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer does not look into such a heap, and takes for lost what it holds";
#endif
  ASSERT_TRUE(start_secret_heap());
  ASSERT_TRUE(start_secret_heap()) << "once more";
  ASSERT_TRUE(PrivateKey::generate(KeyKind::P384));  // what makes random numbers stays there
  const std::size_t before = secret_heap_used();
  {
    const auto signing = PrivateKey::generate(KeyKind::P384);
    ASSERT_TRUE(signing);
    const std::size_t with_one = secret_heap_used();
    EXPECT_GE(with_one, before + 48);
    const auto opening = X25519Key::generate();
    ASSERT_TRUE(opening);
    EXPECT_GE(secret_heap_used(), with_one + 32);
  }
  EXPECT_EQ(secret_heap_used(), before);
}

}  // namespace
}  // namespace merlon::crypto
