#pragma once

// What an artifact's layers mean as a package (docs/oci-artifacts.md): the wasm OCI artifact layout
// [WASM-OCI], files with titles as ORAS has them, images with a root file system [OCI-IMAGE 1.1.1
// layer.md, config.md]. Attacker-controlled; bounded; pure. Errors are lines for people.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/oci/manifest.h"
#include "merlon/registry/tree.h"

namespace merlon::oci {

/// What is done with a layer's bytes.
enum class LayerUse : std::uint8_t {
  File,        ///< they are a file
  FileSystem,  ///< they are an archive of tar that is laid over the layers before it
  Compressed,  ///< the same, in gzip
};

struct Layer {
  Descriptor content;
  LayerUse use = LayerUse::File;
  std::string path;  ///< of a file
};

/// How a package is put together.
struct Plan {
  std::vector<Layer> layers;
  bool is_image = false;  ///< the configuration says which file is the module
};

/// Refused by name: a configuration or layer of another media type, layers that mix both ways, two
/// modules of which none is main.wasm, a title that is no path, more than a keep could be given.
[[nodiscard]] Read<Plan> plan_of(const Manifest& manifest);

/// What a configuration says that matters here.
struct Config {
  std::vector<std::string> program;   ///< of an image: its entrypoint, else its command
  std::vector<std::string> diff_ids;  ///< of an image: its layers' digests once they are unpacked
};
/// Refused: a component (wasip2), digests that are not those of the layers.
[[nodiscard]] Read<Config> read_config(const Manifest& manifest, std::string_view json);

/// A manifest, and what it names beside the package's files.
struct Artifact {
  Manifest manifest;
  std::string config;
  std::vector<const registry::Node*> files;  ///< of `layers`, in their order
};
/// As we publish a package: main.wasm first. One with a single module is a wasm OCI artifact.
/// Refused: an empty directory, which no layer stands for.
[[nodiscard]] Read<Artifact> artifact_of(const std::vector<registry::Node>& nodes,
                                         const std::string& signed_tag);

/// Whether `path` is names of entries with "/" between them.
[[nodiscard]] bool is_path(std::string_view path) noexcept;

}  // namespace merlon::oci
