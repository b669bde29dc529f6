#include "merlon/evidence/pem_form.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/evidence/text_form.h"

namespace merlon::evidence {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view pem_opening = "-----BEGIN ";

bool opens_block(std::string_view text, std::string_view label) {
  return text.find(base::concat(pem_opening, label, "-----")) != std::string_view::npos;
}

}  // namespace

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

namespace {

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

Result<Inside> inside_of_pem(std::string_view text) {
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
  if (found == nullptr) return no_evidence_block(text);
  return Inside{found->bytes, {}, {}};
}

}  // namespace

std::optional<Result<Inside>> unwrap_pem(ByteView bytes) {
  const auto text = text_of(bytes);
  // In JSON, blocks are parts of something else.
  if (!text || text->starts_with('{') || text->starts_with('[') ||
      text->find(pem_opening) == std::string_view::npos) {
    return std::nullopt;
  }
  return inside_of_pem(*text);
}

}  // namespace merlon::evidence
