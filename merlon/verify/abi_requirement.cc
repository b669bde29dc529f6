#include "merlon/verify/abi_requirement.h"

#include <algorithm>
#include <optional>

#include "merlon/base/text.h"

namespace merlon::verify {

using base::concat;

namespace {

template <typename T>
using Parsed = core::Result<T, std::string>;

/// Stands for every number that does not fit into a byte: no ABI version has one.
constexpr std::uint32_t beyond = 256;
constexpr std::uint32_t all_versions = beyond * beyond;
constexpr std::size_t max_comparators = 32;

/// Of ABI versions as numbers; `end` is the first that does not belong to it.
struct Interval {
  std::uint32_t first = 0;
  std::uint32_t end = all_versions;
};

enum class Operator : std::uint8_t { Exact, Greater, GreaterEqual, Less, LessEqual, Tilde, Caret };

struct Comparator {
  Operator op = Operator::Caret;
  std::uint32_t major = 0;  ///< up to `beyond`, as is the minor
  std::optional<std::uint32_t> minor;
  bool patch_above_zero = false;
};

/// The first version that is not below major.minor.
constexpr std::uint32_t first_from(std::uint32_t major, std::uint32_t minor) noexcept {
  return std::min(major * beyond + std::min(minor, beyond), all_versions);
}

Interval versions_of(const Comparator& comparator) noexcept {
  const std::uint32_t next_major = first_from(comparator.major + 1, 0);
  // The versions whose numbers are those that are named, but for the third.
  Interval same{first_from(comparator.major, 0), next_major};
  if (comparator.minor) {
    same = {first_from(comparator.major, *comparator.minor),
            first_from(comparator.major, *comparator.minor + 1)};
  }
  // The third number of an ABI is zero: below any other.
  const std::uint32_t first = comparator.patch_above_zero ? same.end : same.first;
  switch (comparator.op) {
    case Operator::Exact:
    case Operator::Tilde: return {first, same.end};
    case Operator::Greater: return {same.end, all_versions};
    case Operator::GreaterEqual: return {first, all_versions};
    case Operator::Less: return {0, first};
    case Operator::LessEqual: return {0, same.end};
    // Before 1.0 every minor may break what was before it.
    case Operator::Caret:
      return {first, comparator.major == 0 && comparator.minor ? same.end : next_major};
  }
  return {0, 0};
}

class RequirementParser {
 public:
  explicit RequirementParser(std::string_view text) noexcept : rest_(text) {}

  Parsed<AbiRange> requirement() {
    skip_blanks();
    if (take_wildcard()) {
      skip_blanks();
      if (!rest_.empty()) return std::string("a * of its own is the whole requirement");
      return AbiRange{};
    }
    Interval all;
    for (std::size_t count = 0; count < max_comparators; ++count) {
      const Interval each = versions_of(TRY(comparator()));
      all = {std::max(all.first, each.first), std::min(all.end, each.end)};
      if (rest_.empty()) return range_of(all);
      if (!take(",")) return concat("only a comma may stand before ", base::quoted(rest_, 20));
      skip_blanks();
    }
    return concat("more than ", max_comparators, " comparators");
  }

 private:
  static Parsed<AbiRange> range_of(const Interval& all) {
    if (all.first >= all.end) return std::string("no version meets it");
    return AbiRange{static_cast<std::uint16_t>(all.first), static_cast<std::uint16_t>(all.end - 1)};
  }

  bool take(std::string_view what) noexcept {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool take_wildcard() noexcept { return take("*") || take("x") || take("X"); }
  /// Spaces alone: the crate takes no other blank.
  void skip_blanks() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
  }

  std::optional<Operator> take_operator() noexcept {
    if (take("=")) return Operator::Exact;
    if (take(">=")) return Operator::GreaterEqual;
    if (take(">")) return Operator::Greater;
    if (take("<=")) return Operator::LessEqual;
    if (take("<")) return Operator::Less;
    if (take("~")) return Operator::Tilde;
    if (take("^")) return Operator::Caret;
    return std::nullopt;
  }

  /// A number, cut off at `beyond`.
  Parsed<std::uint32_t> number() {
    const std::size_t length = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const std::string_view digits = rest_.substr(0, length);
    if (digits.empty()) {
      return rest_.empty() ? std::string("a number is missing at its end")
                           : concat("a number is missing before ", base::quoted(rest_, 20));
    }
    if (digits.size() > 1 && digits.front() == '0') {
      return concat(base::quoted(digits, 20), " has a leading zero");
    }
    const auto value = base::parse_decimal(digits);
    if (!value) return concat(base::quoted(digits, 20), " is too large");
    rest_.remove_prefix(length);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, beyond));
  }

  /// A comparator and the blanks around it.
  Parsed<Comparator> comparator() {
    Comparator made;
    const std::optional<Operator> op = take_operator();
    skip_blanks();
    made.major = TRY(number());
    bool wildcard = false;
    if (take(".")) {
      wildcard = take_wildcard();
      if (!wildcard) made.minor = TRY(number());
    }
    if (take(".")) {
      if (take_wildcard()) {
        wildcard = true;
      } else if (wildcard) {
        return std::string("behind a * there is no number");
      } else {
        made.patch_above_zero = TRY(number()) != 0;
        if (rest_.starts_with('-') || rest_.starts_with('+')) {
          return std::string("an ABI has no pre-releases and no builds");
        }
      }
    }
    // "1.51.*" is exactly 1.51, where "1.51" is anything from there to 2.0.
    made.op = op.value_or(wildcard ? Operator::Exact : Operator::Caret);
    skip_blanks();
    return made;
  }

  std::string_view rest_;
};

}  // namespace

core::Result<AbiRange, std::string> parse_abi_requirement(std::string_view text) {
  auto range = RequirementParser(text).requirement();
  if (range) return range;
  return concat(base::quoted(text, 40), " is no requirement that can be met: ", range.error());
}

}  // namespace merlon::verify
