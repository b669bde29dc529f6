#pragma once

// How guests of these tests send messages: as the keep does (merlon/keep/self.cc), but without its
// patience.

#include "merlon/identity/guest_channel.h"
#include "merlon/os/attestation.h"

namespace merlon::tests {

class Carrier final : public identity::Carrier {
 public:
  core::Result<std::vector<std::uint8_t>> carry(core::ByteView sealed) override {
    constexpr std::size_t message_page = 4096;
    std::vector<std::uint8_t> answer(message_page);
    const auto size = os::attest(core::AttestKind::GuestMessage, sealed, answer);
    if (!size) {
      return core::error(
          size.error() == os::Errno::Again ? core::ErrorCode::Unavailable : core::ErrorCode::Denied,
          "nothing came");
    }
    answer.resize(*size);
    return answer;
  }
  std::vector<std::uint8_t> certificates() override {
    constexpr std::size_t most = std::size_t{64} << 10U;
    std::vector<std::uint8_t> table(most);
    const auto size = os::attest(core::AttestKind::Certificates, {}, table);
    table.resize(size ? *size : 0);
    return table;
  }
  bool pause(unsigned tries) override { return tries < 3; }
};

}  // namespace merlon::tests
