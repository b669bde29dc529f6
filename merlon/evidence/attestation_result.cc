#include "merlon/evidence/attestation_result.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/cbor.h"
#include "merlon/codec/der_writer.h"
#include "merlon/codec/hex.h"

namespace merlon::evidence {

using codec::CborMajor;
using codec::CborReader;
using codec::CborWriter;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view media_type =
    "application/eat-ucs+cbor; eat_profile=\"tag:ietf.org,2026:rats/ear#04\"";
constexpr std::string_view policy_prefix = "sha256:";
constexpr std::uint64_t result_kind = 1U << 3U;  ///< of a message [CMW §3.1]

/// Labels that are registered or asked for [EAR §3; RFC9711 §10.2].
constexpr std::uint64_t iat = 6;
constexpr std::uint64_t debug_status = 263;
constexpr std::uint64_t eat_profile = 265;
constexpr std::uint64_t submodules = 266;
constexpr std::uint64_t ear_status = 1000;
constexpr std::uint64_t ear_vector = 1001;
constexpr std::uint64_t ear_policies = 1003;
constexpr std::uint64_t ear_verifier = 1004;
constexpr std::uint64_t ear_attester_claims = 1005;
constexpr std::uint64_t ear_verifier_claims = 1006;

/// Our own, of the private space: the label is -1 - n.
constexpr std::uint64_t own_technology = 75'799;
constexpr std::uint64_t own_measurement = 75'800;
constexpr std::uint64_t own_signers = 75'801;
constexpr std::uint64_t own_workload = 75'802;  ///< [tenant, module, configuration], SHA-256 each
constexpr std::uint64_t own_tcb_status = 75'809;
constexpr std::uint64_t own_simulator = 75'810;
constexpr std::uint64_t own_evidence = 75'811;
constexpr std::uint64_t own_remarks = 75'812;

constexpr std::uint64_t debug_enabled = 0;
constexpr std::uint64_t debug_disabled = 1;

constexpr std::uint64_t vector_executables = 2;
constexpr std::uint64_t vector_hardware = 4;
constexpr std::uint64_t vector_runtime_opaque = 5;

std::string fitting(std::string_view text) {
  std::string made(text.substr(0, AttestationResult::max_text_size));
  std::ranges::replace_if(made, [](char c) { return c < ' ' || c > '~'; }, '?');
  return made;
}

ByteView fitting(const Bytes& digest) {
  return ByteView(digest).first(std::min(digest.size(), AttestationResult::max_digest_size));
}

void write_vector(CborWriter& out, const TrustVector& vector) {
  const std::array<std::pair<std::uint64_t, std::uint8_t>, 3> claims{
      {{vector_executables, vector.executables},
       {vector_hardware, vector.hardware},
       {vector_runtime_opaque, vector.memory}}};
  out.map(static_cast<std::uint64_t>(
      std::ranges::count_if(claims, [](const auto& claim) { return claim.second != 0; })));
  for (const auto& [label, value] : claims) {
    if (value == 0) continue;
    out.unsigned_number(label);
    out.unsigned_number(std::min<std::uint8_t>(value, 127));
  }
}

/// What the evidence says.
void write_attester_claims(CborWriter& out, const AttestationResult& result) {
  const std::size_t signers = std::min(result.signers.size(), AttestationResult::max_signers);
  out.map(result.workload ? 5 : 4);
  out.unsigned_number(debug_status);
  out.unsigned_number(result.debug ? debug_enabled : debug_disabled);
  out.negative_number(own_technology);
  out.text(to_string(result.technology));
  out.negative_number(own_measurement);
  out.bytes(fitting(result.measurement));
  out.negative_number(own_signers);
  out.array(signers);
  for (const WorkloadSigner& each : std::span(result.signers).first(signers)) {
    out.array(2);
    out.text(fitting(each.role));
    out.bytes(fitting(each.digest));
  }
  if (!result.workload) return;
  out.negative_number(own_workload);
  out.array(3);
  out.bytes(result.workload->tenant.view());
  out.bytes(result.workload->module.view());
  out.bytes(result.workload->configuration.view());
}

/// What the verifier says beside.
void write_verifier_claims(CborWriter& out, const AttestationResult& result) {
  const std::size_t remarks = std::min(result.remarks.size(), AttestationResult::max_remarks);
  out.map(4);
  out.negative_number(own_tcb_status);
  out.text(fitting(result.tcb_status));
  out.negative_number(own_simulator);
  out.boolean(result.simulator);
  out.negative_number(own_evidence);
  out.bytes(result.evidence.view());
  out.negative_number(own_remarks);
  out.array(remarks);
  for (const std::string& each : std::span(result.remarks).first(remarks)) out.text(fitting(each));
}

Bytes claims_set(const AttestationResult& result) {
  CborWriter out;
  out.map(4);
  out.unsigned_number(iat);
  out.unsigned_number(static_cast<std::uint64_t>(std::max<std::int64_t>(result.issued.seconds, 0)));
  out.unsigned_number(eat_profile);
  out.text(ear_profile);
  out.unsigned_number(submodules);
  out.map(1);
  out.text(ear_submodule);
  out.map(5);
  out.unsigned_number(ear_status);
  out.unsigned_number(static_cast<std::uint64_t>(std::max(result.status, result.vector.tier())));
  out.unsigned_number(ear_vector);
  write_vector(out, result.vector);
  out.unsigned_number(ear_policies);
  out.array(1);
  out.text(base::concat(policy_prefix, base::hex(result.policy.view())));
  out.unsigned_number(ear_attester_claims);
  write_attester_claims(out, result);
  out.unsigned_number(ear_verifier_claims);
  write_verifier_claims(out, result);
  out.unsigned_number(ear_verifier);
  out.map(2);
  out.unsigned_number(0);
  out.text(ear_developer);
  out.unsigned_number(1);
  out.text(fitting(result.build));
  return out.result();
}

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

/// A label of a map: a number of either sign, or a text.
struct MapLabel {
  CborMajor major = CborMajor::Unsigned;
  std::uint64_t number = 0;
  std::string_view text;

