#pragma once

// What an artifact in an OCI registry is called [OCI-DIST 1.1.1 §pull]:
// oci://HOST[:PORT]/NAME[:TAG], perhaps with a digest behind it. User input, read strictly. Pure.

#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::oci {

struct Reference {
  std::string host;        ///< "HOST[:PORT]", in small letters
  bool is_plain = false;   ///< oci+http://, which HttpsClient takes of this machine only
  std::string repository;  ///< "library/app"
  std::string tag;         ///< empty: it is named by its manifest's digest alone
  std::string manifest;    ///< hexadecimal SHA-256 of the manifest or index (@sha256:); or empty
  std::string tree;        ///< of the package's tree (@sha-256=), which is ours; or empty

  /// There must be a tag or the digest of a manifest. The error says which rule is broken.
  [[nodiscard]] static core::Result<Reference, std::string> parse(std::string_view text);
  /// As parse() takes it.
  [[nodiscard]] std::string text() const;
  /// Without digests: what a tag is remembered by. Empty if there is no tag.
  [[nodiscard]] std::string tag_text() const;
  /// "NAME:TAG": which artifact it is, wherever it lies.
  [[nodiscard]] std::string bare_name() const;
  /// Where the registry answers: what is called docker.io has another server.
  [[nodiscard]] std::string url() const;
  bool operator==(const Reference&) const = default;
};

/// Whether a command line means an artifact: it begins with "oci://" or "oci+http://".
[[nodiscard]] bool is_reference(std::string_view text) noexcept;

/// "library/app" [OCI-DIST 1.1.1 §pulling-manifests], up to 255 characters.
[[nodiscard]] bool is_repository(std::string_view name) noexcept;
[[nodiscard]] bool is_tag(std::string_view name) noexcept;
/// 64 hexadecimal digits in small letters.
[[nodiscard]] bool is_sha256(std::string_view digits) noexcept;

}  // namespace merlon::oci
