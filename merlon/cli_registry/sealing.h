#pragma once

// Sealed packages (docs/sealed-package.md) on their way to a registry and back: files of keys, and
// packages whose tree is one sealed file.

#include <optional>
#include <string>

#include "merlon/cli_registry/local_package.h"
#include "merlon/sealed_package/sealed_package.h"

namespace merlon::cli_registry {

/// The one file of a sealed package's tree.
inline constexpr std::string_view sealed_file = "package.sealed";

/// Of a file with 64 hexadecimal digits.
[[nodiscard]] Result<sealed_package::ContentKey> read_content_key(const std::string& path);
/// The same; makes key and file (mode 0600) if there is no such file.
[[nodiscard]] Result<sealed_package::ContentKey> content_key_at(const std::string& path);

/// What a registry is to keep of `package`.
[[nodiscard]] Result<LocalPackage> sealed(const LocalPackage& package,
                                          const sealed_package::ContentKey& key);

/// Of --content-key; nothing if it was not given.
[[nodiscard]] std::optional<std::string> content_key_file(const cli::Arguments& arguments);

/// Puts the files of a sealed package into its place, if that is what lies in `folder`. Without a
/// key a sealed package is refused with what to do, and with one a package that is not sealed.
/// Untrue: another key, or not as it was sealed.
[[nodiscard]] Result<void> unseal(const std::string& folder,
                                  const std::optional<std::string>& key_file);

}  // namespace merlon::cli_registry
