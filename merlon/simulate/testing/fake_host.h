#pragma once

// For tests: who launches a guest on a simulated machine, and the guest. Header only.

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/simulate/server.h"
#include "merlon/snp/guest_message.h"
#include "merlon/snp/id_block.h"
#include "merlon/snp/key_request.h"
#include "merlon/snp/page_info.h"
#include "merlon/snp/report_request.h"

namespace merlon::simulate::testing {

using Bytes = std::vector<std::uint8_t>;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;

inline constexpr codec::UnixTime test_now{1'780'000'000};
inline constexpr std::uint64_t policy = 0x30000 | 1U << 8U | 58;  ///< ABI 1.58, SMT, bit 17

/// One for all tests of a program: making keys takes time.
inline const NewMachine& machine() {
  static const NewMachine made = make_machine(test_now).value();
  return made;
}
inline crypto::PrivateKey copy_of(const crypto::PrivateKey& key) {
  return crypto::PrivateKey::from_pem(key.to_pem().value().reveal()).value();
}
inline Platform platform() {
  const Chain& chain = machine().chain;
  return {chain.endorsed(), copy_of(machine().vcek_key), table_of(chain.parts()),
          crypto::SecretBytes(Bytes(chip_secret_size, 0xC1))};
}

inline FirmwareRequest update(snp::PageType type, std::uint64_t address, Bytes pages) {
  return {FirmwareCommand::Update, static_cast<std::uint32_t>(type), address, std::move(pages)};
}

/// The pages of a small guest, with one of each kind.
inline std::vector<FirmwareRequest> pages(std::uint8_t byte = 0x90) {
  return {update(snp::PageType::Normal, 0x10'0000, Bytes(2 * 4096UL, byte)),
          update(snp::PageType::Zero, 0x10'2000, Bytes(3 * 4096UL, 0)),
          update(snp::PageType::Secrets, 0x10'5000, Bytes(4096, 0)),
          update(snp::PageType::Cpuid, 0x10'6000, Bytes(4096, 0)),
          update(snp::PageType::Vmsa, image::vmsa_address, Bytes(4096, 0x11))};
}
/// Its launch digest, by the rules alone.
inline snp::LaunchDigest digest_of_pages(std::uint8_t byte = 0x90) {
  measure::LaunchChain chain;
  for (const std::uint64_t at : {0x10'0000U, 0x10'1000U}) chain.add_normal(at, Bytes(4096, byte));
  for (const std::uint64_t at : {0x10'2000U, 0x10'3000U, 0x10'4000U}) {
    chain.add_empty(snp::PageType::Zero, at);
  }
  chain.add_empty(snp::PageType::Secrets, 0x10'5000);
  chain.add_empty(snp::PageType::Cpuid, 0x10'6000);
  chain.add_vmsa(Bytes(4096, 0x11));
  return chain.digest();
}

inline launch::FinishedLaunch without_id_block(std::uint8_t host_data = 0) {
  return {Bytes(32, host_data), {}, {}, false};
}

/// An owner who signs ID blocks, and the author who vouches for him.
struct Owner {
  crypto::PrivateKey id_key = crypto::PrivateKey::generate(crypto::KeyKind::P384).value();
  crypto::PrivateKey author_key = crypto::PrivateKey::generate(crypto::KeyKind::P384).value();

  static snp::PublicKey public_half(const crypto::PrivateKey& key) {
    return {snp::PublicPoint::from(key.point().value()).value()};
  }
  static snp::Signature sign(const crypto::PrivateKey& key, core::ByteView message) {
    const auto digest = crypto::Digest::of(crypto::HashKind::Sha384, message);
    return {snp::SignatureNumbers::from(key.sign_ecdsa(digest).value()).value()};
  }
  [[nodiscard]] snp::IdAuth authenticate(const snp::IdBlock& block, bool with_author) const {
    const snp::PublicKey id = public_half(id_key);
    snp::IdAuth auth{sign(id_key, block.to_bytes()), id, {}};
    if (with_author) {
      auth.author = snp::AuthorSignature{sign(author_key, id.to_bytes()), public_half(author_key)};
    }
    return auth;
  }
};

inline snp::IdBlock id_block() {
  return {digest_of_pages(), snp::FamilyId::from(Bytes(16, 0xF0)).value(),
          snp::ImageId::from(Bytes(16, 0x1D)).value(), 7, snp::GuestPolicy{policy}};
}
inline launch::FinishedLaunch with_id_block(const snp::IdBlock& block, const snp::IdAuth& auth) {
  const auto block_bytes = block.to_bytes();
  const auto auth_bytes = auth.to_bytes();
  return {Bytes(32, 0),
          {block_bytes.begin(), block_bytes.end()},
          {auth_bytes.begin(), auth_bytes.end()},
          auth.author.has_value()};
}

/// Launches a guest; the page of secrets, or nothing if it does not start.
inline Bytes launch_guest(Server& server, const std::vector<FirmwareRequest>& with = pages(),
                          const launch::FinishedLaunch& finished = without_id_block(),
                          std::uint64_t with_policy = policy) {
  Bytes secrets;
  const auto ask = [&](const FirmwareRequest& request) {
    const auto answer = server.answer(request).value();
    return answer.value_or(FirmwareAnswer{FirmwareStatus::Success, {}});
  };
  EXPECT_EQ(ask({FirmwareCommand::Start, 0, with_policy, {}}).status, FirmwareStatus::Success);
  for (const FirmwareRequest& page : with) {
    const FirmwareAnswer answer = ask(page);
    if (page.kind == static_cast<std::uint32_t>(snp::PageType::Secrets)) secrets = answer.payload;
  }
  const FirmwareAnswer end = ask({FirmwareCommand::Finish, 0, 0, finished.bytes()});
  return end.status == FirmwareStatus::Success ? secrets : Bytes();
}

/// What a guest does with one of its keys.
class FakeGuest {
 public:
  explicit FakeGuest(const Bytes& secrets, std::uint8_t vmpck = 0)
      : key_(core::ByteView(secrets).subspan(0x20 + 32UL * vmpck, 32)), vmpck_(vmpck) {}

  [[nodiscard]] FirmwareRequest message(std::uint64_t sequence, snp::MessageType type,
                                        Bytes payload) const {
    Bytes page = snp::seal(key_, {type, sequence, vmpck_, std::move(payload)});
    page.resize(4096, 0);
    return {FirmwareCommand::Guest, 0, 0, std::move(page)};
  }
  [[nodiscard]] FirmwareRequest ask(std::uint64_t sequence, std::uint8_t data = 0xDA,
                                    std::uint32_t vmpl = 0,
                                    snp::ReportKey which = snp::ReportKey::Vcek) const {
    const snp::ReportRequest request{snp::ReportData::from(Bytes(64, data)).value(), vmpl, which};
    return message(sequence, snp::MessageType::ReportRequest, request.bytes());
  }
  [[nodiscard]] FirmwareRequest ask_key(std::uint64_t sequence,
                                        const snp::KeyRequest& request) const {
    return message(sequence, snp::MessageType::KeyRequest, request.bytes());
  }
  /// What the answer to `ask_key` holds.
  [[nodiscard]] snp::KeyResponse key(const FirmwareAnswer& answer, std::uint64_t sequence) const {
    EXPECT_EQ(answer.status, FirmwareStatus::Success);
    const auto message = open(answer);
    if (!message) {
      ADD_FAILURE() << message.error().what;
      return {};
    }
    EXPECT_EQ(message->sequence, sequence);
    EXPECT_EQ(message->type, snp::MessageType::KeyResponse);
    return snp::KeyResponse::parse(message->payload).value();
  }
  [[nodiscard]] core::Result<snp::GuestMessage> open(const FirmwareAnswer& answer) const {
    return snp::open(key_, answer.payload);
  }
  /// What the answer to `ask` holds.
  [[nodiscard]] snp::ReportResponse response(const FirmwareAnswer& answer,
                                             std::uint64_t sequence) const {
    EXPECT_EQ(answer.status, FirmwareStatus::Success);
    EXPECT_EQ(answer.payload.size(), launch::firmware_page_size);
    const auto message = open(answer);
    if (!message) {
      ADD_FAILURE() << message.error().what;
      return {};
    }
    EXPECT_EQ(message->sequence, sequence);
    EXPECT_EQ(message->type, snp::MessageType::ReportResponse);
    EXPECT_EQ(message->vmpck, vmpck_);
    return snp::ReportResponse::parse(message->payload).value();
  }

 private:
  crypto::AesGcmKey key_;
  std::uint8_t vmpck_;
};

}  // namespace merlon::simulate::testing
