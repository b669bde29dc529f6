#include "merlon/evidence/evidence.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"
#include "merlon/evidence/enarx.h"
#include "merlon/snp/certificate_table.h"
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

/// The extended report of a host: certificates behind the report.
Result<void> read_table(ByteView table, Endorsements& to) {
  for (const snp::TableEntry& entry : TRY(snp::parse_certificate_table(table))) {
    switch (entry.kind) {
      case snp::TableEntryKind::Vcek:
      case snp::TableEntryKind::Vlek:
      case snp::TableEntryKind::Ask:
      case snp::TableEntryKind::Ark: TRY(to.add_certificate(entry.bytes)); break;
      case snp::TableEntryKind::Crl: TRY(to.add_revocation_list(entry.bytes)); break;
      case snp::TableEntryKind::Other: break;
    }
  }
  return {};
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

constexpr std::string_view pem_opening = "-----BEGIN ";

bool opens_block(std::string_view text, std::string_view label) {
  return text.find(base::concat(pem_opening, label, "-----")) != std::string_view::npos;
}

const char* vouching_pem(std::string_view text) {
  if (opens_block(text, "CERTIFICATE")) {
    return "PEM of a certificate: it may vouch for evidence but is none; give it with "
           "--endorsements";
  }
  if (opens_block(text, "X509 CRL")) {
    return "PEM of a revocation list: it may vouch for evidence but is none; give it with "
           "--endorsements";
  }
  return nullptr;
}

core::Error nothing() noexcept {
  return core::error(ErrorCode::Malformed, "there is nothing in it");
}

Result<Evidence> parse_binary(ByteView bytes) {
  if (bytes.empty()) return nothing();
  if (bytes[0] == 0x30) {
    auto made = parse_request(bytes);
    const char* other = made ? nullptr : vouching_der(bytes);
    return other == nullptr ? std::move(made) : core::error(ErrorCode::Unsupported, other);
  }
  if (looks_like_quote(bytes)) return parse_quote(bytes);
  if (looks_like_report(bytes)) return parse_report(bytes);
  if (core::as_text(bytes).starts_with("HCLA")) {
    return core::error(ErrorCode::Unsupported,
                       "a report of Azure's HCL: cut the SEV-SNP report out of it (1184 bytes from "
                       "byte 32 on)");
  }
  return core::error(ErrorCode::Malformed,
                     "not evidence: neither a DCAP quote, a SEV-SNP report nor a certification "
                     "request");
}

/// Text whose first character cannot begin any of the binary forms.
bool is_text(ByteView bytes) noexcept {
  return std::ranges::all_of(bytes.first(std::min<std::size_t>(bytes.size(), 64)), [](auto byte) {
    return (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\r' || byte == '\t';
  });
}

/// Without the mark that some editors put before a text in UTF-8.
ByteView without_mark(ByteView bytes) noexcept {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return core::as_text(bytes).starts_with(mark) ? bytes.subspan(mark.size()) : bytes;
}

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// No standard names blocks of quotes and reports: these are what tools write.
constexpr std::array<std::string_view, 8> evidence_labels{
    "QUOTE",          "SGX QUOTE",          "TDX QUOTE",           "SNP REPORT",
    "SEV-SNP REPORT", "ATTESTATION REPORT", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};

core::Error no_evidence_block(std::string_view text) {
  const char* what = vouching_pem(text);
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    what = "PEM of a private key: keep it secret, it is no evidence";
  }
  if (what == nullptr) {
    what = "PEM without evidence: a block QUOTE, SNP REPORT or CERTIFICATE REQUEST is looked for";
  }
  return core::error(ErrorCode::Unsupported, what);
}

Result<Evidence> parse_pem(std::string_view text) {
  const auto wanted = [](std::string_view label) {
    return std::ranges::find(evidence_labels, label) != evidence_labels.end();
  };
  // Of another block, such as a key in an older format, not even the digits need be readable.
  if (std::ranges::none_of(evidence_labels, [&](auto label) { return opens_block(text, label); })) {
    return no_evidence_block(text);
  }
  const auto blocks = TRY(codec::pem_blocks(text));
  const codec::PemBlock* found = nullptr;
  for (const codec::PemBlock& block : blocks) {
    if (!wanted(block.label)) continue;
    if (found != nullptr) {
      return core::error(ErrorCode::Malformed,
                         "PEM of more than one piece of evidence: each is judged by itself");
    }
    found = &block;
  }
  return found == nullptr ? no_evidence_block(text) : parse_binary(found->bytes);
}

/// Digits in groups and lines as other programs print them; nothing if that is not all there is.
std::optional<Bytes> hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::string digits;
  digits.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(digits), [](char character) {
    return blanks.find(character) == std::string_view::npos;
  });
  auto bytes = codec::decode_hex(digits);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

Result<Evidence> parse_text(std::string_view text) {
  if (const char* other = vouching_json(text)) return core::error(ErrorCode::Unsupported, other);
  // In JSON, blocks are parts of something else.
  const bool json = text.starts_with('{');
  if (!json && text.find(pem_opening) != std::string_view::npos) return parse_pem(text);
  if (const auto bytes = hexadecimal(text)) return parse_binary(*bytes);
  if (const auto bytes = codec::decode_base64(text)) return parse_binary(*bytes);
  if (text.find("\n*") != std::string_view::npos) {
    return core::error(ErrorCode::Malformed,
                       "not evidence: a dump in which lines are left out (*); od and hexdump print "
                       "them all with -v");
  }
  return core::error(ErrorCode::Malformed,
                     "not evidence: text that is neither PEM, hexadecimal nor base 64");
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
    TRY(read_table(bytes.subspan(snp::Report::size), made.endorsements));
    made.format = "SEV-SNP report with a certificate table";
  }
  return made;
}

Result<Evidence> Evidence::parse(ByteView bytes) {
  if (bytes.size() > max_evidence_size) {
    return core::error(ErrorCode::Exhausted, "evidence larger than 2 MiB", bytes.size());
  }
  if (bytes.empty()) return nothing();
  const ByteView unmarked = without_mark(bytes);
  const std::string_view text = is_text(unmarked) ? trimmed(core::as_text(unmarked)) : "";
  if (text.empty() && is_text(unmarked)) return nothing();
  Evidence made = TRY(text.empty() ? parse_binary(bytes) : parse_text(text));
  if (made.endorsements.size() > max_carried) {
    return core::error(ErrorCode::Exhausted, "more endorsements come along than can be taken",
                       made.endorsements.size());
  }
  return made;
}

bool is_shaped_as_endorsement(ByteView bytes) {
  const ByteView unmarked = without_mark(bytes);
  if (!is_text(unmarked)) return vouching_der(bytes) != nullptr;
  const std::string_view text = trimmed(core::as_text(unmarked));
  return vouching_json(text) != nullptr || vouching_pem(text) != nullptr;
}

Technology Evidence::technology() const noexcept {
  if (std::holds_alternative<SgxEvidence>(report)) return Technology::Sgx;
  if (std::holds_alternative<TdxEvidence>(report)) return Technology::Tdx;
  if (std::holds_alternative<SnpEvidence>(report)) return Technology::Snp;
  return Technology::Kvm;  // which no policy accepts
}

}  // namespace merlon::evidence
