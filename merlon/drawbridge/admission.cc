#include "merlon/drawbridge/admission.h"

#include <algorithm>

#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/crypto/hash.h"
#include "merlon/x509/certificate.h"

namespace merlon::drawbridge {

using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;
using evidence::Technology;

namespace {

core::Error malformed() { return core::error(ErrorCode::Malformed, "no rule of admission"); }

std::optional<Technology> find_technology(std::string_view name) noexcept {
  if (name == "snp") return Technology::Snp;
  if (name == "sgx") return Technology::Sgx;
  if (name == "tdx") return Technology::Tdx;
  if (name == "kvm") return Technology::Kvm;
  return std::nullopt;
}

Result<evidence::Bytes> hex_of(const JsonValue& value) {
  auto bytes = codec::decode_hex(value.text());
  // An empty one would be what a keep without a measurement has.
  if (value.kind() != JsonKind::String || !bytes || bytes->empty()) return malformed();
  return *std::move(bytes);
}

Result<crypto::Sha256Digest> digest_of(const JsonValue& value) {
  const auto bytes = TRY(hex_of(value));
  return crypto::Sha256Digest::from(bytes);
}

/// Whether hardware vouches for it, and nobody can look inside.
bool is_secure(const evidence::AttestationResult& result) noexcept {
  const bool trusted = result.status == evidence::TrustTier::Affirming ||
                       result.status == evidence::TrustTier::Warning;
  return trusted && !result.debug && !result.simulator && result.technology != Technology::Kvm;
}

}  // namespace

std::optional<Keep> keep_of(core::ByteView certificate, codec::UnixTime now) {
  const auto parsed = x509::Certificate::parse(certificate);
  if (!parsed || !parsed->validity().contains(now)) return std::nullopt;
  auto result = evidence::attestation_result_of(*parsed);
  if (!result || !*result) return std::nullopt;
  return Keep{**std::move(result), crypto::sha256({parsed->issuer()})};
}

Result<Admission::Rule> Admission::parse_rule(const JsonValue& value) {
  if (value.kind() != JsonKind::Object) return malformed();
  Rule rule;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    const std::string_view name = value.names()[i];
    const JsonValue& member = value.items()[i];
    if (name == "technology") {
      rule.technology = find_technology(member.text());
      if (!rule.technology) return malformed();
    } else if (name == "measurement") {
      rule.measurement = TRY(hex_of(member));
    } else if (name == "signer") {
      rule.signer = TRY(hex_of(member));
    } else if (name == "steward") {
      rule.steward = TRY(digest_of(member));
    } else if (name == "tenant") {
      rule.tenant = TRY(digest_of(member));
    } else if (name == "module") {
      rule.module = TRY(digest_of(member));
    } else if (name == "insecure" && member.kind() == JsonKind::Boolean) {
      rule.insecure = member.is_true();
    } else {
      return malformed();
    }
  }
  return rule;
}

Result<Admission> Admission::parse(std::string_view json) {
  if (json.size() > max_size) return core::error(ErrorCode::Exhausted, "a rule that is too long");
  const auto document = TRY(codec::JsonDocument::parse(json));
  const JsonValue& root = document.root();
  if (root.kind() != JsonKind::Object || root.items().size() != 1) return malformed();
  const JsonValue* const keeps = TRY(root.member("keeps", JsonKind::Array));
  if (keeps->items().size() > max_rules) return malformed();
  Admission admission;
  for (const JsonValue& each : keeps->items()) {
    admission.rules_.push_back(TRY(parse_rule(each)));
  }
  return admission;
}

bool Admission::holds(const Rule& rule, const Keep& keep) {
  const evidence::AttestationResult& result = keep.result;
  if (!rule.insecure && !is_secure(result)) return false;
  if (rule.technology && *rule.technology != result.technology) return false;
  if (rule.measurement && *rule.measurement != result.measurement) return false;
  if (rule.steward && *rule.steward != keep.steward) return false;
  if (rule.signer && std::ranges::none_of(result.signers, [&](const auto& signer) {
        return signer.digest == *rule.signer;
      })) {
    return false;
  }
  if (rule.tenant && (!result.workload || result.workload->tenant != *rule.tenant)) return false;
  return !rule.module || (result.workload && result.workload->module == *rule.module);
}

bool Admission::admits(const Keep& keep) const {
  return std::ranges::any_of(rules_, [&](const Rule& rule) { return holds(rule, keep); });
}

}  // namespace merlon::drawbridge
