#pragma once

// Messages that only the holder of one X25519 key can read: HPKE [RFC9180] in base mode, with
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM (§7). Each context seals one message, so
// no nonce is ever used twice (§5.2). Base mode names no sender: whoever must know who sealed signs
// the message.

#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/crypto/x25519.h"

namespace merlon::crypto {

/// What both sides of one sealed message share, and nobody else: keys for what they say later
/// [RFC9180 §5.3].
class HpkeExporter {
 public:
  explicit HpkeExporter(SecretBytes secret) noexcept : secret_(std::move(secret)) {}

  /// What an HpkeExporter is made of, for who keeps it.
  [[nodiscard]] core::ByteView reveal() const noexcept { return secret_.reveal(); }

  /// `size` bytes, at most 255 × 32, that are different for each `context`.
  [[nodiscard]] SecretBytes secret(core::ByteView context, std::size_t size) const noexcept;

 private:
  SecretBytes secret_;
};

struct HpkeSealed {
  X25519PublicKey encapsulated;    ///< `enc` of the standard; goes beside the text
  std::vector<std::uint8_t> text;  ///< as long as the plain text and gcm_tag_size
  HpkeExporter exporter;
};

/// Seals `plain` to `recipient`; `info` and `beside` must be the same when it is opened.
///
/// Errors: Malformed (a key of which everybody knows what is shared with it, RFC9180 §7.1.4)
///         · Internal (no random numbers).
[[nodiscard]] core::Result<HpkeSealed> hpke_seal(const X25519PublicKey& recipient,
                                                 core::ByteView info, core::ByteView beside,
                                                 core::ByteView plain);
/// The same with a key that the caller made, for this one message. For tests.
[[nodiscard]] core::Result<HpkeSealed> hpke_seal_with(const X25519Key& ephemeral,
                                                      const X25519PublicKey& recipient,
                                                      core::ByteView info, core::ByteView beside,
                                                      core::ByteView plain);

struct HpkeOpened {
  SecretBytes plain;
  HpkeExporter exporter;
};

/// Opens `text` where it lies, and wipes it if it cannot be. Attacker-controlled.
///
/// Errors: Malformed (shorter than a tag; a key as above) · Denied (not sealed to this key, or
///         with another `info` or `beside`, or changed).
[[nodiscard]] core::Result<HpkeOpened> hpke_open(const X25519Key& own,
                                                 const X25519PublicKey& encapsulated,
                                                 core::ByteView info, core::ByteView beside,
                                                 std::vector<std::uint8_t>&& text);

}  // namespace merlon::crypto
