#include "merlon/os/call_filter.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <random>

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/os/surrender.h"
#include "merlon/os/testing/child.h"

namespace merlon::os {
namespace {

using testing::in_child;

/// What the kernel makes of `call`: as much of [bpf, classic] as filters here are written in.
std::uint32_t answer_of(const std::vector<::sock_filter>& program, const ::seccomp_data& call) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const ::sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        // SAFETY: any object may be read as bytes.
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= step.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JA: at += step.k; break;
      case BPF_RET | BPF_K: return step.k;
      default: ADD_FAILURE() << "unknown step " << step.code; return 0;
    }
  }
  ADD_FAILURE() << "the program runs off its end";
  return 0;
}

bool allows(const std::vector<::sock_filter>& program, int number, std::uint64_t first = 0,
            std::uint64_t second = 0, std::uint32_t convention = AUDIT_ARCH_X86_64) {
  ::seccomp_data call{};
  call.nr = number;
  call.arch = convention;
  call.args[0] = first;
  call.args[1] = second;
  const std::uint32_t answer = answer_of(program, call);
  EXPECT_TRUE(answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_TRAP) << answer;
  return answer == SECCOMP_RET_ALLOW;
}

/// The meaning of a rule, as call_filter.h has it.
bool permits(const CallRule& rule, std::uint64_t first, std::uint64_t second) {
  const auto holds = [&](const ArgumentCheck& check) {
    return ((check.argument == 0 ? first : second) & check.mask) == check.value;
  };
  return rule.alternatives.empty() ||
         std::ranges::any_of(rule.alternatives, [&](const ArgumentChecks& checks) {
           return std::ranges::all_of(checks, holds);
         });
}

class RandomRules {
 public:
  std::map<int, CallRule> rules(std::size_t count) {
    std::map<int, CallRule> made;
    while (made.size() < count) {
      const int number = static_cast<int>(random_() % 480);
      made[number] = {number, alternatives()};
    }
    return made;
  }
  std::uint64_t value() { return pick({0, 1, 2, 0x1'0000'0001, 0x2'0000'0000}); }

 private:
  std::vector<ArgumentChecks> alternatives() {
    std::vector<ArgumentChecks> made(random_() % 4);
    for (ArgumentChecks& checks : made) {
      checks.resize(1 + random_() % 2);
      for (ArgumentCheck& check : checks) {
        const std::uint64_t mask = pick({~0ULL, 0xFF, 0xFFFF'FFFF, 0xF'0000'0000, 0x1'0000'0001});
        check = {static_cast<unsigned>(random_() % 2), mask, value() & mask};
      }
    }
    return made;
  }
  std::uint64_t pick(std::initializer_list<std::uint64_t> from) {
    return *(from.begin() + random_() % from.size());
  }

  std::mt19937 random_{7};  // NOLINT(cert-msc51-cpp): the same lists each time
};

TEST(CallFilter, MeansWhatItsRulesMean) {
  RandomRules random;
  for (const std::size_t count : {0U, 1U, 2U, 3U, 5U, 8U, 17U, 40U, 60U, 120U, 300U}) {
    const auto rules = random.rules(count);
    std::vector<CallRule> list;
    for (const auto& [number, rule] : rules) list.insert(list.begin(), rule);
    const auto program = compile(list);
    for (int number = -1; number < 500; ++number) {
      const auto rule = rules.find(number);
      for (int round = 0; round < 8; ++round) {
        const std::uint64_t first = random.value();
        const std::uint64_t second = random.value();
        const bool permitted = rule != rules.end() && permits(rule->second, first, second);
        ASSERT_EQ(allows(program, number, first, second), permitted)
            << number << "(" << first << ", " << second << ") of " << count;
      }
    }
  }
}

TEST(CallFilter, AllChecksOfOneAlternativeMustHold) {
  const auto program = compile({{5, {{{0, ~0ULL, 1}, {1, ~0ULL, 2}}, {{0, ~0ULL, 3}}}}});
  EXPECT_TRUE(allows(program, 5, 1, 2));
  EXPECT_TRUE(allows(program, 5, 3, 9));
  EXPECT_FALSE(allows(program, 5, 1, 3));
  EXPECT_FALSE(allows(program, 5, 2, 2));
}

TEST(CallFilter, BothHalvesOfAnArgumentAreCompared) {
  const auto program = compile({{5, {{{0, ~0ULL, 0x1'0000'0002}}}}});
  EXPECT_TRUE(allows(program, 5, 0x1'0000'0002));
  EXPECT_FALSE(allows(program, 5, 2));
  EXPECT_FALSE(allows(program, 5, 0x1'0000'0000));
}

TEST(CallFilter, BitsBeyondTheMaskDoNotCount) {
  const auto program = compile({{5, {{{0, 0xFF, 0x12}}}}});
  EXPECT_TRUE(allows(program, 5, 0xABCD'0000'3412));
  EXPECT_FALSE(allows(program, 5, 0x13));
}

TEST(CallFilter, OtherCallingConventionsAreRefused) {
  const auto program = compile({{SYS_getppid, {}}});
  constexpr int x32 = 0x4000'0000;
  EXPECT_TRUE(allows(program, SYS_getppid));
  EXPECT_FALSE(allows(program, SYS_getppid | x32));
  EXPECT_FALSE(allows(program, SYS_getppid, 0, 0, AUDIT_ARCH_I386));
}

TEST(CallFilter, TheKernelHoldsAProcessToIt) {
  const auto confined = [](long number, unsigned long argument) {
    return in_child([=] {
      if (!forbid_new_privileges()) return 1;
      const auto filter = compile({{SYS_exit_group, {}}, {SYS_getppid, {{{0, ~0ULL, 1}}}}});
      if (!confine_calls(filter)) return 2;
      // Nothing else may run here: a sanitizer's runtime would make calls of its own.
      const long result = ::syscall(number, argument);
      ::syscall(SYS_exit_group, result > 0 ? 42 : 3);
      return 4;
    });
  };
  EXPECT_TRUE(confined(SYS_getppid, 1).with(42));
  EXPECT_TRUE(confined(SYS_getppid, 2).by(SIGSYS));
  EXPECT_TRUE(confined(SYS_getpid, 1).by(SIGSYS));
}

TEST(CallFilter, AnAbsentCallIsUnknown) {
  const auto program =
      compile({{SYS_read, {}}, {SYS_clone3, {}, Verdict::Absent}, {SYS_write, {}}});
  ::seccomp_data call{};
  call.nr = SYS_clone3;
  call.arch = AUDIT_ARCH_X86_64;
  EXPECT_EQ(answer_of(program, call), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_TRUE(allows(program, SYS_read));
  EXPECT_TRUE(allows(program, SYS_write));
  EXPECT_FALSE(allows(program, SYS_clone));
}

TEST(CallFilter, AnEmptyProgramIsRefused) { EXPECT_EQ(confine_calls({}).error(), Errno::Inval); }

TEST(CallName, IsTheKernelsOwn) {
  EXPECT_EQ(call_name(SYS_read), "read");
  EXPECT_EQ(call_name(SYS_openat2), "openat2");
  EXPECT_EQ(call_name(SYS_io_uring_setup), "io_uring_setup");
  EXPECT_EQ(call_name(SYS_set_mempolicy_home_node), "set_mempolicy_home_node");
}

TEST(CallName, IsEmptyForNumbersThatAreNoCall) {
  for (const int number : {-1, 335, 423, 100'000}) EXPECT_EQ(call_name(number), "") << number;
}

}  // namespace
}  // namespace merlon::os
