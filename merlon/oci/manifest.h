#pragma once

// Manifests and indexes [OCI-IMAGE 1.1.1 manifest.md, image-index.md], Docker's of schema 2 among
// them. Attacker-controlled; bounded; read strictly: what two readers could understand in two ways
// is refused. Errors are lines for people. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::oci {

/// As far as registries must take them [OCI-DIST 1.1.1 §pushing-manifests].
inline constexpr std::size_t max_manifest_size = std::size_t{4} << 20U;
/// Of a configuration.
inline constexpr std::size_t max_config_size = std::size_t{1} << 20U;
inline constexpr std::size_t max_layers = 4096;
inline constexpr std::size_t max_index_entries = 1024;
/// What an artifact's contents may be in all: what a keep could be given.
inline constexpr std::uint64_t max_content = std::uint64_t{256} << 20U;

template <typename T>
using Read = core::Result<T, std::string>;
using Annotations = std::map<std::string, std::string, std::less<>>;

/// Some content by its digest.
struct Descriptor {
  std::string type;
  std::string digest;  ///< hexadecimal SHA-256
  std::uint64_t size = 0;
  Annotations annotations{};
  bool has_platform = false;  ///< of an index
  std::string architecture{};
  std::string os{};
  /// Empty if there is none.
  [[nodiscard]] std::string_view annotation(std::string_view name) const noexcept;
  bool operator==(const Descriptor&) const = default;
};

struct Manifest {
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  Annotations annotations;
  bool operator==(const Manifest&) const = default;
};

struct Index {
  std::vector<Descriptor> manifests;
  bool operator==(const Index&) const = default;
};
using Document = std::variant<Manifest, Index>;

/// `type` is what the registry calls it; a document that calls itself something else is refused.
[[nodiscard]] Read<Document> parse_document(std::string_view type, std::string_view json);

/// The one manifest of an index that is for WebAssembly, or the only one. Attestations are passed
/// over. The error names the two that fit, or what there is.
[[nodiscard]] Read<Descriptor> choose(const Index& index);

/// The one text of ours: members in the order of the specification, no spaces.
[[nodiscard]] std::string to_json(const Manifest& manifest);

/// Whether `text` is a media type [RFC6838 §4.2], without parameters.
[[nodiscard]] bool is_media_type(std::string_view text) noexcept;

}  // namespace merlon::oci