  [[nodiscard]] bool is(std::uint64_t label) const noexcept {
    return major == CborMajor::Unsigned && number == label;
  }
  [[nodiscard]] bool is_own(std::uint64_t label) const noexcept {
    return major == CborMajor::Negative && number == label;
  }
  /// As their encodings compare, byte by byte [RFC8949 §4.2.1].
  [[nodiscard]] bool is_before(const MapLabel& other) const noexcept {
    if (major != other.major) return major < other.major;
    if (major != CborMajor::Text) return number < other.number;
    return text.size() != other.text.size() ? text.size() < other.text.size() : text < other.text;
  }
};

Result<MapLabel> read_label(CborReader& in) {
  MapLabel label{TRY(in.peek()), 0, {}};
  switch (label.major) {
    case CborMajor::Unsigned: label.number = TRY(in.unsigned_number()); return label;
    case CborMajor::Negative: label.number = TRY(in.negative_number()); return label;
    case CborMajor::Text: label.text = TRY(in.text()); return label;
    case CborMajor::Bytes:
    case CborMajor::Array:
    case CborMajor::Map:
    case CborMajor::Tag:
    case CborMajor::Simple: break;
  }
  return malformed("a label of a result that is neither a number nor a text");
}

/// Calls `take` with each label, in front of its value; it says whether it took the value, which is
/// passed over otherwise. Labels ascend, so that none is there twice.
template <typename Take>
Result<void> read_map(CborReader& in, Take take) {
  const std::uint64_t pairs = TRY(in.map());
  std::optional<MapLabel> last;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    const MapLabel label = TRY(read_label(in));
    if (last && !last->is_before(label)) return malformed("labels of a result out of order");
    last = label;
    const bool taken = TRY(take(label));
    if (!taken) TRY(in.skip());
  }
  return {};
}

