#pragma once

// Directories that a workload finds within its keep: filled from an archive that came with it,
// empty in the keep's memory, or a volume whose files are sealed and outlive the keep.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace merlon::launch {

inline constexpr std::size_t digest_size = 32;
inline constexpr std::size_t max_mounts = 64;

enum class FileAccess : std::uint8_t { ReadWrite = 0, ReadOnly = 1 };

struct Mount {
  enum class Source : std::uint8_t {
    Archive = 0,  ///< what lies below the archive's directory `from`, "" for all of it
    Memory = 1,   ///< nothing at first
    Volume = 2,   ///< the launch's volume; one mount at most
  };
  Source source = Source::Memory;
  /// ReadOnly only with Archive. What is written to one that is not goes to the keep's memory.
  FileAccess access = FileAccess::ReadWrite;
  std::string path{};  ///< the workload's; os::is_canonical_path
  std::string from{};  ///< only with Archive
  bool operator==(const Mount&) const = default;
};

/// Files that a keep seals and its host keeps (docs/sealed-storage.md).
struct Volume {
  enum class Binding : std::uint8_t {
    Tenant = 0,    ///< any workload of the same tenant opens it
    Workload = 1,  ///< only the same module with the same configuration does
  };
  std::string name;  ///< base::is_label; the host sees it
  Binding bound_to = Binding::Tenant;
  /// Of its own keys: a higher one has all of it sealed under new keys, a lower one is refused.
  std::uint64_t epoch = 0;
  /// The state that the tenant knows of, by its number and its index's SHA-256: an older one, or
  /// another of this number, is refused. Zeros: he knows of none.
  std::uint64_t generation = 0;
  std::array<std::uint8_t, 32> head{};
  /// The volume that he knows under this name: another one is refused. Zeros: he knows none.
  std::array<std::uint8_t, 16> id{};
  /// What was sealed by an older keep, or under an older version of the platform (its TCB, as it
  /// stands in reports), is refused.
  std::uint32_t oldest_svn = 0;
  std::array<std::uint8_t, 16> oldest_tcb{};
  /// The tenant's own key to it, with which he can have it opened anywhere.
  std::optional<std::array<std::uint8_t, 32>> key{};
  bool operator==(const Volume&) const = default;
};

}  // namespace merlon::launch
