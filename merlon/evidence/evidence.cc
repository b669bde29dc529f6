#include "merlon/evidence/evidence.h"

#include <array>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/evidence/enarx.h"
#include "merlon/evidence/foreign.h"
#include "merlon/evidence/pem_form.h"
#include "merlon/evidence/text_form.h"
#include "merlon/evidence/wrapping.h"
#include "merlon/snp/certificate_table.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/crl.h"

namespace merlon::evidence {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

std::string_view quote_format(const sgx::Quote& quote) noexcept {
  const bool sgx = quote.kind == sgx::BodyKind::Enclave;
  switch (quote.version) {
    case 3: return "DCAP quote version 3 for SGX";
    case 4: return sgx ? "DCAP quote version 4 for SGX" : "DCAP quote version 4 for TDX";
    case 5: return sgx ? "DCAP quote version 5 for SGX" : "DCAP quote version 5 for TDX";
    default: return "DCAP quote";
  }
}

/// Quotes say 2 (ECDSA P-256) in bytes 2 and 3; there a report has the upper half of its version.
bool looks_like_quote(ByteView bytes) noexcept {
  return bytes.size() > 4 && bytes[1] == 0 && bytes[0] >= 1 && bytes[0] <= 9 &&
         (bytes[2] != 0 || bytes[3] != 0);
}
bool looks_like_report(ByteView bytes) noexcept {
  return bytes.size() >= 4 && bytes[0] >= 1 && bytes[0] <= 15 && bytes[1] == 0 && bytes[2] == 0 &&
         bytes[3] == 0;
}

/// Whether `der` begins with so many SEQUENCEs, one in the other, and then with the [0] of a
/// certificate's version, where a request has an INTEGER. Their lengths need not hold.
bool begins_as_certificate(ByteView der, std::size_t sequences) noexcept {
  for (std::size_t i = 0; i < sequences; ++i) {
    if (der.size() < 2 || der[0] != 0x30) return false;
    const std::size_t header = 2U + (der[1] < 0x80 ? 0U : der[1] & 0x7FU);
    if (der.size() <= header) return false;
    der = der.subspan(header);
  }
  return der[0] == 0xA0;
}

constexpr const char* a_certificate =
    "a certificate: it vouches for evidence but is none; give it with --endorsements";
constexpr const char* a_list =
    "a revocation list: it vouches for evidence but is none; give it with --endorsements";
constexpr const char* a_document =
    "a document of Intel's: it vouches for evidence but is none; give it with --endorsements";

/// What the bytes are that vouch for evidence, by how they begin; null if they do not.
const char* vouching_der(ByteView der) noexcept {
  constexpr std::size_t outer = 2;  // Certificate, TBSCertificate
  if (x509::is_shaped_as_crl(der)) return a_list;
  const bool path = begins_as_certificate(der, outer + 1);
  return path || begins_as_certificate(der, outer) ? a_certificate : nullptr;
}

/// The same of a JSON text, by the names that are in Intel's documents and in files of these.
const char* vouching_json(std::string_view text) noexcept {
  if (!text.starts_with('{')) return nullptr;
  for (const std::string_view name :
       {"\"tcbInfo\"", "\"tcb_info\"", "\"enclaveIdentity\"", "\"qe_identity\""}) {
    if (text.find(name) != std::string_view::npos) return a_document;
  }
  return nullptr;
}

core::Error nothing() noexcept {
  return core::error(ErrorCode::Malformed, "there is nothing in it");
}

/// What can be judged, without any wrapping; nothing if the bytes begin as none of it.
std::optional<Result<Evidence>> parse_bare(ByteView bytes) {
  if (bytes[0] == 0x30) {
    auto made = parse_request(bytes);
    const char* other = made ? nullptr : vouching_der(bytes);
    if (other == nullptr) return made;
    if (other == a_certificate && bytes.size() > x509::max_certificate_size) {
      return core::error(ErrorCode::Exhausted, "a certificate larger than 64 KiB", bytes.size());
    }
    return core::error(ErrorCode::Unsupported, other);
  }
  const bool quote = looks_like_quote(bytes);
  if (!quote && !looks_like_report(bytes)) return std::nullopt;
  auto made = quote ? parse_quote(bytes) : parse_report(bytes);
  const char* foreign = made ? nullptr : foreign_kind(bytes);
  if (foreign == nullptr) return made;
  return core::error(ErrorCode::Unsupported, foreign);
}

/// What to say of bytes that are neither evidence nor a wrapping of it.
core::Error unknown(ByteView bytes) {
  if (const char* foreign = foreign_kind(bytes)) {
    return core::error(ErrorCode::Unsupported, foreign);
  }
  const auto text = text_of(bytes);
  if (!text) {
    return core::error(ErrorCode::Malformed,
                       "not evidence: neither a DCAP quote, a SEV-SNP report nor a certification "
                       "request");
  }
  if (text->empty()) return nothing();
  if (const char* other = vouching_json(*text)) return core::error(ErrorCode::Unsupported, other);
  if (text->starts_with('{')) {
    return core::error(
        ErrorCode::Malformed,
        "not evidence: JSON in which no member is called as services call a quote or "
        "report");
  }
  if (text->find("\n*") != std::string_view::npos) {
    return core::error(ErrorCode::Malformed,
                       "not evidence: a dump in which lines are left out (*); od and hexdump print "
                       "them all with -v");
  }
  return core::error(ErrorCode::Malformed,
                     "not evidence: text that is neither PEM, JSON, hexadecimal nor base 64");
}

/// Takes off one wrapping of those that are marked or of the others; nothing if the bytes have
/// none.
Result<std::optional<Inside>> unwrap(ByteView bytes, bool marked, Evidence& made,
                                     Endorsements& beside) {
  for (const Wrapping& each : wrappings()) {
    if (each.marked != marked) continue;
    auto inside = each.unwrap(bytes);
    if (!inside) continue;
    Inside taken = TRY(*std::move(inside));
    made.wrappings.push_back(each.name);
    made.notes.insert(made.notes.end(), taken.notes.begin(), taken.notes.end());
    TRY(beside.merge(taken.beside));
    return std::optional<Inside>(std::move(taken));
  }
  return std::optional<Inside>();
}

/// The evidence below any number of wrappings.
Result<Evidence> parse_wrapped(ByteView bytes) {
  Evidence outer;
  Endorsements beside;
  Inside held;
  for (std::size_t depth = 0; depth <= max_wrappings; ++depth) {
    if (bytes.empty()) return nothing();
    auto inside = TRY(unwrap(bytes, true, outer, beside));
    // A certificate may carry evidence, and begins as a request does.
    const bool der = bytes[0] == 0x30;
    if (auto bare = der || inside ? std::nullopt : parse_bare(bytes)) {
      Evidence made = TRY(*std::move(bare));
      made.wrappings = std::move(outer.wrappings);
      made.notes.insert(made.notes.begin(), outer.notes.begin(), outer.notes.end());
      TRY(made.endorsements.merge(beside));
      return made;
    }
    if (!inside) inside = TRY(unwrap(bytes, false, outer, beside));
    if (!inside) return der ? *parse_bare(bytes) : Result<Evidence>(unknown(bytes));
    held = *std::move(inside);
    bytes = held.bytes;
  }
  return core::error(ErrorCode::Exhausted, "more wrappings in one another than are taken off",
                     max_wrappings);
}

}  // namespace

