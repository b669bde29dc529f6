#include "merlon/crypto/hpke.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/core/bytes.h"

namespace merlon::crypto {
namespace {

using core::ByteView;
using core::ErrorCode;

std::vector<std::uint8_t> bytes(std::string_view hex) { return codec::decode_hex(hex).value(); }
std::string text_of(const SecretBytes& secret) {
  return std::string(core::as_text(secret.reveal()));
}

// The vector of RFC 9180 for mode 0, kem 0x0020, kdf 0x0001, aead 0x0002, its message number 0
// (a context seals one here) and its three exported values;
// from the test vectors that are published with the document.
const char* const info = "4f6465206f6e2061204772656369616e2055726e";
const char* const recipient_secret =
    "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d";
const char* const recipient_public =
    "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c";
const char* const ephemeral_secret =
    "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11";
const char* const encapsulated = "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256";
const char* const plain = "4265617574792069732074727574682c20747275746820626561757479";
const char* const beside = "436f756e742d30";
const char* const sealed =
    "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a";

TEST(Hpke, SealsAsTheStandardsVector) {
  const auto ephemeral = X25519Key::from_secret(bytes(ephemeral_secret)).value();
  const auto recipient = X25519PublicKey::from(bytes(recipient_public)).value();
  const auto made = hpke_seal_with(ephemeral, recipient, bytes(info), bytes(beside), bytes(plain));
  ASSERT_TRUE(made);
  EXPECT_EQ(base::hex(made->encapsulated.view()), encapsulated);
  EXPECT_EQ(base::hex(made->text), sealed);
}

TEST(Hpke, OpensTheStandardsVector) {
  const auto own = X25519Key::from_secret(bytes(recipient_secret)).value();
  EXPECT_EQ(base::hex(own.public_key().view()), recipient_public);
  const auto opened = hpke_open(own, X25519PublicKey::from(bytes(encapsulated)).value(),
                                bytes(info), bytes(beside), bytes(sealed));
  ASSERT_TRUE(opened);
  EXPECT_EQ(text_of(opened->plain), "Beauty is truth, truth beauty");
}

TEST(Hpke, ExportsTheStandardsVectors) {
  const auto own = X25519Key::from_secret(bytes(recipient_secret)).value();
  const auto opened = hpke_open(own, X25519PublicKey::from(bytes(encapsulated)).value(),
                                bytes(info), bytes(beside), bytes(sealed));
  ASSERT_TRUE(opened);
  for (const auto& [context, secret] :
       {std::pair{"", "ded6cffafaea6b812cbf3e241e88332adbc077aca81512914213810ee291770a"},
        std::pair{"00", "04d3cb6cc116b28ffd22ad5bc276c60d31fec71ceb87ae24db811c64b7507339"},
        std::pair{"54657374436f6e74657874",
                  "7c5ded445732c14fe09727d29b4251c0fd38455fe8440571e687f0886aac94d2"}}) {
    EXPECT_EQ(base::hex(opened->exporter.secret(bytes(context), 32).reveal()), secret) << context;
  }
}

TEST(Hpke, BothSidesExportTheSame) {
  const auto own = X25519Key::generate().value();
  auto made = hpke_seal(own.public_key(), bytes("01"), {}, bytes("aabbcc")).value();
  const auto opened =
      hpke_open(own, made.encapsulated, bytes("01"), {}, std::move(made.text)).value();
  const auto here = made.exporter.secret(bytes("07"), 32);
  const auto there = opened.exporter.secret(bytes("07"), 32);
  EXPECT_TRUE(std::ranges::equal(here.reveal(), there.reveal()));
  const auto other = opened.exporter.secret(bytes("08"), 32);
  EXPECT_FALSE(std::ranges::equal(here.reveal(), other.reveal()));
}

struct Changed {
  const char* what;
  void (*change)(std::vector<std::uint8_t>& info, std::vector<std::uint8_t>& beside,
                 std::vector<std::uint8_t>& text);
};

TEST(Hpke, OpensNothingThatWasChanged) {
  const auto own = X25519Key::from_secret(bytes(recipient_secret)).value();
  const auto enc = X25519PublicKey::from(bytes(encapsulated)).value();
  const Changed cases[] = {
      {"info", [](auto& given, auto&, auto&) { given[0] ^= 1; }},
      {"info is longer", [](auto& given, auto&, auto&) { given.push_back(0); }},
      {"beside", [](auto&, auto& given, auto&) { given[0] ^= 1; }},
      {"nothing beside", [](auto&, auto& given, auto&) { given.clear(); }},
      {"text", [](auto&, auto&, auto& given) { given[0] ^= 1; }},
      {"tag", [](auto&, auto&, auto& given) { given.back() ^= 0x80; }},
      {"text is shorter", [](auto&, auto&, auto& given) { given.pop_back(); }},
  };
  for (const Changed& each : cases) {
    auto given_info = bytes(info);
    auto given_beside = bytes(beside);
    auto given_text = bytes(sealed);
    each.change(given_info, given_beside, given_text);
    const auto opened = hpke_open(own, enc, given_info, given_beside, std::move(given_text));
    ASSERT_FALSE(opened) << each.what;
    EXPECT_EQ(opened.error().code, ErrorCode::Denied) << each.what;
  }
}

TEST(Hpke, OpensNothingForAnotherKey) {
  const auto other = X25519Key::generate().value();
  const auto opened = hpke_open(other, X25519PublicKey::from(bytes(encapsulated)).value(),
                                bytes(info), bytes(beside), bytes(sealed));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Denied);
}

TEST(Hpke, RefusesWhatIsShorterThanATag) {
  const auto own = X25519Key::generate().value();
  for (std::size_t size = 0; size < 16; ++size) {
    const auto opened =
        hpke_open(own, own.public_key(), {}, {}, std::vector<std::uint8_t>(size, 7));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::Malformed);
  }
}

// Public keys of low order on Curve25519, with which everybody shares zeros: 0, 1, the two of
// order 8, p - 1, p, p + 1.
const char* const low_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

TEST(Hpke, RefusesKeysOfLowOrderOnBothSides) {
  const auto own = X25519Key::generate().value();
  for (const char* const each : low_order) {
    const auto key = X25519PublicKey::from(bytes(each)).value();
    const auto made = hpke_seal(key, {}, {}, bytes("00"));
    ASSERT_FALSE(made) << each;
    EXPECT_EQ(made.error().code, ErrorCode::Malformed);
    const auto opened = hpke_open(own, key, {}, {}, std::vector<std::uint8_t>(32, 7));
    ASSERT_FALSE(opened) << each;
    EXPECT_EQ(opened.error().code, ErrorCode::Malformed);
  }
}

}  // namespace
}  // namespace merlon::crypto
