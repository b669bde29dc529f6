#include "merlon/oci/artifact.h"

#include <algorithm>
#include <set>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/crypto/hash.h"
#include "merlon/oci/media_types.h"
#include "merlon/oci/reference.h"
#include "merlon/registry/names.h"

namespace merlon::oci {

using base::concat;
using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;

namespace {

constexpr std::string_view main_module = "main.wasm";
constexpr std::string_view sealed_file = "package.sealed";
constexpr std::string_view sha256 = "sha256:";

template <typename... Parts>
core::Unexpected<std::string> refusal(const Parts&... parts) {
  return core::Unexpected<std::string>(concat(parts...));
}

bool is_image_config(std::string_view type) noexcept {
  return type == image_config_type || type == docker_config_type;
}
bool is_known_config(std::string_view type) noexcept {
  return is_image_config(type) || type == wasm_config_type || type == old_wasm_config_type ||
         type == empty_config_type || type == unknown_config_type;
}
bool is_module(std::string_view type) noexcept {
  return type == registry::wasm_type || type == old_wasm_type ||
         (type.starts_with(alliance_prefix) && type.ends_with("+wasm"));
}
bool is_tar(std::string_view type) noexcept { return type == tar_type || type == docker_tar_type; }
bool is_gzip(std::string_view type) noexcept {
  return type == gzip_type || type == docker_gzip_type;
}
/// Of layers that are files by their titles. ORAS calls a file a tar if nobody said what it is.
bool is_file(std::string_view type) noexcept {
  return type == registry::toml_type || type == registry::other_type || type == tar_type ||
         type == registry::sealed_type;
}

Read<std::string> path_of(const Descriptor& layer) {
  if (layer.annotation(unpack_annotation) == "true") {
    return refusal("a layer that is a packed directory (", unpack_annotation,
                   "), which is not known here");
  }
  std::string_view title = layer.annotation(title_annotation);
  if (title.starts_with("./")) title.remove_prefix(2);
  if (title.empty() && layer.type == registry::sealed_type) title = sealed_file;
  if (title.empty() && is_module(layer.type)) title = main_module;
  if (title.empty()) {
    return refusal("a layer of type ", base::quoted(layer.type), " without a title");
  }
  if (!is_path(title)) return refusal("a layer whose title ", base::quoted(title), " is no path");
  return Read<std::string>(std::string(title));
}

Read<Plan> plan_of_files(const Manifest& manifest) {
  Plan plan;
  std::set<std::string, std::less<>> paths;
  Layer* module = nullptr;
  std::size_t modules = 0;
  plan.layers.reserve(manifest.layers.size());
  for (const Descriptor& each : manifest.layers) {
    if (!is_module(each.type) && !is_file(each.type)) {
      return refusal("a layer of type ", base::quoted(each.type), ", which is not known here");
    }
    std::string path = TRY(path_of(each));
    plan.layers.push_back({each, LayerUse::File, std::move(path)});
    if (!paths.insert(plan.layers.back().path).second) {
      return refusal("two layers called ", base::quoted(plan.layers.back().path));
    }
    if (!is_module(each.type)) continue;
    ++modules;
    module = &plan.layers.back();
  }
  // A module alone is the package's, whatever it is called.
  if (!paths.contains(main_module) && modules == 1) module->path = main_module;
  if (!paths.contains(main_module) && modules > 1) {
    return refusal("more than one module, and none is called main.wasm");
  }
  return plan;
}

Read<Plan> plan_of_image(const Manifest& manifest) {
  Plan plan;
  plan.is_image = true;
  for (const Descriptor& each : manifest.layers) {
    if (!is_tar(each.type) && !is_gzip(each.type)) {
      return refusal("a layer of type ", base::quoted(each.type),
                     " in an image, which is not known here");
    }
    plan.layers.push_back(
        {each, is_gzip(each.type) ? LayerUse::Compressed : LayerUse::FileSystem, {}});
  }
  return plan;
}

/// ["a","b"]; nothing if it is not there.
Read<std::vector<std::string>> texts_in(const JsonValue& object, std::string_view name) {
  std::vector<std::string> all;
  const JsonValue* const found = object.find(name);
  if (found == nullptr || found->kind() == JsonKind::Null) return all;
  if (found->kind() != JsonKind::Array || found->items().size() > max_layers) {
    return refusal("a configuration whose ", name, " is none");
  }
  for (const JsonValue& each : found->items()) {
    if (each.kind() != JsonKind::String) return refusal("a configuration whose ", name, " is none");
    all.emplace_back(each.text());
  }
  return all;
}

Read<void> check_layers(const Manifest& manifest, const std::vector<std::string>& digests) {
  const bool same =
      std::ranges::equal(digests, manifest.layers, {}, {},
                         [](const Descriptor& each) { return concat(sha256, each.digest); });
  if (same || digests.empty()) return {};
  return refusal("a configuration that names other layers than the manifest");
}

Read<void> read_image(const JsonValue& root, Config& config) {
  if (const JsonValue* const own = root.find("config"); own != nullptr) {
    if (own->kind() == JsonKind::Object) {
      config.program = TRY(texts_in(*own, "Entrypoint"));
      if (config.program.empty()) config.program = TRY(texts_in(*own, "Cmd"));
    }
  }
  if (const JsonValue* const layers = root.find("rootfs"); layers != nullptr) {
    if (layers->kind() == JsonKind::Object) config.diff_ids = TRY(texts_in(*layers, "diff_ids"));
  }
  return {};
}

Descriptor descriptor_of(std::string_view type, std::string_view content) {
  return {std::string(type), base::hex(crypto::sha256({core::as_bytes(content)}).view()),
          content.size()};
}

Descriptor descriptor_of(const registry::Node& node) {
  Descriptor made;
  made.type = node.meta.type;
  made.digest = base::hex(node.meta.digest.get(registry::DigestKind::Sha256));
  made.size = node.meta.length;
  made.annotations.emplace(title_annotation, node.path);
  return made;
}

/// One time for all, so that one package is one artifact.
std::string wasm_config(const Manifest& manifest) {
  codec::JsonWriter json;
  json.open_object();
  json.key("created");
  json.text("1970-01-01T00:00:00Z");
  json.key("architecture");
  json.text("wasm");
  json.key("os");
  json.text("wasip1");
  json.key("layerDigests");
  json.open_array();
  for (const Descriptor& each : manifest.layers) json.text(concat(sha256, each.digest));
  json.close_array();
  json.close_object();
  return json.result();
}

Read<void> check_directories(const std::vector<registry::Node>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].meta.type != registry::directory_type || nodes[i].path.empty()) continue;
    const std::string below = concat(nodes[i].path, "/");
    const bool filled = std::ranges::any_of(
        nodes, [&](const registry::Node& each) { return each.path.starts_with(below); });
    if (!filled) {
      return refusal("the directory ", base::quoted(nodes[i].path),
                     " is empty, and no artifact can say so: put a file into it, or --seal");
    }
  }
  return {};
}

}  // namespace

