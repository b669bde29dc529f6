#include "merlon/crypto/hash_to_curve.h"

#include <gtest/gtest.h>

#include "merlon/codec/hex.h"

namespace merlon::crypto {
namespace {

struct Vector {
  std::string text;
  const char* x;
  const char* y;
};

// [RFC9380 §J.1.1]
TEST(HashToCurve, IsThatOfTheStandard) {
  const Vector vectors[] = {
      {"", "2c15230b26dbc6fc9a37051158c95b79656e17a1a920b11394ca91c44247d3e4",
       "8a7a74985cc5c776cdfe4b1f19884970453912e9d31528c060be9ab5c43e8415"},
      {"abc", "0bb8b87485551aa43ed54f009230450b492fead5f1cc91658775dac4a3388a0f",
       "5c41b3d0731a27a7b14bc0bf0ccded2d8751f83493404c84a88e71ffd424212e"},
      {"abcdef0123456789", "65038ac8f2b1def042a5df0b33b1f4eca6bff7cb0f9c6c1526811864e544ed80",
       "cad44d40a656e7aff4002a8de287abc8ae0482b5ae825822bb870d6df9b56ca3"},
      {"q128_" + std::string(128, 'q'),
       "4be61ee205094282ba8a2042bcb48d88dfbb609301c49aa8b078533dc65a0b5d",
       "98f8df449a072c4721d241a3b1236d3caccba603f916ca680f4539d2bfb3c29e"},
      {"a512_" + std::string(512, 'a'),
       "457ae2981f70ca85d8e24c308b14db22f3e3862c5ea0f652ca38b5e49cd64bc5",
       "ecb9f0eadc9aeed232dabc53235368c1394c78de05dd96893eefa62b0f4757dc"},
  };
  for (const Vector& vector : vectors) {
    const std::vector<std::uint8_t> text(vector.text.begin(), vector.text.end());
    EXPECT_EQ(hash_to_curve(text, "QUUX-V01-CS02-with-P256_XMD:SHA-256_SSWU_RO_"),
              P256Point::from_affine(codec::decode_hex(vector.x).value(),
                                     codec::decode_hex(vector.y).value())
                  .value())
        << vector.text;
  }
}

TEST(HashToCurve, IsAnotherForAnotherPurpose) {
  EXPECT_FALSE(hash_to_curve({}, "a") == hash_to_curve({}, "b"));
  EXPECT_FALSE(hash_to_scalar({}, "a") == hash_to_scalar({}, "b"));
}

}  // namespace
}  // namespace merlon::crypto
