#pragma once

// A tenant's deputy: what it takes from tenants, and whom it supplies in their place. Judges with
// `verify`, seals with `delivery`; knows no HTTP, no token and no clock. Any thread.

#include <optional>
#include <string>
#include <vector>

#include "merlon/release/claim.h"
#include "merlon/release/store.h"
#include "merlon/verify/verifier.h"

namespace merlon::release {

/// What a tenant is told of a deposit: nothing of it opens anything.
struct Listing {
  DepositId id;
  std::string name;
  std::uint64_t version = 0;
  std::uint64_t released = 0;  ///< since it was made
  std::uint64_t left = 0;
  bool host_hears = false;
  codec::UnixTime created{}, changed{}, last{}, until{};
  crypto::Sha256Digest policy{};  ///< SHA-256 of its text
  crypto::Sha256Digest module{};
};

/// What a host is told before it starts a keep.
struct Invitation {
  Token token;
  delivery::Nonce nonce;
  std::string offer;  ///< the tenant's word, as he left it
};

/// By what a keep is judged beside the deposit's policy; the caller's.
struct Judging {
  const verify::Collateral& own;  ///< of the broker's, of which nothing came along
  verify::Moment moment;
};

/// A release that was counted.
struct Released {
  std::vector<std::uint8_t> answer;
  std::uint64_t version = 0;
  std::uint64_t left = 0;
  evidence::Technology technology = evidence::Technology::Snp;
  std::string measurement{};  ///< in hexadecimal
  bool simulator = false;
};

class Broker {
 public:
  /// Both outlive it.
  Broker(Store& store, const Keyring& keyring) noexcept : store_(store), keyring_(keyring) {}

  /// `document` is what came; Form, Size, Policy, Workload, Terms, Quota.
  [[nodiscard]] Outcome<Listing> deposit(const TenantId& tenant, core::ByteView document,
                                         codec::UnixTime now);
  /// Another content, count and end for a deposit. A challenge of before is refused then (Changed):
  /// one is answered under the policy and with the content that it was made for, or not at all.
  [[nodiscard]] Outcome<Listing> change(const TenantId& tenant, const DepositId& id,
                                        core::ByteView document, codec::UnixTime now);
  [[nodiscard]] Outcome<void> remove(const TenantId& tenant, const DepositId& id,
                                     codec::UnixTime now);
  [[nodiscard]] Outcome<std::vector<Listing>> list(const TenantId& tenant);
  [[nodiscard]] Outcome<Listing> show(const TenantId& tenant, const DepositId& id);
  /// How keeps and registries know the tenant: delivery::name_of() his key here. Nothing: he has
  /// never left anything.
  [[nodiscard]] Outcome<std::optional<crypto::Sha256Digest>> key_name(const TenantId& tenant);

  /// Keeps nothing of it.
  [[nodiscard]] Outcome<Invitation> challenge(const DepositId& id, codec::UnixTime now);
  /// Judges the keep, counts, and seals; what was seen of the vendors' is put into `seen` whatever
  /// comes of it. `claim` is attacker-controlled.
  [[nodiscard]] Outcome<Released> release(const DepositId& id, core::ByteView claim,
                                          const Judging& judging, codec::UnixTime now,
                                          verify::Memory& seen);

 private:
  [[nodiscard]] Outcome<Stored> usable(const DepositId& id, codec::UnixTime now);
  [[nodiscard]] Outcome<crypto::PrivateKey> key_of(const TenantId& tenant);

  Store& store_;
  const Keyring& keyring_;
};

}  // namespace merlon::release