bool is_path(std::string_view path) noexcept {
  constexpr std::size_t longest = 4096;
  if (path.empty() || path.size() > longest || path.ends_with('/')) return false;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (!registry::is_entry(path.substr(0, end))) return false;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

Read<Plan> plan_of(const Manifest& manifest) {
  if (!is_known_config(manifest.config.type)) {
    return refusal("a configuration of type ", base::quoted(manifest.config.type),
                   ", which is not known here");
  }
  if (manifest.config.size > max_config_size) return refusal("a configuration of more than 1 MiB");
  if (manifest.layers.empty()) return refusal("no layers");
  std::uint64_t all = 0;
  for (const Descriptor& each : manifest.layers) {
    if (each.size > max_content - all) return refusal("more than a keep could be given");
    all += each.size;
  }
  const std::string& first = manifest.layers.front().type;
  const bool image = is_image_config(manifest.config.type) && (is_tar(first) || is_gzip(first));
  auto plan = TRY(image ? plan_of_image(manifest) : plan_of_files(manifest));
  return plan;
}

Read<Config> read_config(const Manifest& manifest, std::string_view json) {
  Config config;
  const bool image = is_image_config(manifest.config.type);
  if (!image && manifest.config.type != wasm_config_type) return config;
  if (json.size() > max_config_size) return refusal("a configuration of more than 1 MiB");
  const auto document = JsonDocument::parse(json);
  if (!document || document->root().kind() != JsonKind::Object) {
    return refusal("a configuration that is no JSON");
  }
  const JsonValue& root = document->root();
  const auto os = root.string_member("os");
  if (os && *os == "wasip2") {
    return refusal("a component for WASI 0.2 (wasip2); keeps run modules for WASI preview 1");
  }
  if (image) {
    TRY(read_image(root, config));
    return config;
  }
  const auto architecture = root.string_member("architecture");
  if (!os || *os != "wasip1" || !architecture || *architecture != "wasm") {
    return refusal("a configuration for another system than wasip1/wasm");
  }
  TRY(check_layers(manifest, TRY(texts_in(root, "layerDigests"))));
  return config;
}

Read<Artifact> artifact_of(const std::vector<registry::Node>& nodes,
                           const std::string& signed_tag) {
  TRY(check_directories(nodes));
  Artifact made;
  for (const registry::Node& each : nodes) {
    if (each.meta.type != registry::directory_type) made.files.push_back(&each);
  }
  if (made.files.empty()) return refusal("nothing to publish");
  if (made.files.size() > max_layers) {
    return refusal("more than ", max_layers,
                   " files, each of which would be a layer; --seal makes "
                   "them one");
  }
  const auto main = std::ranges::find(made.files, main_module, &registry::Node::path);
  if (main != made.files.end()) std::rotate(made.files.begin(), main, main + 1);
  Manifest& manifest = made.manifest;
  for (const registry::Node* each : made.files) manifest.layers.push_back(descriptor_of(*each));
  const bool sealed = made.files.size() == 1 && made.files[0]->meta.type == registry::sealed_type;
  if (sealed) manifest.artifact_type = registry::sealed_type;
  if (made.files.size() > 1) manifest.artifact_type = package_type;
  made.config = sealed ? "{}" : wasm_config(manifest);
  manifest.config = descriptor_of(sealed ? empty_config_type : wasm_config_type, made.config);
  const auto& root = nodes.front().meta.digest.get(registry::DigestKind::Sha256);
  manifest.annotations.emplace(tree_annotation, concat("sha-256=", base::hex(root)));
  if (!signed_tag.empty()) manifest.annotations.emplace(signature_annotation, signed_tag);
  return made;
}

}  // namespace merlon::oci
