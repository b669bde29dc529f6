#pragma once

// Reports of SEV-SNP, from the processor's firmware.

#include "merlon/crypto/secret_bytes.h"
#include "merlon/identity/attester.h"
#include "merlon/identity/guest_channel.h"

namespace merlon::identity {

/// What a keep has use for of a page of secrets.
struct FirmwareSecrets {
  crypto::AesGcmKey vmpck0;
  /// Random bytes that the firmware made and no host knows: the keys of the other levels, which a
  /// keep has not.
  crypto::SecretBytes seed;
};

/// Of a page of secrets [SNP-ABI 1.58 §8.17.2.5; LINUX struct snp_secrets_page]. The page's keys,
/// all four, are overwritten: from here on nobody else can speak with their voice. Malformed:
/// another size, or another version of the page.
[[nodiscard]] core::Result<FirmwareSecrets> take_secrets(core::ByteSpan secrets_page);

class SnpAttester final : public Attester {
 public:
  /// `carrier` outlives this object.
  SnpAttester(crypto::AesGcmKey vmpck0, Carrier& carrier) noexcept
      : channel_(std::move(vmpck0), 0, carrier) {}

  [[nodiscard]] evidence::Technology technology() const noexcept override {
    return evidence::Technology::Snp;
  }
  /// A report of 1184 bytes for VMPL 0. Errors: those of GuestChannel · Unsupported (the firmware
  /// refused) · Denied (a report that was not asked for).
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> evidence_for(
      const evidence::ReportData& data) override;
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> measurement_of(
      core::ByteView evidence) const override;
  /// The committed TCB and the guest's SVN, as a report of now says.
  [[nodiscard]] core::Result<KeyVersions> newest_key_versions() override;
  /// Derived from the VCEK, for VMPL 0, of all fields that there are [SNP-ABI 1.58 §7.2]: policy
  /// (a debug keep has another key), image and family, measurement, SVN and TCB. The host's answer
  /// is wiped.
  [[nodiscard]] core::Result<crypto::SecretBytes> platform_key(
      const KeyVersions& versions) override;
  [[nodiscard]] std::vector<std::uint8_t> certificates() override {
    return channel_.certificates();
  }

 private:
  GuestChannel channel_;
};

}  // namespace merlon::identity
