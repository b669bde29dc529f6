// The format's test vectors, which docs/sealed-storage.md has too. They were made by another
// program in another language, from the document alone.

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/sealed/index.h"

namespace merlon::sealed {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

/// Bytes that count up from `first`.
Bytes rising(std::uint8_t first, std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}
template <typename T>
T fixed(std::uint8_t first) {
  return T::from(rising(first, T::size)).value();
}
Secret secret(std::uint8_t first) { return Secret(rising(first, secret_size)); }
crypto::AesGcmKey::Nonce nonce(std::uint8_t first) {
  crypto::AesGcmKey::Nonce made{};
  std::ranges::copy(rising(first, made.size()), made.begin());
  return made;
}
std::string hex(const Secret& bytes) { return base::hex(bytes.reveal()); }

const VolumeId volume_id = fixed<VolumeId>(0x10);
const ObjectId object_id = fixed<ObjectId>(0xF0);
Secret root() { return secret(0x00); }
Secret recovery() { return secret(0x40); }
Secret volume_key() { return secret(0x80); }
Workload workload() {
  const auto digest = [](std::string_view text) { return crypto::sha256({core::as_bytes(text)}); };
  return {digest("tenant"), digest("module"), digest("configuration")};
}

Header example() {
  Header header;
  header.id = volume_id;
  header.root = RootKind::Platform;
  header.has_recovery = true;
  header.epoch = 3;
  header.versions.svn = 7;
  header.versions.fields = 0x3F;
  Bytes tcb(16, 0);
  tcb[0] = 1;
  tcb[6] = 8;
  tcb[7] = 0x73;
  header.versions.tcb = Versions::Tcb::from(tcb).value();
  header.platform_check = platform_check(root(), volume_id);
  header.tenant_check = tenant_check(root(), volume_id, workload().tenant, "data");
  const Secret platform = platform_slot_key(root(), volume_id, workload(), "data", Binding::Tenant);
  header.platform_slot = seal_slot(platform, header, nonce(0xA0), volume_key());
  const Secret other = recovery_slot_key(recovery(), volume_id, "data");
  header.recovery_slot = seal_slot(other, header, nonce(0xB0), volume_key());
  header.salt = fixed<Salt>(0xC0);
  header.index_size = 48;
  return header;
}

TEST(Vectors, KeysOfSlots) {
  EXPECT_EQ(hex(platform_slot_key(root(), volume_id, workload(), "data", Binding::Tenant)),
            "1ca2378870ab2ce4eb65125d57002607bbdaf281a9c81c76fe9767fe509212c7");
  EXPECT_EQ(hex(platform_slot_key(root(), volume_id, workload(), "data", Binding::Workload)),
            "0195b87b25454a9ddefc4adf635e8726687977409300b12383be8461abf5f81e");
  EXPECT_EQ(hex(recovery_slot_key(recovery(), volume_id, "data")),
            "86d81c0bc2c91a36c6b5284548133cc8ccab2aa780e7e454b5a215bc1c2625df");
  EXPECT_EQ(base::hex(example().platform_check.view()), "a5d9dcd12f41fe16");
  EXPECT_EQ(base::hex(example().tenant_check.view()), "18938dac088c5a82");
  EXPECT_EQ(hex(NoPlatformKeys().key({}).value()),
            "0c7e186b83c96ef31dcd0cf3d8eadde7d1c1bdcc09545088f13d9b7d1c983169");
}

TEST(Vectors, AnIndexWithItsHeader) {
  Index index;
  index.generation = 5;
  index.entries.push_back({Entry::Kind::Directory, 0, "", {1, 2, 3}});
  index.pieces.emplace_back();
  const Bytes plain = index.bytes().value();
  Bytes whole = example().bytes();
  ASSERT_EQ(whole.size(), Header::size);
  ASSERT_EQ(plain.size(), example().index_size);
  const auto sealed = index_key(volume_key(), example().salt).seal({}, whole, plain);
  whole.insert(whole.end(), sealed.text.begin(), sealed.text.end());
  whole.insert(whole.end(), sealed.tag.begin(), sealed.tag.end());
  EXPECT_EQ(base::hex(whole),
            "4d524c4e564f4c550100000000000000101112131415161718191a1b1c1d1e1f"
            "0100010000000000030000000000000007000000000000003f00000000000000"
            "01000000000008730000000000000000a5d9dcd12f41fe1618938dac088c5a82"
            "a0a1a2a3a4a5a6a7a8a9aaab920c5e57985317d1ef3e047c599f61ab672ca38a"
            "8101a5e94d433fc5e3af9919890db49eceb3374806aebc7731a57375b0b1b2b3"
            "b4b5b6b7b8b9babbf6055cc6a3b31e9e2fcfbc772b83498f93bb56887726d2f0"
            "398ceacbe171b1c3d659c39e015222d814aa321079956bd6c0c1c2c3c4c5c6c7"
            "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf3000000000000000"
            "8068fec3f7f74745a5f9abe5ef761d2f7f578fa61804c8898082ba2ed0d44b94"
            "907561d93492c2b3883d352d684f392cc46016c9e420a1e97c8f473655191839");
  EXPECT_EQ(Header::parse(whole)->bytes(), example().bytes());
}

TEST(Vectors, Objects) {
  const Bytes hello{'h', 'e', 'l', 'l', 'o', '\n'};
  EXPECT_EQ(base::hex(seal_object(volume_key(), volume_id, object_id, hello)),
            "a217705659d1a8d9f0803e47e61839c906980edadfe5");
  Bytes large(segment_size + 3);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(i * 7);
  const Bytes sealed = seal_object(volume_key(), volume_id, object_id, large);
  EXPECT_EQ(sealed.size(), sealed_size(large.size()));
  EXPECT_EQ(base::hex(crypto::sha256({sealed}).view()),
            "c1f305dff5a9a70e15a2da4bbaed3d1d9cef1e15dd41709a785a7956f87caa3b");
}

TEST(Slots, OpenForTheirKeyAndTheirHeaderOnly) {
  const Header header = example();
  const Secret key = platform_slot_key(root(), volume_id, workload(), "data", Binding::Tenant);
  const auto opened = open_slot(key, header, header.platform_slot);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(hex(*opened), hex(volume_key()));
  EXPECT_FALSE(open_slot(recovery(), header, header.platform_slot).has_value());
  EXPECT_FALSE(open_slot(key, header, header.recovery_slot).has_value());
  // Each bit of the common part; a header that cannot be read is none.
  const Bytes good = header.bytes();
  for (std::size_t bit = 0; bit < 8 * Header::common_size; ++bit) {
    Bytes altered = good;
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ 1U << bit % 8);
    const auto read = Header::parse(altered);
    EXPECT_FALSE(read && open_slot(key, *read, read->platform_slot)) << bit;
  }
}