Result<std::string> read_text(CborReader& in) {
  const std::string_view text = TRY(in.text());
  if (text.size() > AttestationResult::max_text_size) return malformed("a text that is too long");
  if (std::ranges::any_of(text, [](char c) { return c < ' ' || c > '~'; })) {
    return malformed("a text that is not printable ASCII");
  }
  return std::string(text);
}

Result<Bytes> read_digest(CborReader& in) {
  const ByteView bytes = TRY(in.bytes());
  if (bytes.size() > AttestationResult::max_digest_size) {
    return malformed("a digest that is too long");
  }
  return Bytes(bytes.begin(), bytes.end());
}

Result<std::uint64_t> read_count(CborReader& in, std::size_t max) {
  const std::uint64_t count = TRY(in.array());
  if (count > max) return malformed("more entries than a result has");
  return count;
}

Result<TrustTier> read_tier(CborReader& in) {
  const std::uint64_t number = TRY(in.unsigned_number());
  for (const TrustTier tier :
       {TrustTier::None, TrustTier::Affirming, TrustTier::Warning, TrustTier::Contraindicated}) {
    if (number == static_cast<std::uint64_t>(tier)) return tier;
  }
  return malformed("a status that is no tier of trust");
}

Result<Technology> read_technology(CborReader& in) {
  const std::string_view name = TRY(in.text());
  for (const Technology each :
       {Technology::Kvm, Technology::Sgx, Technology::Tdx, Technology::Snp}) {
    if (name == to_string(each)) return each;
  }
  return core::error(ErrorCode::Unsupported, "a technology of another kind");
}

/// Which claims of a result were there, a bit for each.
constexpr unsigned found_iat = 1U << 0U;
constexpr unsigned found_profile = 1U << 1U;
constexpr unsigned found_attester = 1U << 2U;
constexpr unsigned found_verifier = 1U << 3U;
constexpr unsigned found_status = 1U << 4U;
constexpr unsigned found_vector = 1U << 5U;
constexpr unsigned found_policy = 1U << 6U;
constexpr unsigned found_debug = 1U << 7U;
constexpr unsigned found_technology = 1U << 8U;
constexpr unsigned found_measurement = 1U << 9U;
constexpr unsigned found_signers = 1U << 10U;
constexpr unsigned found_tcb_status = 1U << 11U;
constexpr unsigned found_simulator = 1U << 12U;
constexpr unsigned found_evidence = 1U << 13U;
constexpr unsigned found_remarks = 1U << 14U;
constexpr unsigned found_all = (1U << 15U) - 1;

class ResultReader {
 public:
  explicit ResultReader(ByteView claims) : in_(claims) {}

  Result<AttestationResult> read() {
    TRY(read_map(in_, [&](const MapLabel& label) { return top(label); }));
    if (!in_.at_end()) return malformed("behind a result something follows");
    if (found_ != found_all) return malformed("a result without one of its claims");
    if (made_.vector.tier() > made_.status) {
      return malformed("a result whose status is better than its claims");
    }
    return std::move(made_);
  }

 private:
  Result<bool> top(const MapLabel& label) {
    if (label.is(iat)) {
      constexpr std::uint64_t end_of_time = 253'402'300'799;  // of the year 9999
      const std::uint64_t seconds = TRY(in_.unsigned_number());
      if (seconds > end_of_time) return malformed("a time behind the year 9999");
      made_.issued = {static_cast<std::int64_t>(seconds)};
      return found(found_iat);
    }
    if (label.is(eat_profile)) {
      if (TRY(in_.text()) != ear_profile) {
        return core::error(ErrorCode::Unsupported, "a claims set of another profile");
      }
      return found(found_profile);
    }
    if (label.is(submodules)) {
      TRY(read_map(in_, [&](const MapLabel& each) { return submodule(each); }));
      return true;
    }
    if (label.is(ear_verifier)) {
      TRY(read_map(in_, [&](const MapLabel& each) { return verifier(each); }));
      return true;
    }
    return false;
  }

