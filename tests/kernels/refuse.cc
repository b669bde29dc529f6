// Runs a program as on a kernel that lacks some system calls, or where a sandbox forbids them.
//
//   refuse [NAME=ERRNO]… [ioctl:REQUEST=ERRNO]… -- PROGRAM [ARGUMENT…]
//
// NAME as in merlon/os/call_names.def; ERRNO is ENOSYS, EPERM or EINVAL; REQUEST an ioctl's number.
// What the program starts is refused the same.

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

struct Call {
  std::string_view name;
  std::uint32_t number;
};

constexpr std::array calls{
#define MERLON_SYSTEM_CALL(number, name) Call{#name, number},
#include "merlon/os/call_names.def"
#undef MERLON_SYSTEM_CALL
};

constexpr std::uint32_t ioctl_number = 16;

std::optional<std::uint32_t> find_call(std::string_view name) {
  for (const Call& each : calls) {
    if (each.name == name) return each.number;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> find_error(std::string_view name) {
  if (name == "ENOSYS") return ENOSYS;
  if (name == "EPERM") return EPERM;
  if (name == "EINVAL") return EINVAL;
  return std::nullopt;
}

::sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
::sock_filter skip_unless(std::uint32_t value, std::uint8_t steps) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, steps);
}
::sock_filter answer(std::uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }

/// Adds one rule to the filter; false if it is not understood.
bool add_rule(std::string_view rule, std::vector<::sock_filter>& filter) {
  const std::size_t equals = rule.find('=');
  if (equals == std::string_view::npos) return false;
  const auto error = find_error(rule.substr(equals + 1));
  const std::string_view what = rule.substr(0, equals);
  if (!error) return false;
  constexpr std::string_view request = "ioctl:";
  filter.push_back(load(offsetof(::seccomp_data, nr)));
  if (what.starts_with(request)) {
    const std::string number(what.substr(request.size()));
    filter.push_back(skip_unless(ioctl_number, 3));
    filter.push_back(load(offsetof(::seccomp_data, args[1])));
    filter.push_back(
        skip_unless(static_cast<std::uint32_t>(std::strtoul(number.c_str(), nullptr, 0)), 1));
  } else {
    const auto number = find_call(what);
    if (!number) return false;
    filter.push_back(skip_unless(*number, 1));
  }
  filter.push_back(answer(SECCOMP_RET_ERRNO | *error));
  return true;
}

}  // namespace

int main(int count, char** words) {
  std::vector<::sock_filter> filter;
  int at = 1;
  for (; at < count && std::string_view(words[at]) != "--"; ++at) {
    if (!add_rule(words[at], filter)) {
      std::fprintf(stderr, "refuse: cannot understand %s\n", words[at]);
      return 2;
    }
  }
  if (at + 1 >= count) return 2;
  filter.push_back(answer(SECCOMP_RET_ALLOW));
  const ::sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("refuse: seccomp");
    return 2;
  }
  ::execvp(words[at + 1], words + at + 1);
  std::perror("refuse: exec");
  return 2;
}
