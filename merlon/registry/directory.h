#pragma once

// A directory of a tree as a registry keeps it: names, and of each what lies there, as JSON
// [ENARX drawbridge 0.4 crates/type/src/tree]. The digest of a directory is that of its JSON, so
// there is one text of each: members in this order, hashes and names ascending, no spaces. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/registry/content_digest.h"

namespace merlon::registry {

inline constexpr std::string_view wasm_type = "application/wasm";
inline constexpr std::string_view toml_type = "application/toml";
/// docs/sealed-package.md.
inline constexpr std::string_view sealed_type = "application/vnd.merlon.sealed.v1";
inline constexpr std::string_view other_type = "application/octet-stream";
inline constexpr std::string_view directory_type = "application/vnd.drawbridge.directory.v1+json";
inline constexpr std::string_view tag_type = "application/vnd.drawbridge.entry.v1+json";
/// [ENARX 0.7.1 crates/exec-wasmtime/src/workload.rs].
inline constexpr std::size_t max_directory_size = 1'000'000;

/// By its name, as Enarx' client has it.
[[nodiscard]] std::string_view type_of_file(std::string_view name) noexcept;

/// What a node of a tree is, without its content.
struct Meta {
  ContentDigest digest;
  std::uint64_t length = 0;
  std::string type;

  [[nodiscard]] static Meta of(core::ByteView content, std::string_view type);
  bool operator==(const Meta&) const = default;
};

/// {"digest":{"sha-224":"…",…},"length":N,"type":"…"}, which is a tag's unsigned entry as well.
[[nodiscard]] std::string to_json(const Meta& meta);
/// Members of others are passed over, as Enarx allows them. Attacker-controlled. Malformed ·
/// Exhausted.
[[nodiscard]] core::Result<Meta> parse_meta(std::string_view json);

using Directory = std::map<std::string, Meta, std::less<>>;
[[nodiscard]] std::string to_json(const Directory& directory);
/// At most max_directory_size bytes. Attacker-controlled. Malformed (a name that no entry has) ·
/// Exhausted.
[[nodiscard]] core::Result<Directory> parse_directory(std::string_view json);

}  // namespace merlon::registry
