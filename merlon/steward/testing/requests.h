#pragma once

// For tests: keeps that ask for certificates, on an AMD and an Intel of our own, and issuers.

#include "merlon/steward/authority.h"
#include "merlon/verify/testing/faults.h"

namespace merlon::steward::testing {

using x509::testing::SigningKey;
using x509::testing::test_now;
using x509::testing::year;

/// A self-signed CA of P-256 with a key of its own.
[[nodiscard]] Issuer ca_issuer(codec::UnixTime not_before = {test_now.seconds - year},
                               codec::UnixTime not_after = {test_now.seconds + year});
/// The same, but of no CA.
[[nodiscard]] Issuer leaf_issuer();

/// A root and a CA below it, which signs.
struct TwoCas {
  TwoCas();
  [[nodiscard]] Issuer issuer() const;

  Bytes root, intermediate;
  crypto::SecretBytes pem;  ///< of the CA's key
};

/// A request of `key` with one extension, signed by the key.
[[nodiscard]] Bytes request_with(const Bytes& extension, const SigningKey& key);
/// Of a keep without hardware, as Enarx's writes it.
[[nodiscard]] Bytes kvm_request(const SigningKey& key);

/// A keep on SEV-SNP whose report is bound to its key.
struct AmdKeep {
  explicit AmdKeep(std::string_view product = "Milan");

  SigningKey key{crypto::KeyKind::P384};
  verify::testing::FakeAmd amd;
  std::size_t lists = 0;  ///< different ones that come along

  /// Another keep on the same platform.
  [[nodiscard]] AmdKeep with_another_key() const;

  [[nodiscard]] verify::testing::FakeAmd& fake() noexcept { return amd; }
  [[nodiscard]] snp::LaunchDigest measurement() const;
  /// The evidence extension.
  [[nodiscard]] Bytes extension() const;
  [[nodiscard]] Bytes request() const { return request_with(extension(), key); }
  /// All that vouches for it but the VCEK, which the keep brings.
  [[nodiscard]] verify::Collateral own() const;
};

/// A keep on SGX whose quote is bound to its key.
struct IntelKeep {
  IntelKeep();

  SigningKey key{crypto::KeyKind::P256};
  verify::testing::FakeIntel intel;

  [[nodiscard]] verify::testing::FakeIntel& fake() noexcept { return intel; }
  [[nodiscard]] Bytes extension() const;
  [[nodiscard]] Bytes request() const { return request_with(extension(), key); }
  [[nodiscard]] verify::Collateral own() const;
};

}  // namespace merlon::steward::testing