TEST(Header, WhatIsNoneIsRefused) {
  const Bytes good = example().bytes();
  const auto code = [&](std::size_t at, std::uint8_t value) {
    Bytes altered = good;
    altered[at] = value;
    const auto read = Header::parse(altered);
    return read ? ErrorCode::Internal : read.error().code;
  };
  EXPECT_EQ(code(0, 'm'), ErrorCode::Malformed);
  EXPECT_EQ(code(8, 2), ErrorCode::Unsupported);
  EXPECT_EQ(code(12, 1), ErrorCode::Malformed) << "nowhere to choose an algorithm";
  EXPECT_EQ(code(32, 2), ErrorCode::Malformed);
  EXPECT_EQ(code(33, 2), ErrorCode::Malformed);
  EXPECT_EQ(code(34, 2), ErrorCode::Malformed);
  EXPECT_EQ(code(34, 0), ErrorCode::Malformed) << "a recovery slot that is not there";
  EXPECT_EQ(code(35, 1), ErrorCode::Malformed);
  EXPECT_EQ(code(52, 1), ErrorCode::Malformed);
  for (std::size_t size = 0; size < Header::size; ++size) {
    EXPECT_FALSE(Header::parse(core::ByteView(good).first(size)).has_value());
  }
}

TEST(Objects, OpenInTheirPlaceOnly) {
  const Bytes plain = rising(0, 200);
  const Bytes sealed = seal_object(volume_key(), volume_id, object_id, plain);
  Bytes out(plain.size());
  ASSERT_TRUE(open_object(volume_key(), volume_id, object_id, sealed, out).has_value());
  EXPECT_EQ(out, plain);
  const ObjectId other = fixed<ObjectId>(0x01);
  EXPECT_FALSE(open_object(volume_key(), volume_id, other, sealed, out).has_value());
  EXPECT_FALSE(
      open_object(volume_key(), fixed<VolumeId>(0x11), object_id, sealed, out).has_value());
  EXPECT_FALSE(open_object(secret(0x81), volume_id, object_id, sealed, out).has_value());
  EXPECT_EQ(out, Bytes(plain.size(), 0)) << "nothing of it is left";
}

TEST(Objects, SegmentsAreNotSwappedLeftOutOrCutOff) {
  constexpr std::size_t step = segment_size + crypto::gcm_tag_size;
  Bytes plain(3 * segment_size);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i >> 16U);
  const Bytes sealed = seal_object(volume_key(), volume_id, object_id, plain);
  Bytes out(plain.size());
  Bytes swapped = sealed;
  std::swap_ranges(swapped.begin(), swapped.begin() + step, swapped.begin() + step);
  EXPECT_FALSE(open_object(volume_key(), volume_id, object_id, swapped, out).has_value());
  const core::ByteView cut = core::ByteView(sealed).first(2 * step);
  EXPECT_FALSE(open_object(volume_key(), volume_id, object_id, cut, out).has_value());
  Bytes shorter(2 * segment_size);
  EXPECT_FALSE(open_object(volume_key(), volume_id, object_id, cut, shorter).has_value())
      << "nor if the size were believed";
}

TEST(Objects, OneWithoutBytesIsSealedToo) {
  const Bytes sealed = seal_object(volume_key(), volume_id, object_id, {});
  EXPECT_EQ(sealed.size(), sealed_size(0));
  EXPECT_TRUE(open_object(volume_key(), volume_id, object_id, sealed, {}).has_value());
  EXPECT_FALSE(open_object(volume_key(), volume_id, object_id, {}, {}).has_value());
}

TEST(VolumeNames, AreShortAndPlain) {
  EXPECT_TRUE(is_volume_name("data-1_x"));
  for (const char* name : {"", "Data", "a/b", "..", "a b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_volume_name(name)) << name;
  }
  EXPECT_TRUE(is_volume_name(std::string(64, 'a')));
  EXPECT_FALSE(is_volume_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace merlon::sealed
