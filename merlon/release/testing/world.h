#pragma once

// For tests: a broker with a store in a folder of its own, deposits, and keeps on an AMD of ours.

#include <memory>
#include <string>

#include "merlon/crypto/x25519.h"
#include "merlon/release/broker.h"
#include "merlon/verify/testing/fake_amd.h"

namespace merlon::release::testing {

using Bytes = std::vector<std::uint8_t>;

inline constexpr codec::UnixTime now = x509::testing::test_now;

/// Goes with its files.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

/// A keep that waits for a delivery.
struct Keep {
  verify::testing::FakeAmd amd;
  crypto::X25519Key key = crypto::X25519Key::generate().value();
  Bytes tls_key = Bytes(91, 7);

  /// What it proves for a challenge; the VCEK is in its certificates.
  [[nodiscard]] launch::Proof proof(const delivery::Nonce& nonce) const;
  /// All that vouches for it.
  [[nodiscard]] verify::Collateral own() const;
  /// A policy that names it, and its AMD.
  [[nodiscard]] std::string policy() const;
};

[[nodiscard]] Deposit deposit_for(const std::string& policy, std::uint32_t releases = 1);
[[nodiscard]] Bytes document(const Deposit& deposit);
[[nodiscard]] inline TenantId tenant(std::string_view subject = "alice") {
  return tenant_of("https://issuer.example", subject);
}

/// One life of a broker over a folder's store; `key` is 32 times one byte.
class Life {
 public:
  explicit Life(const Folder& folder, std::uint8_t key = 1, Quota quota = {});
  [[nodiscard]] bool is_open() const noexcept { return broker_.has_value(); }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  [[nodiscard]] Broker& broker() { return broker_.value(); }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] const Keyring& keyring() const noexcept { return keyring_; }

  /// A keep claims by a challenge that was made at `at`.
  [[nodiscard]] Outcome<Released> release(const DepositId& id, const Keep& keep,
                                          codec::UnixTime at = now);

 private:
  database::Database database_;
  Keyring keyring_;
  std::string trouble_;
  std::unique_ptr<Store> store_;
  std::optional<Broker> broker_;
};

}  // namespace merlon::release::testing
