#include "merlon/oci/manifest.h"

#include <algorithm>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/oci/media_types.h"
#include "merlon/oci/reference.h"

namespace merlon::oci {

using base::concat;
using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;

namespace {

constexpr std::size_t most_annotations = 256;
/// A signed tag among them.
constexpr std::size_t longest_text = std::size_t{64} << 10U;
constexpr std::string_view sha256 = "sha256:";

template <typename... Parts>
core::Unexpected<std::string> refusal(const Parts&... parts) {
  return core::Unexpected<std::string>(concat(parts...));
}

/// A text that must be there; `where` is for people.
Read<std::string> text_in(const JsonValue& object, std::string_view name, std::string_view where) {
  const auto text = object.string_member(name);
  if (!text || text->size() > longest_text) return refusal(where, ": no ", name);
  return Read<std::string>(std::string(*text));
}

/// Empty if it is not there.
Read<std::string> optional_text(const JsonValue& object, std::string_view name,
                                std::string_view where) {
  return object.find(name) == nullptr ? Read<std::string>(std::string())
                                      : text_in(object, name, where);
}

Read<Annotations> annotations_in(const JsonValue& object) {
  Annotations all;
  const JsonValue* const found = object.find("annotations");
  if (found == nullptr || found->kind() == JsonKind::Null) return all;
  if (found->kind() != JsonKind::Object || found->items().size() > most_annotations) {
    return refusal("annotations that are none");
  }
  for (std::size_t i = 0; i < found->items().size(); ++i) {
    const JsonValue& value = found->items()[i];
    if (value.kind() != JsonKind::String || value.text().size() > longest_text) {
      return refusal("an annotation that is none");
    }
    all.emplace(found->names()[i], value.text());
  }
  return all;
}

Read<void> read_platform(const JsonValue& object, Descriptor& descriptor) {
  const JsonValue* const platform = object.find("platform");
  if (platform == nullptr || platform->kind() == JsonKind::Null) return {};
  if (platform->kind() != JsonKind::Object) return refusal("a platform that is none");
  descriptor.has_platform = true;
  descriptor.architecture = TRY(text_in(*platform, "architecture", "a platform"));
  descriptor.os = TRY(text_in(*platform, "os", "a platform"));
  return {};
}

Read<Descriptor> descriptor_of(const JsonValue& value, std::string_view where) {
  if (value.kind() != JsonKind::Object) return refusal(where, ": no descriptor");
  Descriptor descriptor;
  descriptor.type = TRY(text_in(value, "mediaType", where));
  if (!is_media_type(descriptor.type)) return refusal(where, ": no media type");
  const std::string digest = TRY(text_in(value, "digest", where));
  if (!digest.starts_with(sha256)) {
    return refusal(where, ": the digest ", base::quoted(digest), " is by another hash than sha256");
  }
  descriptor.digest = digest.substr(sha256.size());
  if (!is_sha256(descriptor.digest)) {
    return refusal(where, ": ", base::quoted(digest), " is no digest");
  }
  const auto size = value.number_member("size", std::numeric_limits<std::int64_t>::max());
  if (!size) return refusal(where, ": no size");
  descriptor.size = *size;
  descriptor.annotations = TRY(annotations_in(value));
  if (where == "manifests") TRY(read_platform(value, descriptor));
  return descriptor;
}

Read<std::vector<Descriptor>> descriptors_in(const JsonValue& object, std::string_view name,
                                             std::size_t most) {
  const auto list = object.member(name, JsonKind::Array);
  if (!list) return refusal("no ", name);
  if ((*list)->items().size() > most) return refusal("more ", name, " than ", most);
  std::vector<Descriptor> all;
  all.reserve((*list)->items().size());
  for (const JsonValue& each : (*list)->items()) all.push_back(TRY(descriptor_of(each, name)));
  return all;
}

Read<Manifest> manifest_of(const JsonValue& root) {
  Manifest manifest;
  manifest.artifact_type = TRY(optional_text(root, "artifactType", "a manifest"));
  const auto config = root.member("config", JsonKind::Object);
  if (!config) return refusal("no config");
  manifest.config = TRY(descriptor_of(**config, "config"));
  manifest.layers = TRY(descriptors_in(root, "layers", max_layers));
  manifest.annotations = TRY(annotations_in(root));
  return manifest;
}

/// A document that could be read as another kind as well.
bool is_ambiguous(const JsonValue& root, bool is_index) {
  const auto has = [&](std::string_view name) { return root.find(name) != nullptr; };
  if (has("fsLayers") || has("history")) return true;
  return is_index ? has("layers") || has("config") : has("manifests");
}

void write(codec::JsonWriter& json, const Annotations& annotations) {
  if (annotations.empty()) return;
  json.key("annotations");
  json.open_object();
  for (const auto& [name, value] : annotations) {
    json.key(name);
    json.text(value);
  }
  json.close_object();
}

void write(codec::JsonWriter& json, const Descriptor& descriptor) {
  json.open_object();
  json.key("mediaType");
  json.text(descriptor.type);
  json.key("digest");
  json.text(concat(sha256, descriptor.digest));
  json.key("size");
  json.number(descriptor.size);
  write(json, descriptor.annotations);
  json.close_object();
}

/// What buildx attaches to say how an image was made.
bool is_attestation(const Descriptor& each) {
  return (each.has_platform && each.os == "unknown" && each.architecture == "unknown") ||
         each.annotation("vnd.docker.reference.type") == "attestation-manifest";
}

bool is_for_wasm(const Descriptor& each) {
  const bool machine = each.architecture == "wasm" || each.architecture == "wasm32";
  return machine && (each.os == "wasip1" || each.os == "wasi");
}

std::string name_of(const Descriptor& each) {
  return each.has_platform
             ? concat(base::printable(each.os), "/", base::printable(each.architecture))
             : concat("without a platform");
}

}  // namespace

std::string_view Descriptor::annotation(std::string_view name) const noexcept {
  const auto found = annotations.find(name);
  return found == annotations.end() ? std::string_view() : std::string_view(found->second);
}

bool is_media_type(std::string_view text) noexcept {
  constexpr std::size_t longest = 255;
  const std::size_t slash = text.find('/');
  if (text.size() > longest || slash == 0 || slash == std::string_view::npos ||
      slash + 1 == text.size()) {
    return false;
  }
  return std::ranges::all_of(text,
                             [](char c) {
                               const bool alphanumeric = (c >= 'a' && c <= 'z') ||
                                                         (c >= 'A' && c <= 'Z') ||
                                                         (c >= '0' && c <= '9');
                               return alphanumeric || std::string_view("/!#$&-^_.+").find(c) !=
                                                          std::string_view::npos;
                             }) &&
         std::ranges::count(text, '/') == 1;
}

Read<Document> parse_document(std::string_view type, std::string_view json) {
  if (json.size() > max_manifest_size) return refusal("a manifest of more than 4 MiB");
  const auto document = JsonDocument::parse(json);
  if (!document) return refusal("a manifest that is no JSON: ", document.error().message());
  const JsonValue& root = document->root();
  if (root.kind() != JsonKind::Object) return refusal("a manifest that is no object");
  const std::string own = TRY(optional_text(root, "mediaType", "a manifest"));
  // Some registries do not say; who says must say the same.
  const bool says = type != "application/json" && !type.empty() && type != registry::other_type;
  const std::string_view kind = says ? type : std::string_view(own);
  if (says && !own.empty() && own != type) {
    return refusal("a manifest that comes as ", base::quoted(type), " and calls itself ",
                   base::quoted(own));
  }
  const bool is_index = kind == index_type || kind == docker_index_type;
  if (!is_index && kind != manifest_type && kind != docker_manifest_type) {
    return refusal("a manifest of type ", base::quoted(kind), ", which is not known here");
  }
  const auto version = root.number_member("schemaVersion", 2);
  if (!version || *version != 2) return refusal("a manifest of another schemaVersion than 2");
  if (is_ambiguous(root, is_index)) {
    return refusal("a manifest that could be read as one of another kind");
  }
  if (!is_index) {
    auto manifest = TRY(manifest_of(root));
    return Document(std::move(manifest));
  }
  Index index;
  index.manifests = TRY(descriptors_in(root, "manifests", max_index_entries));
  return Document(std::move(index));
}

Read<Descriptor> choose(const Index& index) {
  const Descriptor* found = nullptr;
  const Descriptor* bare = nullptr;
  std::size_t bare_count = 0;
  std::string others;
  for (const Descriptor& each : index.manifests) {
    if (is_attestation(each)) continue;
    if (!each.has_platform) {
      bare = &each;
      ++bare_count;
    }
    if (is_for_wasm(each)) {
      if (found != nullptr) {
        return refusal("an index with two manifests for WebAssembly, sha256:", found->digest,
                       " and sha256:", each.digest, ": name the one that is meant by its digest");
      }
      found = &each;
    } else if (others.size() < longest_text / 64) {
      others += concat(others.empty() ? "" : ", ", name_of(each));
    }
  }
  if (found == nullptr && bare_count == 1) found = bare;
  if (found == nullptr) {
    return refusal("an index without one manifest for WebAssembly (wasip1/wasm); it has ",
                   others.empty() ? "none" : base::printable(others));
  }
  if (found->type != manifest_type && found->type != docker_manifest_type) {
    return refusal("an index whose entry is of type ", base::quoted(found->type));
  }
  return *found;
}

std::string to_json(const Manifest& manifest) {
  codec::JsonWriter json;
  json.open_object();
  json.key("schemaVersion");
  json.number(2U);
  json.key("mediaType");
  json.text(manifest_type);
  if (!manifest.artifact_type.empty()) {
    json.key("artifactType");
    json.text(manifest.artifact_type);
  }
  json.key("config");
  write(json, manifest.config);
  json.key("layers");
  json.open_array();
  for (const Descriptor& each : manifest.layers) write(json, each);
  json.close_array();
  write(json, manifest.annotations);
  json.close_object();
  return json.result();
}

}  // namespace merlon::oci
