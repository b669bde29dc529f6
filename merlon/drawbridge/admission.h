#pragma once

// Which keeps may read a private repository: a rule of its user's over what a Steward's certificate
// says of a keep. A repository without a rule admits none.
//
//   {"keeps":[{"technology":"snp","measurement":"<hex>","signer":"<hex>","steward":"<hex>",
//              "tenant":"<hex>","module":"<hex>","insecure":false}]}
//
// A keep is admitted if all members of one element hold. What is not attested by hardware, or can
// be debugged, or is a simulator's, only an element with "insecure": true admits.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/json.h"
#include "merlon/core/result.h"
#include "merlon/evidence/attestation_result.h"

namespace merlon::drawbridge {

/// A keep, by its certificate, which TLS has judged.
struct Keep {
  evidence::AttestationResult result;
  crypto::Sha256Digest steward;  ///< SHA-256 of the DER name of who issued the certificate
};

/// What a client certificate says of a keep; nothing if it says nothing, or counts no more: TLS has
/// judged it when the connection began, and that may be long ago.
[[nodiscard]] std::optional<Keep> keep_of(core::ByteView certificate, codec::UnixTime now);

class Admission {
 public:
  static constexpr std::size_t max_size = std::size_t{32} << 10U;
  static constexpr std::size_t max_rules = 64;

  /// Admits nobody.
  Admission() = default;
  /// Malformed: no such rule, or a member that is not known, which might have narrowed it.
  [[nodiscard]] static core::Result<Admission> parse(std::string_view json);

  [[nodiscard]] bool admits(const Keep& keep) const;

 private:
  struct Rule {
    std::optional<evidence::Technology> technology;
    std::optional<evidence::Bytes> measurement, signer;
    std::optional<crypto::Sha256Digest> steward, tenant, module;
    bool insecure = false;
  };
  [[nodiscard]] static core::Result<Rule> parse_rule(const codec::JsonValue& value);
  [[nodiscard]] static bool holds(const Rule& rule, const Keep& keep);

  std::vector<Rule> rules_;
};

}  // namespace merlon::drawbridge
