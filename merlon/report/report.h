#pragma once

// An appraisal for people and for programs.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/codec/json_writer.h"
#include "merlon/crypto/hash.h"
#include "merlon/report/hints.h"
#include "merlon/verify/appraisal.h"
#include "merlon/verify/policy.h"
#include "merlon/x509/certificate.h"

namespace merlon::report {

/// What an appraisal was made of, for the head of a report.
struct Head {
  std::string file;
  std::string format;                       ///< below all wrappings
  std::vector<std::string_view> wrappings;  ///< the outermost first
  std::size_t endorsements = 0;
  std::size_t passed_over = 0;             ///< files of directories that are no endorsements
  crypto::Sha256Digest evidence_digest{};  ///< of the file's bytes
  std::string policy_file;                 ///< empty: the default policy
  verify::PolicyForm policy_form = verify::PolicyForm::Own;
  std::vector<Hint> hints;
  std::span<const x509::Certificate> certificates;  ///< among the endorsements; borrowed
};

/// How the text is to look. Without a width no value is cut.
struct TextLook {
  bool colours = false;
  std::optional<std::size_t> width;  ///< of the terminal, in columns
  bool only_failures = false;        ///< of the findings, and no claims
};

/// "JSON: base 64: ", in front of a format; empty if there are none.
[[nodiscard]] std::string wrappings_text(std::span<const std::string_view> wrappings);
/// The member "wrappings", an array.
void write_wrappings(codec::JsonWriter& json, std::span<const std::string_view> wrappings);

/// "by policy FILE", or by which other.
[[nodiscard]] std::string policy_text(const Head& head);

[[nodiscard]] std::string to_text(const Head& head, const verify::Appraisal& appraisal,
                                  const TextLook& look);

/// One JSON object and a line end.
[[nodiscard]] std::string to_json(const Head& head, const verify::Appraisal& appraisal);

/// One self-contained page: no script, nothing loaded, light and dark as the reader has it, and of
/// every width from 320 px up.
[[nodiscard]] std::string to_html(const Head& head, const verify::Appraisal& appraisal);

}  // namespace merlon::report
