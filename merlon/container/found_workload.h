#pragma once

// What a container is to run: WebAssembly in its files, or something else. The files are an
// image's: every path and link in them is attacker-controlled, and none leads out of them.

#include <optional>
#include <string>

#include "merlon/container/config.h"
#include "merlon/os/fd.h"

namespace merlon::container {

/// Annotations that say it; those without "merlon" are other runtimes' words for the same.
namespace annotation {
inline constexpr std::string_view backend = "org.merlon.backend";
inline constexpr std::string_view package = "org.merlon.package";
inline constexpr std::string_view runtime = "org.merlon.runtime";    ///< keep, native
inline constexpr std::string_view workload = "org.merlon.workload";  ///< image, sealed
// Of these asked.h tells.
inline constexpr std::string_view door = "org.merlon.door";
inline constexpr std::string_view tenant = "org.merlon.tenant";
inline constexpr std::string_view policy = "org.merlon.policy";
inline constexpr std::string_view steward = "org.merlon.steward";
inline constexpr std::string_view registry = "org.merlon.registry";
inline constexpr std::string_view listen = "org.merlon.listen";
inline constexpr std::string_view connect = "org.merlon.connect";
inline constexpr std::string_view invoke = "org.merlon.invoke";
inline constexpr std::string_view timeout = "org.merlon.timeout";
inline constexpr std::string_view max_memory = "org.merlon.max-memory";
inline constexpr std::string_view handler = "run.oci.handler";  ///< wasm
inline constexpr std::string_view variant = "module.wasm.image/variant";
}  // namespace annotation

struct FoundWorkload {
  os::Fd file;  ///< the module, or the directory of a package
  bool is_package = false;
  std::string name;  ///< its path in the container
};

/// Whether annotations leave it to one side: true for a keep, false for a native runtime.
[[nodiscard]] Checked<std::optional<bool>> told_side(const Outline& outline);

/// Nothing: it is there, but no WebAssembly. Status::NotFound: it is not there, in words that
/// engines know.
[[nodiscard]] Checked<std::optional<FoundWorkload>> find_workload(os::BorrowedFd root,
                                                                  const Outline& outline);

/// Why that cannot run in a keep, where nothing else may run it.
[[nodiscard]] Refusal no_webassembly(const Outline& outline);

}  // namespace merlon::container
