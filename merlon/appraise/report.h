#pragma once

// An appraisal for people and for programs.

#include <string>

#include "merlon/verify/appraisal.h"

namespace merlon::appraise {

/// What an appraisal was made of, for the head of a report.
struct Head {
  std::string file;
  std::string format;
  std::size_t endorsements = 0;
};

/// Whether what was not there could be had from the vendors.
[[nodiscard]] bool lacks_endorsements(const verify::Appraisal& appraisal);

[[nodiscard]] std::string to_text(const Head& head, const verify::Appraisal& appraisal);

/// One JSON object and a line end.
[[nodiscard]] std::string to_json(const Head& head, const verify::Appraisal& appraisal);

/// One self-contained page: no script, nothing loaded, light and dark as the reader has it.
[[nodiscard]] std::string to_html(const Head& head, const verify::Appraisal& appraisal);

}  // namespace merlon::appraise
