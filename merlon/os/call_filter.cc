#include "merlon/os/call_filter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/core/check.h"

namespace merlon::os {
namespace {

constexpr std::uint16_t load_word = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t mask_with = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t if_equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t if_at_least = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t jump = BPF_JMP | BPF_JA;
constexpr std::uint16_t answer = BPF_RET | BPF_K;

constexpr std::uint64_t low_word = 0xFFFF'FFFF;

/// Where a step goes on: at one of the two answers, or at a step that has been written.
struct Target {
  enum class Kind : std::uint8_t { Allow, Refuse, Step };
  Kind kind;
  std::size_t step = 0;  ///< counted from the end of the program
};
constexpr Target allow{Target::Kind::Allow};
constexpr Target refuse{Target::Kind::Refuse};

/// Writes the program from its end to its start, so that whatever a step jumps to is there
/// already. Steps share their answers as far as a jump reaches: the kernel's work on a filter
/// grows with its length, and a keep's start waits for it.
class FilterWriter {
 public:
  std::vector<::sock_filter> write(std::span<const CallRule> rules) {
    const Target found = search(rules);
    // The x32 convention has the same architecture and a high bit in each number: no rule has it.
    go_to(found);
    put(load_word, offsetof(::seccomp_data, nr));
    const Target number = here();
    branch(if_equal, AUDIT_ARCH_X86_64, number, refuse);
    put(load_word, offsetof(::seccomp_data, arch));
    std::ranges::reverse(reversed_);
    return std::move(reversed_);
  }

 private:
  void put(std::uint16_t code, std::uint32_t operand) {
    reversed_.push_back({code, 0, 0, operand});
  }

  [[nodiscard]] Target here() const { return {Target::Kind::Step, reversed_.size() - 1}; }

  /// How far `target` is from the step that is put next.
  [[nodiscard]] std::size_t distance(const Target& target) const {
    return reversed_.size() - target.step - 1;
  }

  /// `target` as a step that the next two can reach by a conditional jump.
  Target near(Target target) {
    Target& shared = target.kind == Target::Kind::Allow ? allow_ : refuse_;
    if (target.kind != Target::Kind::Step) {
      if (shared.kind != Target::Kind::Step || distance(shared) > far) {
        put(answer, target.kind == Target::Kind::Allow ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP);
        shared = here();
      }
      return shared;
    }
    if (distance(target) <= far) return target;
    put(jump, static_cast<std::uint32_t>(distance(target)));
    return here();
  }

  void branch(std::uint16_t code, std::uint32_t operand, Target if_true, Target if_false) {
    const Target yes = near(if_true);
    const Target no = near(if_false);
    reversed_.push_back({code, static_cast<std::uint8_t>(distance(yes)),
                         static_cast<std::uint8_t>(distance(no)), operand});
  }

  /// What is put next falls through to `target`.
  void go_to(Target target) {
    const Target reached = near(target);
    if (distance(reached) != 0) put(jump, static_cast<std::uint32_t>(distance(reached)));
  }

  /// Gives the first step of the search for a call's number among `rules`.
  Target search(std::span<const CallRule> rules) {
    if (rules.empty()) return refuse;
    if (rules.size() == 1) return decide(rules.front());
    const std::size_t middle = rules.size() / 2;
    const Target upper = search(rules.subspan(middle));
    const Target lower = search(rules.first(middle));
    branch(if_at_least, static_cast<std::uint32_t>(rules[middle].number), upper, lower);
    return here();
  }

  Target decide(const CallRule& rule) {
    if (rule.verdict == Verdict::Absent) {
      put(answer, SECCOMP_RET_ERRNO | ENOSYS);
      branch(if_equal, static_cast<std::uint32_t>(rule.number), here(), refuse);
      return here();
    }
    Target found = rule.alternatives.empty() ? allow : refuse;
    for (std::size_t i = rule.alternatives.size(); i-- > 0;) {
      found = write_checks(rule.alternatives[i], found);
    }
    branch(if_equal, static_cast<std::uint32_t>(rule.number), found, refuse);
    return here();
  }

  /// Allows if all of `checks` hold, else goes to `otherwise`.
  Target write_checks(const ArgumentChecks& checks, Target otherwise) {
    Target next = allow;
    for (const ArgumentCheck& check : checks) {
      MERLON_CHECK(check.argument < 6 && (check.value & ~check.mask) == 0);
      const auto place = static_cast<std::uint32_t>(offsetof(::seccomp_data, args) +
                                                    check.argument * sizeof(std::uint64_t));
      next = write_half(place, check.mask & low_word, check.value & low_word, next, otherwise);
      next = write_half(place + 4, check.mask >> 32U, check.value >> 32U, next, otherwise);
    }
    return next;
  }

  Target write_half(std::uint32_t place, std::uint64_t mask, std::uint64_t value, Target next,
                    Target otherwise) {
    if (mask == 0) return next;
    branch(if_equal, static_cast<std::uint32_t>(value), next, otherwise);
    if (mask != low_word) put(mask_with, static_cast<std::uint32_t>(mask));
    put(load_word, place);
    return here();
  }

  /// A conditional jump reaches 255 steps; two may still be put in between.
  static constexpr std::size_t far = 250;

  std::vector<::sock_filter> reversed_;
  Target allow_ = allow;
  Target refuse_ = refuse;
};

/// Without a pointer: those of a table are relocated at each start.
struct CallName {
  int number;
  std::array<char, 24> name;

  constexpr CallName(int given, std::string_view text) : number(given), name{} {
    std::ranges::copy(text, name.begin());
  }
};

constexpr auto call_names = std::array{
#define MERLON_SYSTEM_CALL(number, name) CallName{number, #name},
#include "merlon/os/call_names.def"
#undef MERLON_SYSTEM_CALL
};
static_assert(std::ranges::is_sorted(call_names, {}, &CallName::number));

}  // namespace

std::vector<::sock_filter> compile(std::vector<CallRule> rules) {
  std::ranges::sort(rules, {}, &CallRule::number);
  const auto twice = std::ranges::adjacent_find(rules, {}, &CallRule::number);
  MERLON_CHECK(twice == rules.end());
  return FilterWriter().write(rules);
}

Result<void> confine_calls(std::span<const ::sock_filter> program) noexcept {
  if (program.empty() || program.size() > BPF_MAXINSNS) return Errno::Inval;
  // SAFETY: the kernel copies the program and does not write to it; its type is older than const.
  ::sock_fprog filter{static_cast<unsigned short>(program.size()),
                      const_cast<::sock_filter*>(program.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &filter) < 0) return last_errno();
  return {};
}

std::string_view call_name(int number) noexcept {
  const auto* const found = std::ranges::lower_bound(call_names, number, {}, &CallName::number);
  if (found == call_names.end() || found->number != number) return {};
  return found->name.data();
}

}  // namespace merlon::os