  Result<bool> submodule(const MapLabel& label) {
    if (label.major != CborMajor::Text || label.text != ear_submodule) return false;
    TRY(read_map(in_, [&](const MapLabel& each) { return appraisal(each); }));
    return found(found_attester);
  }

  Result<bool> verifier(const MapLabel& label) {
    if (!label.is(1)) return false;
    made_.build = TRY(read_text(in_));
    return found(found_verifier);
  }

  Result<bool> appraisal(const MapLabel& label) {
    if (label.is(ear_status)) {
      made_.status = TRY(read_tier(in_));
      return found(found_status);
    }
    if (label.is(ear_vector)) {
      TRY(read_map(in_, [&](const MapLabel& each) { return vector(each); }));
      return found(found_vector);
    }
    if (label.is(ear_policies)) return policies();
    if (label.is(ear_attester_claims)) {
      TRY(read_map(in_, [&](const MapLabel& each) { return attester_claim(each); }));
      return true;
    }
    if (label.is(ear_verifier_claims)) {
      TRY(read_map(in_, [&](const MapLabel& each) { return verifier_claim(each); }));
      return true;
    }
    return false;
  }

  Result<bool> vector(const MapLabel& label) {
    std::uint8_t* claim = nullptr;
    if (label.is(vector_executables)) claim = &made_.vector.executables;
    if (label.is(vector_hardware)) claim = &made_.vector.hardware;
    if (label.is(vector_runtime_opaque)) claim = &made_.vector.memory;
    if (claim == nullptr) return false;
    const std::uint64_t value = TRY(in_.unsigned_number());
    if (value > 127) return malformed("a claim of trust beyond its numbers");
    *claim = static_cast<std::uint8_t>(value);
    return true;
  }

  Result<bool> policies() {
    if (TRY(read_count(in_, 1)) != 1) return malformed("a result without a policy");
    const std::string_view text = TRY(in_.text());
    if (!text.starts_with(policy_prefix)) return malformed("a policy that is not named by SHA-256");
    const std::string_view digits = text.substr(policy_prefix.size());
    made_.policy = TRY(crypto::Sha256Digest::from(TRY(codec::decode_hex(digits))));
    if (base::hex(made_.policy.view()) != digits) return malformed("a policy in capital letters");
    return found(found_policy);
  }

  Result<bool> attester_claim(const MapLabel& label) {
    if (label.is(debug_status)) {
      // All beyond it are kinds of "disabled".
      made_.debug = TRY(in_.unsigned_number()) == debug_enabled;
      return found(found_debug);
    }
    if (label.is_own(own_technology)) {
      made_.technology = TRY(read_technology(in_));
      return found(found_technology);
    }
    if (label.is_own(own_measurement)) {
      made_.measurement = TRY(read_digest(in_));
      return found(found_measurement);
    }
    if (label.is_own(own_workload)) {
      if (TRY(in_.array()) != 3) return malformed("a workload that is no triple");
      WorkloadClaims claims;
      claims.tenant = TRY(crypto::Sha256Digest::from(TRY(in_.bytes())));
      claims.module = TRY(crypto::Sha256Digest::from(TRY(in_.bytes())));
      claims.configuration = TRY(crypto::Sha256Digest::from(TRY(in_.bytes())));
      made_.workload = claims;
      return true;
    }
    if (!label.is_own(own_signers)) return false;
    const std::uint64_t count = TRY(read_count(in_, AttestationResult::max_signers));
    for (std::uint64_t i = 0; i < count; ++i) {
      if (TRY(in_.array()) != 2) return malformed("a signer that is no pair");
      std::string role = TRY(read_text(in_));
      Bytes digest = TRY(read_digest(in_));
      made_.signers.push_back({std::move(role), std::move(digest)});
    }
    return found(found_signers);
  }

