#include "merlon/cli_credential/statement_options.h"

#include <charconv>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/launch/exit_status.h"

namespace merlon::cli_credential {

using base::concat;
using core::Result;

namespace {

std::optional<std::int64_t> signed_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Trouble wrong(std::string text) {
  return {std::move(text), launch::number(launch::ExitStatus::Usage)};
}

Result<zk::Threshold, Trouble> threshold_of(const cli::Arguments& arguments) {
  const std::string least_text = arguments.value("--at-least");
  const std::string bits_text = arguments.value("--bits", "32");
  const auto least = base::parse_decimal(least_text);
  if (!least)
    return wrong(concat("--at-least: no number of 64 bits: ", base::printable(least_text)));
  const auto bits = base::parse_decimal(bits_text);
  if (!bits || *bits < 1 || *bits > zk::Threshold::max_bits) {
    return wrong(concat("--bits: not from 1 to 63: ", base::printable(bits_text)));
  }
  return zk::Threshold{*least, static_cast<std::uint8_t>(*bits)};
}

Result<std::vector<std::uint8_t>, Trouble> context_of(const cli::Arguments& arguments) {
  const bool is_hex = arguments.has("--context-hex");
  if (is_hex && arguments.has("--context")) return wrong("--context and --context-hex are two");
  const std::string text = arguments.value(is_hex ? "--context-hex" : "--context");
  std::vector<std::uint8_t> context(text.begin(), text.end());
  if (is_hex) {
    auto decoded = codec::decode_hex(text);
    if (!decoded) return wrong("--context-hex: no hexadecimal digits");
    context = *std::move(decoded);
  }
  if (context.empty()) {
    return wrong("--context is missing: a proof for no context is one for everybody, for ever");
  }
  if (context.size() > statement::max_context_size)
    return wrong("a context of more than 1024 bytes");
  return context;
}

}  // namespace

Result<Asked, Trouble> asked_of(const cli::Arguments& arguments) {
  const bool at_least = arguments.has("--at-least");
  const bool sum = arguments.has("--sum");
  if (int{at_least} + int{sum} + int{arguments.has("--equal")} != 1) {
    return wrong("one of --at-least, --equal and --sum says what is claimed");
  }
  if (arguments.has("--bits") && !at_least) return wrong("--bits belongs to --at-least");
  Asked asked;
  asked.context = TRY(context_of(arguments));
  if (at_least) asked.claim = TRY(threshold_of(arguments));
  if (sum) {
    const std::string text = arguments.value("--sum");
    const auto total = signed_of(text);
    if (!total) return wrong(concat("--sum: no number of 64 bits: ", base::printable(text)));
    asked.claim = Total{*total};
  }
  return asked;
}

Result<std::vector<Times>, Trouble> named_by(const cli::Arguments& arguments,
                                             std::string_view option, const Asked& asked) {
  const bool is_sum = std::holds_alternative<Total>(asked.claim);
  std::vector<Times> all;
  for (const std::string& text : arguments.values(option)) {
    const std::size_t star = is_sum ? text.find('*') : std::string::npos;
    if (star == std::string::npos) {
      all.push_back({1, text});
      continue;
    }
    const auto times = signed_of(std::string_view(text).substr(0, star));
    if (!times || *times == 0) {
      return wrong(concat(option, ": not a number of times: ", base::printable(text)));
    }
    all.push_back({*times, text.substr(star + 1)});
  }
  const std::size_t wanted = std::holds_alternative<Equality>(asked.claim) ? 2 : 1;
  if (is_sum ? all.empty() || all.size() > statement::Sum::max_parts : all.size() != wanted) {
    return wrong(concat("this claim is about ",
                        is_sum        ? "1 to 32 numbers"
                        : wanted == 2 ? "two numbers"
                                      : "one number",
                        ": ", option, " for each"));
  }
  return all;
}

}  // namespace merlon::cli_credential
