#include "merlon/os/landlock.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <unistd.h>

namespace merlon::os {
namespace {

// The kernel's ABI, here because the headers of older distributions know version 1 only.
constexpr long create_ruleset_call = 444;
constexpr long add_rule_call = 445;
constexpr long restrict_self_call = 446;
constexpr unsigned ask_version = 1;
constexpr int rule_path_beneath = 1;

enum Right : std::uint64_t {
  Execute = 1U << 0U,
  WriteFile = 1U << 1U,
  ReadFile = 1U << 2U,
  ReadDirectory = 1U << 3U,
  RemoveDirectory = 1U << 4U,
  RemoveFile = 1U << 5U,
  MakeCharacterDevice = 1U << 6U,
  MakeDirectory = 1U << 7U,
  MakeRegular = 1U << 8U,
  MakeSocket = 1U << 9U,
  MakeFifo = 1U << 10U,
  MakeBlockDevice = 1U << 11U,
  MakeSymlink = 1U << 12U,
  Refer = 1U << 13U,         // version 2
  Truncate = 1U << 14U,      // version 3
  DeviceControl = 1U << 15U  // version 5
};
constexpr std::uint64_t bind_and_connect_tcp = 3;          // version 4
constexpr std::uint64_t abstract_sockets_and_signals = 3;  // version 6

struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scopes;
};
static_assert(sizeof(RulesetAttributes) == 24);

struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed;
  std::int32_t parent;
};
static_assert(sizeof(PathBeneath) == 12 && offsetof(PathBeneath, parent) == 8);

std::uint64_t file_rights_of(int version) noexcept {
  std::uint64_t rights = (std::uint64_t{MakeSymlink} << 1U) - 1;
  if (version >= 2) rights |= Refer;
  if (version >= 3) rights |= Truncate;
  if (version >= 5) rights |= DeviceControl;
  return rights;
}

/// How much of the attributes this version's kernel reads.
std::size_t attributes_size(int version) noexcept {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? offsetof(RulesetAttributes, scopes) : offsetof(RulesetAttributes, network);
}

constexpr std::uint64_t reading = ReadFile | ReadDirectory | DeviceControl;
constexpr std::uint64_t changing = WriteFile | RemoveDirectory | RemoveFile | MakeDirectory |
                                   MakeRegular | MakeSymlink | Refer | Truncate;

}  // namespace

Result<int> landlock_version() noexcept {
  const long version = ::syscall(create_ruleset_call, nullptr, std::size_t{0}, ask_version);
  if (version < 0) return last_errno();
  return static_cast<int>(std::min<long>(version, INT16_MAX));
}

Result<void> confine_files(int version, std::span<const AllowedTree> trees) noexcept {
  const RulesetAttributes attributes{.files = file_rights_of(version),
                                     .network = version >= 4 ? bind_and_connect_tcp : 0,
                                     .scopes = version >= 6 ? abstract_sockets_and_signals : 0};
  const long number = ::syscall(create_ruleset_call, &attributes, attributes_size(version), 0U);
  if (number < 0) return last_errno();
  const Fd ruleset = Fd::adopt(static_cast<int>(number));
  for (const AllowedTree& tree : trees) {
    const std::uint64_t wanted = tree.writable ? reading | changing : reading;
    const PathBeneath rule{.allowed = wanted & attributes.files, .parent = tree.directory.number()};
    if (::syscall(add_rule_call, ruleset.number(), rule_path_beneath, &rule, 0U) < 0) {
      return last_errno();
    }
  }
  if (::syscall(restrict_self_call, ruleset.number(), 0U) < 0) return last_errno();
  return {};
}

}  // namespace merlon::os
