#include "merlon/command/numbers.h"

#include "merlon/base/text.h"

namespace merlon::command {

core::Result<std::uint64_t, std::string> number_of(const Arguments& arguments,
                                                   std::string_view option, NumberRange range,
                                                   std::uint64_t fallback) {
  if (!arguments.has(option)) return fallback;
  const std::string text = arguments.value(option);
  const auto number = base::parse_decimal(text);
  if (number && *number >= range.least && *number <= range.most) return *number;
  return base::concat(option, " ", base::printable(text), ": must be a number from ", range.least,
                      " to ", range.most);
}

}  // namespace merlon::command
