#pragma once

// Keys by which tags are signed (registry/signed_tag.h), in files.

#include <string>

#include "merlon/cli_registry/local_package.h"
#include "merlon/registry/signed_tag.h"

namespace merlon::cli_registry {

/// What `package` is as the private key in `path` (PEM) signs it under a name
/// (registry::signed_name, oci::Reference::bare_name).
[[nodiscard]] Result<std::string> signed_by(const std::string& path, std::string_view name,
                                            const LocalPackage& package);

/// What the key in `path` (PEM; public, or private with its public half) has signed under `name` in
/// this text; `shown` is how it is called for people. Untrue: nothing.
[[nodiscard]] Result<registry::Meta> signed_root(const std::string& path, const std::string& shown,
                                                 std::string_view name, std::string_view text);

/// Whether that is what the tag says of its root. Untrue otherwise.
[[nodiscard]] Result<void> check_signature(const std::string& path, const registry::Slug& slug,
                                           const registry_client::Client::Tag& tag);

}  // namespace merlon::cli_registry
