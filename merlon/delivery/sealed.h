#pragma once

// A workload on its way into one keep: sealed to the key that the keep's evidence speaks for,
// signed by the tenant whose challenge that evidence holds. Nobody else can open it, no other keep
// takes it, and it says who sent it. docs/protocol.md tells what each part binds, and why.
//
//   offset  size
//        0     8  magic "MRLNSEAL"
//        8     4  version, 1
//       12     4  size of the text, at most max_text_size
//       16    32  encapsulated key [RFC9180]
//       48        text: HPKE to the keep's key, with
//                   info   "merlon/deliver/1" ‖ SHA-256(evidence) ‖ nonce
//                   aad    the first 16 bytes above
//                 and of it, opened:
//        0    64  the tenant's key, P-256, x ‖ y
//       64    32  the salt of his challenge
//       96    64  r ‖ s, ECDSA with SHA-256 over
//                   "merlon/signed/v1" ‖ SHA-256(evidence) ‖ nonce ‖ SHA-256(what follows)
//      160        the workload (workload.h)
//
// Integers are little-endian.

#include <vector>

#include "merlon/crypto/hpke.h"
#include "merlon/delivery/challenge.h"
#include "merlon/delivery/workload.h"
#include "merlon/os/fd.h"

namespace merlon::delivery {

inline constexpr std::size_t sealed_header_size = 16;
inline constexpr std::size_t max_text_size =
    max_module_size + files::max_archive_size + launch::max_message_size + std::size_t{1024};
/// Of a whole delivery.
inline constexpr std::size_t max_size =
    sealed_header_size + crypto::X25519PublicKey::size + max_text_size;

/// What a delivery is made for: the keep whose evidence this is, and that answered this challenge.
struct Recipient {
  core::ByteView evidence;  ///< as the keep gave it; empty: nothing attests this keep
  Nonce nonce;
};

struct Sealed {
  std::vector<std::uint8_t> bytes;
  crypto::HpkeExporter exporter;  ///< the secrets of the talk that follows (records.h)
};

/// `keep` is the key that the evidence was found to speak for.
///
/// Errors: as encode() · Malformed (a key of low order) · Internal.
[[nodiscard]] core::Result<Sealed> seal(const Challenge& challenge, core::ByteView evidence,
                                        const crypto::X25519PublicKey& keep,
                                        const Workload& workload);

struct Opened {
  Workload workload;
  TenantKey tenant;
  crypto::HpkeExporter exporter;
};

/// Errors: Malformed · Unsupported (another version) · Exhausted · Denied (not for this keep, this
///         evidence or this challenge; a signature that does not hold). Attacker-controlled; work
///         and memory are bounded by the size of `bytes`, which are wiped.
[[nodiscard]] core::Result<Opened> open(const crypto::X25519Key& keep, const Recipient& recipient,
                                        std::vector<std::uint8_t>&& bytes);

/// How many bytes follow a header of sealed_header_size bytes. Attacker-controlled.
/// Errors: Malformed · Unsupported · Exhausted.
[[nodiscard]] core::Result<std::size_t> size_behind(core::ByteView header);

/// Whether this is one delivery and nothing behind it: a keep reads no further, so that whoever
/// writes more to it waits for ever. Attacker-controlled.
[[nodiscard]] bool is_one_delivery(core::ByteView bytes);

/// Waits for one delivery on a stream. Attacker-controlled; no more than its own bytes are read.
/// Errors: as size_behind() · Unavailable (the other side closed without a word) · Malformed.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> receive(os::BorrowedFd channel);

}  // namespace merlon::delivery
