#include "merlon/crypto/hash.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::crypto {
namespace {

// [FIPS180] examples for "abc".
TEST(Hash, TheStandardsExamples) {
  const auto abc = core::as_bytes("abc");
  EXPECT_EQ(base::hex(sha256({abc}).view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(base::hex(sha384({abc}).view()),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(base::hex(sha512({abc}).view()),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hash, PartsAreJoined) {
  EXPECT_EQ(sha256({core::as_bytes("ab"), {}, core::as_bytes("c")}),
            sha256({core::as_bytes("abc")}));
  EXPECT_NE(sha256({}), Sha256Digest{});
}

TEST(Hash, AStreamIsTheHashOfItsPieces) {
  Sha384Stream stream;
  stream.add(core::as_bytes("a"));
  stream.add({});
  stream.add(core::as_bytes("bc"));
  EXPECT_EQ(std::move(stream).finish(), sha384({core::as_bytes("abc")}));
  EXPECT_EQ(Sha384Stream().finish(), sha384({}));
}

}  // namespace
}  // namespace merlon::crypto
