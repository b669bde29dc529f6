#pragma once

// A keep's talk with the security processor of SEV-SNP [SNP-ABI 1.58 §8.26]: one sealed request,
// one sealed answer. The host carries both and may lose, delay, repeat or spoil them, or say that
// it has no time. No sequence number is ever sealed twice: whatever could make that happen ends the
// channel for good, and with it all evidence of this keep.

#include <cstdint>
#include <optional>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/aes_gcm.h"
#include "merlon/snp/guest_message.h"

namespace merlon::identity {

/// Who carries messages: the host, by way of the shim.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Carries `sealed` there and brings what came back. Unavailable: not now, the same message may
  /// be tried again. Every other error ends the channel.
  [[nodiscard]] virtual core::Result<std::vector<std::uint8_t>> carry(core::ByteView sealed) = 0;
  /// The certificate table that the host has for reports of this machine; may be empty.
  [[nodiscard]] virtual std::vector<std::uint8_t> certificates() = 0;
  /// Waits a little before the next try, longer with each. False: it has been tried long enough.
  [[nodiscard]] virtual bool pause(unsigned tries) = 0;
};

class GuestChannel {
 public:
  /// `carrier` outlives this object. `vmpck` is the number of the key that `key` is.
  GuestChannel(crypto::AesGcmKey key, std::uint8_t vmpck, Carrier& carrier) noexcept
      : key_(std::move(key)), vmpck_(vmpck), carrier_(&carrier) {}

  /// The payload of the answer to a request of `type`.
  ///
  /// Errors: Unavailable (the host had no time; the request is kept, and the next one waits for its
  /// answer first) · Denied (the channel has ended, now or before: the answer was not the
  /// processor's, or not to this request).
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> ask(snp::MessageType type,
                                                            std::vector<std::uint8_t> payload);

  /// What the host has; not from the processor.
  [[nodiscard]] std::vector<std::uint8_t> certificates() { return carrier_->certificates(); }
  [[nodiscard]] bool has_ended() const noexcept { return key_.is_wiped(); }

 private:
  struct Pending {
    snp::GuestMessage message;
    std::vector<std::uint8_t> sealed;
  };

  [[nodiscard]] core::Result<std::vector<std::uint8_t>> finish();
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> carry_patiently();
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> judge(core::ByteView answer) const;
  [[nodiscard]] core::Error end() noexcept;

  crypto::AesGcmKey key_;
  std::uint8_t vmpck_;
  Carrier* carrier_;
  std::uint64_t next_ = 1;
  std::optional<Pending> pending_;
};

}  // namespace merlon::identity
