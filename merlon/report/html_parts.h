#pragma once

// What pages for people are made of: those of `merlon evidence verify --html` and `inspect --html`,
// and a Steward's.

#include <string>
#include <string_view>

#include "merlon/report/report.h"

namespace merlon::report {

/// Text for the content of an element or of a quoted attribute.
[[nodiscard]] std::string escaped(std::string_view text);

/// A whole page that loads nothing, and styles nothing but by its one style element. `title` is a
/// text, `body` what stands in its main part, `style` rules of its own.
[[nodiscard]] std::string page_of(std::string_view title, std::string_view body,
                                  std::string_view style = "");

/// A value for people: many zeros are a number of bytes.
[[nodiscard]] std::string shown(const std::string& value);

/// "2025-06-20"
[[nodiscard]] std::string date(codec::UnixTime time);

/// Root first; what it signs for the platform on one side, what it signs about it on the other.
[[nodiscard]] std::string chain_part(const Head& head, const verify::Appraisal& appraisal);

/// Each thing that was used as a bar; the scale is years around the time of judging, so that lists
/// of a month and roots of decades can both be seen.
[[nodiscard]] std::string timeline_part(const verify::Appraisal& appraisal);
/// The places of its bars, for page_of: no element has a style of its own, which a policy [CSP3]
/// could allow only by allowing all.
[[nodiscard]] std::string timeline_style(const verify::Appraisal& appraisal);

}  // namespace merlon::report
