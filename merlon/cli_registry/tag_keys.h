#pragma once

// Keys by which tags are signed (registry/signed_tag.h), in files.

#include <string>

#include "merlon/cli_registry/local_package.h"
#include "merlon/registry/signed_tag.h"

namespace merlon::cli_registry {

/// The tag of `package` as the private key in `path` (PEM) signs it.
[[nodiscard]] Result<std::string> signed_by(const std::string& path, const registry::Slug& slug,
                                            const LocalPackage& package);

/// Whether the key in `path` (PEM; public, or private with its public half) has signed what the tag
/// says of its root. Untrue otherwise.
[[nodiscard]] Result<void> check_signature(const std::string& path, const registry::Slug& slug,
                                           const registry_client::Client::Tag& tag);

}  // namespace merlon::cli_registry
