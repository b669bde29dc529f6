#pragma once

// How a volume's keys come from each other, and what is sealed with them. Labels make keys of one
// purpose useless for another; each key seals one text, or texts with nonces that differ.

#include <optional>

#include "merlon/crypto/aes_gcm.h"
#include "merlon/sealed/header.h"
#include "merlon/sealed/object_store.h"

namespace merlon::sealed {

/// The root's key, the volume's, a tenant's recovery key: 32 bytes each.
using Secret = crypto::SecretBytes;
inline constexpr std::size_t secret_size = 32;

/// Under which the platform slot is sealed: of the root's key for this volume alone, this tenant,
/// and this workload if the binding says so.
[[nodiscard]] Secret platform_slot_key(const Secret& root, const VolumeId& id,
                                       const Workload& workload, std::string_view name,
                                       Binding binding);
/// Of a tenant's recovery key for this volume alone.
[[nodiscard]] Secret recovery_slot_key(const Secret& recovery, const VolumeId& id,
                                       std::string_view name);

[[nodiscard]] KeyCheck platform_check(const Secret& root, const VolumeId& id);
[[nodiscard]] KeyCheck tenant_check(const Secret& root, const VolumeId& id,
                                    const crypto::Sha256Digest& tenant, std::string_view name);

/// `nonce`: random bytes. `header` with everything in its common part settled.
[[nodiscard]] Slot seal_slot(const Secret& slot_key, const Header& header,
                             const crypto::AesGcmKey::Nonce& nonce, const Secret& volume_key);
/// The volume's key, if this is the slot's key and the header's common part is as it was.
[[nodiscard]] std::optional<Secret> open_slot(const Secret& slot_key, const Header& header,
                                              const Slot& slot);

/// For the one index that has this salt.
[[nodiscard]] crypto::AesGcmKey index_key(const Secret& volume_key, const Salt& salt);
/// For the one object of this name.
[[nodiscard]] crypto::AesGcmKey object_key(const Secret& volume_key, const ObjectId& id);

}  // namespace merlon::sealed