  Result<bool> verifier_claim(const MapLabel& label) {
    if (label.is_own(own_tcb_status)) {
      made_.tcb_status = TRY(read_text(in_));
      return found(found_tcb_status);
    }
    if (label.is_own(own_simulator)) {
      made_.simulator = TRY(in_.boolean());
      return found(found_simulator);
    }
    if (label.is_own(own_evidence)) {
      made_.evidence = TRY(crypto::Sha256Digest::from(TRY(in_.bytes())));
      return found(found_evidence);
    }
    if (!label.is_own(own_remarks)) return false;
    const std::uint64_t count = TRY(read_count(in_, AttestationResult::max_remarks));
    for (std::uint64_t i = 0; i < count; ++i) made_.remarks.push_back(TRY(read_text(in_)));
    return found(found_remarks);
  }

  bool found(unsigned claim) noexcept {
    found_ |= claim;
    return true;
  }

  CborReader in_;
  AttestationResult made_;
  unsigned found_ = 0;
};

/// What kind a message says to be of, and its content.
struct Message {
  std::optional<std::uint64_t> kinds;
  std::string_view type;
  ByteView content;
};

/// CMW ::= CHOICE { json UTF8String, cbor OCTET STRING }, the latter a record.
Result<Message> read_message(ByteView extension) {
  const ByteView record = TRY(codec::der_whole(extension, codec::DerTag::OctetString)).content;
  CborReader in(record);
  const std::uint64_t items = TRY(in.array());
  if (items < 2 || items > 3) return malformed("a message wrapper has two or three members");
  Message message;
  if (TRY(in.peek()) == CborMajor::Text) {
    message.type = TRY(in.text());
  } else {
    TRY(in.unsigned_number());
  }
  message.content = TRY(in.bytes());
  if (items == 3) message.kinds = TRY(in.unsigned_number());
  if (!in.at_end()) return malformed("behind a message something follows");
  return message;
}

bool is_result(const Message& message) noexcept {
  return message.type == media_type || (message.kinds && (*message.kinds & result_kind) != 0);
}

TrustTier tier_of(std::uint8_t claim) noexcept {
  if (claim >= 96) return TrustTier::Contraindicated;
  if (claim >= 32) return TrustTier::Warning;
  return claim >= 2 ? TrustTier::Affirming : TrustTier::None;
}

}  // namespace

std::string_view to_string(TrustTier tier) noexcept {
  switch (tier) {
    case TrustTier::None: return "none";
    case TrustTier::Affirming: return "affirming";
    case TrustTier::Warning: return "warning";
    case TrustTier::Contraindicated: break;
  }
  return "contraindicated";
}

TrustTier TrustVector::tier() const noexcept {
  return std::max({tier_of(executables), tier_of(hardware), tier_of(memory)});
}

Bytes AttestationResult::to_extension() const {
  CborWriter record;
  record.array(3);
  record.text(media_type);
  record.bytes(claims_set(*this));
  record.unsigned_number(result_kind);
  return codec::der_octets(record.result());
}

Result<AttestationResult> AttestationResult::parse(ByteView extension) {
  if (extension.size() > max_size) {
    return core::error(ErrorCode::Exhausted, "an attestation result larger than 8 KiB",
                       extension.size());
  }
  const Message message = TRY(read_message(extension));
  if (message.type != media_type) {
    return core::error(ErrorCode::Unsupported, "a message of another type than a claims set");
  }
  return ResultReader(message.content).read();
}

std::optional<Result<AttestationResult>> attestation_result_of(
    const x509::Certificate& certificate) {
  const x509::Extension* found = x509::find_extension(certificate.extensions(), cmw_oid);
  if (found == nullptr) return std::nullopt;
  const auto message = read_message(found->value);
  if (!message || !is_result(*message)) return std::nullopt;
  return AttestationResult::parse(found->value);
}

}  // namespace merlon::evidence
