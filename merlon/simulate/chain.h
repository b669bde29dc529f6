#pragma once

// What vouches for reports of a simulated machine: certificates and the revocation list as AMD has
// them [SNP-KDS], but for the product, which is SIMULATOR, and a remark in each certificate. Only
// who trusts the root by name accepts what is under it. Pure.

#include <array>
#include <string_view>
#include <vector>

#include "merlon/crypto/private_key.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/snp/report.h"
#include "merlon/x509/crl.h"
#include "merlon/x509/issue.h"
#include "merlon/x509/path.h"

namespace merlon::simulate {

/// Netscape's comment (2.16.840.1.113730.1.13), which tools show; in every certificate.
inline constexpr std::string_view remark = "SIMULATOR: not confidential";

/// For how long certificates hold, and a revocation list.
inline constexpr std::int64_t certificate_days = 3650;
inline constexpr std::int64_t list_days = 365;

/// What a VCEK stands for.
struct Endorsed {
  snp::ChipId chip_id;
  snp::TcbVersion tcb;
};
/// Denied if it is not a simulator's VCEK, or does not say so. Who signed it is not looked at.
[[nodiscard]] core::Result<Endorsed> endorsed_by(const x509::Certificate& vcek);

class Chain {
 public:
  /// Of DER; whoever can write the files may have spoilt them. Denied if these are not the
  /// certificates and the list of one simulated machine, signed by each other; errors of their
  /// parsers. Whether they are valid at any time is the verifier's to judge.
  struct Parts {
    core::ByteView ark, ask, vcek, list;
  };
  [[nodiscard]] static core::Result<Chain> parse(const Parts& parts);

  [[nodiscard]] const x509::Certificate& ark() const noexcept { return path_[2]; }
  [[nodiscard]] const x509::Certificate& ask() const noexcept { return path_[1]; }
  [[nodiscard]] const x509::Certificate& vcek() const noexcept { return path_[0]; }
  [[nodiscard]] const x509::Crl& list() const noexcept { return list_; }

  /// By which a policy names it: `roots`.
  [[nodiscard]] x509::AnchorId root() const noexcept { return x509::anchor_of(ark()); }
  [[nodiscard]] const Endorsed& endorsed() const noexcept { return endorsed_; }
  /// Whether the list has the ASK. A VCEK is in no list: all have the serial 0.
  [[nodiscard]] bool is_revoked() const noexcept { return list_.lists(ask().serial()); }

  [[nodiscard]] Parts parts() const noexcept {
    return {ark().der(), ask().der(), vcek().der(), list_.der()};
  }

 private:
  Chain(x509::Path path, x509::Crl list) noexcept
      : path_(std::move(path)), list_(std::move(list)) {}

  x509::Path path_;  // VCEK, ASK, ARK
  x509::Crl list_;
  Endorsed endorsed_;
};

/// The certificate table of an extended report.
[[nodiscard]] std::vector<std::uint8_t> table_of(const Chain::Parts& parts);

/// A machine that was made just now.
struct NewMachine {
  Chain chain;
  crypto::PrivateKey vcek_key;
  crypto::PrivateKey ark_key;       ///< only for revoking and updating
  crypto::SecretBytes chip_secret;  ///< what keys for guests are derived from
};
inline constexpr std::size_t chip_secret_size = 32;

/// New keys, a chip id that begins with "SIMULATOR", nothing revoked. The ASK's key is wiped:
/// nothing will be signed by it again. Errors: Internal (no random numbers).
[[nodiscard]] core::Result<NewMachine> make_machine(codec::UnixTime now);

/// The chain with a list that has its ASK, newer than its own. Denied if `ark_key` is another's.
[[nodiscard]] core::Result<Chain> revoke(const Chain& chain, const crypto::PrivateKey& ark_key,
                                         codec::UnixTime now);

/// The same machine with other versions of firmware, higher or lower.
struct UpdatedMachine {
  Chain chain;
  crypto::PrivateKey vcek_key;
};
/// A new VCEK, by a new ASK, under the same root; the chip and the list stay. Denied if `ark_key`
/// is another's, or the machine is revoked: it stays so. Errors: Internal (no random numbers).
[[nodiscard]] core::Result<UpdatedMachine> update(const Chain& chain,
                                                  const crypto::PrivateKey& ark_key,
                                                  const snp::TcbComponents& tcb,
                                                  codec::UnixTime now);

/// Whether it is the private half of the certificate's key.
[[nodiscard]] bool is_key_of(const crypto::PrivateKey& key, const x509::Certificate& certificate);

}  // namespace merlon::simulate
