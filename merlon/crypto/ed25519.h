#pragma once

// Signatures of Ed25519 [RFC8032 §5.1]. Keys and signatures are attacker-controlled. Pure; any
// thread.

#include "merlon/core/fixed_bytes.h"

namespace merlon::crypto {

using Ed25519PublicKey = core::FixedBytes<struct Ed25519PublicKeyTag, 32>;

/// Whether `signature` (64 bytes) of the message itself holds; false for every malformed key and
/// signature.
[[nodiscard]] bool verify_ed25519(const Ed25519PublicKey& key, core::ByteView message,
                                  core::ByteView signature) noexcept;

}  // namespace merlon::crypto