std::string_view to_string(Technology technology) noexcept {
  switch (technology) {
    case Technology::Kvm: return "KVM";
    case Technology::Sgx: return "SGX";
    case Technology::Tdx: return "TDX";
    case Technology::Snp: return "SEV-SNP";
  }
  return "unknown";
}

Result<Evidence> parse_quote(ByteView bytes) {
  Evidence made;
  sgx::Quote quote = TRY(sgx::Quote::parse(bytes));
  made.format = quote_format(quote);
  if (quote.kind == sgx::BodyKind::Enclave) {
    const sgx::ReportBody report = TRY(sgx::ReportBody::parse(quote.body));
    made.report = SgxEvidence{std::move(quote), report};
  } else {
    const tdx::TdReport report = TRY(tdx::TdReport::parse(quote.body));
    made.report = TdxEvidence{std::move(quote), report};
  }
  return made;
}

Result<Evidence> parse_report(ByteView bytes) {
  if (bytes.size() < snp::Report::size) {
    return core::error(ErrorCode::Malformed, "shorter than a report of 1184 bytes", bytes.size());
  }
  const ByteView head = bytes.first(snp::Report::size);
  SnpEvidence snp{TRY(snp::Report::parse(head)), {}};
  const ByteView covered = head.first(snp::Report::signed_size);
  snp.signed_bytes.assign(covered.begin(), covered.end());
  Evidence made;
  made.report = std::move(snp);
  made.format = "SEV-SNP report";
  if (bytes.size() > snp::Report::size) {
    made.notes = TRY(made.endorsements.add_table(bytes.subspan(snp::Report::size)));
    made.format = "SEV-SNP report with a certificate table";
  }
  return made;
}

Result<Evidence> Evidence::parse(ByteView bytes) {
  if (bytes.size() > max_evidence_size) {
    return core::error(ErrorCode::Exhausted, "evidence larger than 2 MiB", bytes.size());
  }
  if (bytes.empty()) return nothing();
  Evidence made = TRY(parse_wrapped(bytes));
  if (made.endorsements.size() > max_carried) {
    return core::error(ErrorCode::Exhausted, "more endorsements come along than can be taken",
                       made.endorsements.size());
  }
  return made;
}

bool is_shaped_as_endorsement(ByteView bytes) {
  const auto text = text_of(bytes);
  if (!text) return vouching_der(bytes) != nullptr || snp::begins_as_certificate_table(bytes);
  return vouching_json(*text) != nullptr || vouching_pem(*text) != nullptr;
}

std::string Evidence::described() const {
  std::string text;
  for (const std::string_view each : wrappings) {
    text += base::concat(text.empty() ? "" : ", ", each);
  }
  return base::concat(text, text.empty() ? "" : ": ", format);
}

Technology Evidence::technology() const noexcept {
  if (std::holds_alternative<SgxEvidence>(report)) return Technology::Sgx;
  if (std::holds_alternative<TdxEvidence>(report)) return Technology::Tdx;
  if (std::holds_alternative<SnpEvidence>(report)) return Technology::Snp;
  return Technology::Kvm;  // which no policy accepts
}

}  // namespace merlon::evidence
