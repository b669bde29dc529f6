// Keys that a guest asks its security processor for [SNP-ABI 1.58 §7.2].

#include <functional>
#include <set>

#include "merlon/simulate/testing/fake_host.h"

namespace merlon::simulate {
namespace {

using snp::KeyField;
using snp::KeyRequest;
using snp::KeyStatus;
using testing::Bytes;
using testing::FakeGuest;

snp::TcbVersion tcb(std::uint8_t bootloader, std::uint8_t tee, std::uint8_t snp,
                    std::uint8_t microcode) {
  return snp::TcbVersion::from(Bytes{bootloader, tee, 0, 0, 0, 0, snp, microcode}).value();
}

/// What makes one guest differ from another.
struct Kind {
  std::uint64_t policy = testing::policy;
  std::uint8_t pages = 0x90;
  std::uint8_t host_data = 0;
  bool has_id_block = false;
  std::uint8_t image = 0x1D;
  std::uint8_t family = 0xF0;
  std::uint32_t svn = 7;
  std::uint8_t chip = 0xC1;
  snp::TcbVersion platform_tcb = tcb(3, 0, 4, 5);
};

/// A guest that was launched anew, and its answer to one request for a key.
snp::KeyResponse ask(const Kind& kind, const KeyRequest& request, std::uint8_t vmpck = 0) {
  Platform platform = testing::platform();
  platform.endorsed.tcb = kind.platform_tcb;
  platform.chip_secret = crypto::SecretBytes(Bytes(chip_secret_size, kind.chip));
  Server server = Server::create(platform, std::nullopt).value();
  launch::FinishedLaunch finished = testing::without_id_block(kind.host_data);
  if (kind.has_id_block) {
    snp::IdBlock block = testing::id_block();
    block.digest = testing::digest_of_pages(kind.pages);
    block.family_id = snp::FamilyId::from(Bytes(16, kind.family)).value();
    block.image_id = snp::ImageId::from(Bytes(16, kind.image)).value();
    block.guest_svn = kind.svn;
    block.policy = snp::GuestPolicy{kind.policy};
    finished = testing::with_id_block(block, testing::Owner().authenticate(block, false));
  }
  const FakeGuest guest(
      testing::launch_guest(server, testing::pages(kind.pages), finished, kind.policy), vmpck);
  return guest.key(server.answer(guest.ask_key(1, request)).value().value(), 2);
}

Bytes key_of(const Kind& kind, const KeyRequest& request = {}, std::uint8_t vmpck = 0) {
  const auto response = ask(kind, request, vmpck);
  EXPECT_EQ(response.status, KeyStatus::Success);
  const auto key = response.key.reveal();
  return {key.begin(), key.end()};
}

KeyRequest selecting(std::uint64_t fields) {
  KeyRequest request;
  request.fields = fields;
  return request;
}

constexpr std::uint64_t bit(KeyField field) {
  return std::uint64_t{1} << static_cast<unsigned>(field);
}

TEST(DerivedKey, IsTheSameForTheSameGuestAndOfThisChipOnly) {
  EXPECT_EQ(key_of({}), key_of({}));
  EXPECT_EQ(key_of({.host_data = 1}), key_of({}));  // which no key can hold
  EXPECT_NE(key_of({.chip = 0xC2}), key_of({}));
}

TEST(DerivedKey, DiffersInEachFieldThatIsSelectedAndInNoOther) {
  struct Case {
    KeyField field;
    Kind kind;
  };
  const Kind base{.has_id_block = true};
  const std::array cases{
      Case{KeyField::Policy, {.policy = testing::policy | 1U << 19U, .has_id_block = true}},
      Case{KeyField::Image, {.has_id_block = true, .image = 1}},
      Case{KeyField::Family, {.has_id_block = true, .family = 1}},
      Case{KeyField::Measurement, {.pages = 0x91, .has_id_block = true}},
  };
  for (const Case& each : cases) {
    const std::uint64_t own = bit(each.field);
    EXPECT_NE(key_of(each.kind), key_of(base));
    EXPECT_NE(key_of(each.kind, selecting(own)), key_of(base, selecting(own)));
    EXPECT_EQ(key_of(each.kind, selecting(snp::all_key_fields & ~own)),
              key_of(base, selecting(snp::all_key_fields & ~own)));
  }
}

TEST(DerivedKey, VersionsAreThoseThatWereAskedFor) {
  const Kind base{.has_id_block = true};
  KeyRequest svn_six;
  svn_six.guest_svn = 6;
  KeyRequest tcb_low;
  tcb_low.tcb = tcb(2, 0, 4, 5);
  EXPECT_NE(key_of(base, svn_six), key_of(base));
  EXPECT_NE(key_of(base, tcb_low), key_of(base));
  // Whoever comes later gets the keys of before.
  EXPECT_EQ(key_of({.has_id_block = true, .svn = 9}, svn_six), key_of(base, svn_six));
  EXPECT_EQ(key_of({.has_id_block = true, .platform_tcb = tcb(9, 9, 9, 9)}, tcb_low),
            key_of(base, tcb_low));
  svn_six.fields &= ~bit(KeyField::Svn);
  tcb_low.fields &= ~bit(KeyField::Tcb);
  EXPECT_EQ(key_of(base, svn_six), key_of(base, selecting(svn_six.fields)));
  EXPECT_EQ(key_of(base, tcb_low), key_of(base, selecting(tcb_low.fields)));
}

TEST(DerivedKey, WhichFieldsAreSelectedIsPartOfIt) {
  std::set<Bytes> keys;
  for (std::uint64_t fields = 0; fields <= snp::all_key_fields; ++fields) {
    keys.insert(key_of({}, selecting(fields)));  // a guest whose fields are zero for the most part
  }
  EXPECT_EQ(keys.size(), snp::all_key_fields + 1);
}

TEST(DerivedKey, NoVersionAboveTheGuestsOrThePlatforms) {
  const auto status = [](const Kind& kind, const KeyRequest& request) {
    return ask(kind, request).status;
  };
  KeyRequest request;
  request.guest_svn = 7;
  EXPECT_EQ(status({.has_id_block = true}, request), KeyStatus::Success);
  request.guest_svn = 8;
  EXPECT_EQ(status({.has_id_block = true}, request), KeyStatus::InvalidParameters);
  request.guest_svn = 1;
  EXPECT_EQ(status({}, request), KeyStatus::InvalidParameters) << "no ID block, no version";
  request.guest_svn = 0;
  request.tcb = tcb(3, 0, 4, 5);
  EXPECT_EQ(status({}, request), KeyStatus::Success);
  for (const auto& higher : {tcb(4, 0, 4, 5), tcb(3, 1, 4, 5), tcb(3, 0, 5, 5), tcb(0, 0, 0, 6)}) {
    request.tcb = higher;
    EXPECT_EQ(status({}, request), KeyStatus::InvalidParameters);
  }
  request.tcb = snp::TcbVersion::from(Bytes{1, 0, 1, 0, 0, 0, 0, 0}).value();
  EXPECT_EQ(status({}, request), KeyStatus::InvalidParameters) << "a component there is none of";
}

TEST(DerivedKey, LevelsAreApart) {
  KeyRequest request;
  request.vmpl = 1;
  EXPECT_NE(key_of({}, request), key_of({}));
  EXPECT_EQ(key_of({}, request, 1), key_of({}, request));
  EXPECT_EQ(ask({}, {}, 1).status, KeyStatus::InvalidParameters) << "VMPL 1 asks for VMPL 0's";
}

TEST(DerivedKey, RootsThatThereAreNoneOf) {
  KeyRequest request;
  for (const auto root : {snp::RootKey::Vlek, snp::RootKey::Vmrk}) {
    request.root = root;
    EXPECT_EQ(ask({}, request).status, KeyStatus::InvalidKeySelection);
  }
  request.root = snp::RootKey::VlekIfThereIsOne;
  EXPECT_EQ(key_of({}, request), key_of({}));

  Platform old = testing::platform();
  old.chip_secret = crypto::SecretBytes();
  Server server = Server::create(old, std::nullopt).value();
  const FakeGuest guest(testing::launch_guest(server));
  const auto answer = server.answer(guest.ask_key(1, {})).value().value();
  EXPECT_EQ(guest.key(answer, 2).status, KeyStatus::InvalidKeySelection);
}

TEST(DerivedKey, WhatIsMalformedIsSaidInsideOfTheAnswer) {
  const Platform platform = testing::platform();
  Server server = Server::create(platform, std::nullopt).value();
  const FakeGuest guest(testing::launch_guest(server));
  std::uint64_t sequence = 1;
  for (const Bytes& payload : {Bytes(), Bytes(31, 0), Bytes(33, 0), Bytes(32, 0xFF)}) {
    const auto request = guest.message(sequence, snp::MessageType::KeyRequest, payload);
    const auto answer = server.answer(request).value().value();
    EXPECT_EQ(guest.key(answer, sequence + 1).status, KeyStatus::InvalidParameters);
    sequence += 2;
  }
  // Reports and keys count together.
  (void)guest.response(server.answer(guest.ask(sequence)).value().value(), sequence + 1);
}

}  // namespace
}  // namespace merlon::simulate
