#pragma once

// Private to the room: the parts of the page of `merlon evidence verify --html`.

#include <string>
#include <string_view>

#include "merlon/report/report.h"

namespace merlon::report {

/// Text for the content of an element or of a quoted attribute.
[[nodiscard]] std::string escaped(std::string_view text);

/// "2025-06-20"
[[nodiscard]] std::string date(codec::UnixTime time);

/// Root first; what it signs for the platform on one side, what it signs about it on the other.
[[nodiscard]] std::string chain_part(const Head& head, const verify::Appraisal& appraisal);

/// Each thing that was used as a bar; the scale is years around the time of judging, so that lists
/// of a month and roots of decades can both be seen.
[[nodiscard]] std::string timeline_part(const verify::Appraisal& appraisal);

}  // namespace merlon::report
