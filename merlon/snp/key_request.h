#pragma once

// MSG_KEY_REQ and MSG_KEY_RSP [SNP-ABI 1.58 §7.2, §8.26]: how a guest asks for a key that only this
// processor can make, and only for guests that are in the selected fields what this one is.
// Payloads of guest messages, and so from the other side of an authenticated channel.
// Little-endian.

#include <vector>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/snp/report.h"

namespace merlon::snp {

/// ROOT_KEY_SELECT and KEY_SEL: what the key is derived from. Only two of them are ever asked for;
/// a VLEK is of many machines, and a VMRK is a migration agent's.
enum class RootKey : std::uint32_t {
  VlekIfThereIsOne = 0,
  Vmrk = 1,
  Vcek = 1U << 1U,
  Vlek = 2U << 1U,
};

/// Bits of GUEST_FIELD_SELECT: what of a guest is mixed into its key.
enum class KeyField : std::uint8_t {
  Policy = 0,
  Image = 1,
  Family = 2,
  Measurement = 3,
  Svn = 4,
  Tcb = 5,
};
inline constexpr std::uint64_t all_key_fields = 0x3F;

struct KeyRequest {
  static constexpr std::size_t size = 32;

  RootKey root = RootKey::Vcek;
  std::uint64_t fields = all_key_fields;
  std::uint32_t vmpl = 0;       ///< mixed in always
  std::uint32_t guest_svn = 0;  ///< at most the guest's own, of its ID block
  TcbVersion tcb;               ///< at most the committed one, each component

  [[nodiscard]] bool selects(KeyField field) const noexcept {
    return (fields >> static_cast<unsigned>(field) & 1U) != 0;
  }
  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: another size, reserved bits, a root or VMPL that there is none of.
  [[nodiscard]] static core::Result<KeyRequest> parse(core::ByteView payload);
};

/// STATUS of MSG_KEY_RSP.
enum class KeyStatus : std::uint32_t {
  Success = 0,
  InvalidParameters = 0x16,
  InvalidKeySelection = 0x27,
};

struct KeyResponse {
  static constexpr std::size_t size = 64;
  static constexpr std::size_t key_size = 32;

  KeyStatus status = KeyStatus::InvalidParameters;
  crypto::SecretBytes key;  ///< of key_size bytes, if the status is Success

  /// A secret: the caller wipes it.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: reserved bytes, another size, a key of zeros. Unsupported: another status (detail:
  /// which).
  [[nodiscard]] static core::Result<KeyResponse> parse(core::ByteView payload);
};

}  // namespace merlon::snp
