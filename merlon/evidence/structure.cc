#include "merlon/evidence/structure.h"

#include <algorithm>
#include <array>

#include "merlon/codec/der.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/snp/report.h"
#include "merlon/x509/certificate.h"

namespace merlon::evidence {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using Unwrapped = std::optional<Result<Inside>>;

namespace {

std::uint32_t u32_at(ByteView bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

bool is_zero(ByteView bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

Inside inside_of(ByteView bytes) { return {{bytes.begin(), bytes.end()}, {}, {}}; }

}  // namespace

Unwrapped unwrap_report_response(ByteView bytes) {
  constexpr std::size_t header = 32;
  const bool is = bytes.size() >= header + snp::Report::size && u32_at(bytes, 0) == 0 &&
                  u32_at(bytes, 4) == snp::Report::size && is_zero(bytes.subspan(8, 24));
  if (!is) return std::nullopt;
  // The kernel hands out a buffer of fixed size.
  if (!is_zero(bytes.subspan(header + snp::Report::size))) {
    return core::error(ErrorCode::Malformed, "behind the report of a response something follows",
                       header + snp::Report::size);
  }
  return inside_of(bytes.subspan(header, snp::Report::size));
}

Unwrapped unwrap_hcl(ByteView bytes) {
  constexpr std::size_t header = 32;
  constexpr std::size_t kind_at = header + snp::Report::size + 8;  // of IGVM_REQUEST_DATA
  constexpr std::uint32_t snp_report = 2;
  constexpr std::uint32_t td_report = 4;
  if (!core::as_text(bytes).starts_with("HCLA")) return std::nullopt;
  if (bytes.size() < kind_at + 4) {
    return core::error(ErrorCode::Malformed, "a report of Azure's HCL that is cut off",
                       bytes.size());
  }
  const std::uint32_t kind = u32_at(bytes, kind_at);
  if (kind == td_report) {
    return core::error(
        ErrorCode::Unsupported,
        "a report of Azure's HCL in a trust domain: it holds a TDREPORT, of which the "
        "machine's service makes the quote that can be judged");
  }
  if (kind != snp_report) {
    return core::error(ErrorCode::Unsupported, "a report of Azure's HCL of another kind", kind);
  }
  Inside inside = inside_of(bytes.subspan(header, snp::Report::size));
  inside.notes.emplace_back(
      "the report data is the hash of the HCL's claims, which are not judged here");
  return inside;
}

namespace {

constexpr codec::Oid tagged_evidence_oid{2, 23, 133, 5, 4, 9};
constexpr codec::Oid gramine_oid{1, 2, 840, 113741, 1337, 6};
constexpr codec::Oid open_enclave_report_oid{1, 3, 6, 1, 4, 1, 311, 105, 1};
constexpr codec::Oid open_enclave_evidence_oid{1, 3, 6, 1, 4, 1, 311, 105, 2};
/// In the order in which one is taken where several are there: the newer conventions first.
constexpr auto evidence_oids = std::array{tagged_evidence_oid, cmw_oid, gramine_oid,
                                          open_enclave_evidence_oid, open_enclave_report_oid};

/// Some put an OCTET STRING of their own into the extension's, and a message wrapper in JSON stands
/// in an UTF8String.
ByteView content_of(ByteView value) {
  for (const codec::DerTag tag : {codec::DerTag::OctetString, codec::DerTag::Utf8String}) {
    if (const auto inner = codec::der_whole(value, tag)) return inner->content;
  }
  return value;
}

}  // namespace

Unwrapped unwrap_certificate(ByteView bytes) {
  if (bytes.empty() || bytes[0] != 0x30) return std::nullopt;
  const auto certificate = x509::Certificate::parse(bytes);
  if (!certificate) return std::nullopt;
  const x509::Extension* found = nullptr;
  for (const codec::Oid& oid : evidence_oids) {
    // What a verifier found is no evidence.
    if (oid.is(cmw_oid.view()) && attestation_result_of(*certificate)) continue;
    if (found == nullptr) found = x509::find_extension(certificate->extensions(), oid);
  }
  if (found == nullptr) return std::nullopt;
  Inside inside = inside_of(content_of(found->value));
  inside.notes.emplace_back(
      "that the evidence is about the certificate's key is not judged here: compare the report data");
  return inside;
}

}  // namespace merlon::evidence
