#include "merlon/evidence/evidence.h"

#include <algorithm>

#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"
#include "merlon/evidence/enarx.h"
#include "merlon/snp/certificate_table.h"

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
  return bytes.size() >= snp::Report::size && bytes[0] >= 1 && bytes[0] <= 15 && bytes[1] == 0 &&
         bytes[2] == 0 && bytes[3] == 0;
}

core::Error nothing() noexcept {
  return core::error(ErrorCode::Malformed, "there is nothing in it");
}

Result<Evidence> parse_binary(ByteView bytes) {
  if (bytes[0] == 0x30) return parse_request(bytes);
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

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<Evidence> parse_text(std::string_view text) {
  if (text.starts_with("-----BEGIN ")) {
    const auto blocks = TRY(codec::pem_blocks(text));
    for (const codec::PemBlock& block : blocks) {
      if (block.label == "CERTIFICATE REQUEST" && !block.bytes.empty()) {
        return parse_binary(block.bytes);
      }
    }
    return core::error(
        ErrorCode::Unsupported,
        "PEM without a CERTIFICATE REQUEST: what vouches for evidence is not evidence");
  }
  if (text.starts_with("0x")) text.remove_prefix(2);
  for (const auto& decoded : {codec::decode_hex(text), codec::decode_base64(text)}) {
    if (decoded && !decoded->empty()) return parse_binary(*decoded);
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
    return core::error(ErrorCode::Malformed, "a report has 1184 bytes", bytes.size());
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
  const std::string_view text = is_text(bytes) ? trimmed(core::as_text(bytes)) : "";
  if (text.empty() && is_text(bytes)) return nothing();
  Evidence made = TRY(text.empty() ? parse_binary(bytes) : parse_text(text));
  if (made.endorsements.size() > max_carried) {
    return core::error(ErrorCode::Exhausted, "more endorsements come along than can be taken",
                       made.endorsements.size());
  }
  return made;
}

Technology Evidence::technology() const noexcept {
  if (std::holds_alternative<SgxEvidence>(report)) return Technology::Sgx;
  if (std::holds_alternative<TdxEvidence>(report)) return Technology::Tdx;
  if (std::holds_alternative<SnpEvidence>(report)) return Technology::Snp;
  return Technology::Kvm;  // which no policy accepts
}

}  // namespace merlon::evidence
