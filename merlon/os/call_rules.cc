#include "merlon/os/call_rules.h"

#include <fcntl.h>
#include <sys/syscall.h>

namespace merlon::os {

void add(CallRules& rules, std::initializer_list<int> numbers) {
  for (const int number : numbers) rules.push_back({number, {}});
}

CallRule one_of(int number, unsigned argument, std::initializer_list<std::uint64_t> values) {
  CallRule rule{number, {}};
  for (const std::uint64_t value : values) rule.alternatives.push_back({is(argument, value)});
  return rule;
}

CallRule common_clocks(int number) {
  constexpr std::uint64_t all_but_the_first_16 = 0xffff'fff0;  // of an int
  return {number, {{ArgumentCheck{0, all_but_the_first_16, 0}}}};
}

void add_file_control(CallRules& rules) {
  // O_ASYNC would make the kernel send signals.
  rules.push_back({SYS_fcntl,
                   {{is(1, F_DUPFD_CLOEXEC)},
                    {is(1, F_GETFL)},
                    {is(1, F_SETFL), ArgumentCheck{2, O_ASYNC, 0}}}});
}

void add_directories(CallRules& rules, bool writable) {
  for (const int number : {SYS_openat, SYS_openat2, SYS_readlinkat}) {
    rules.push_back({number, {{is_descriptor(0)}}});
  }
  add(rules, {SYS_getdents64});
  if (!writable) return;
  for (const int number : {SYS_mkdirat, SYS_unlinkat}) {
    rules.push_back({number, {{is_descriptor(0)}}});
  }
  for (const int number : {SYS_renameat, SYS_linkat}) {
    rules.push_back({number, {{is_descriptor(0), is_descriptor(2)}}});
  }
  rules.push_back({SYS_symlinkat, {{is_descriptor(1)}}});
}

}  // namespace merlon::os
