#include "merlon/oci/package.h"

#include <algorithm>
#include <set>

#include "merlon/base/text.h"
#include "merlon/codec/gzip.h"
#include "merlon/crypto/hash.h"
#include "merlon/oci/artifact.h"
#include "merlon/oci/file_system.h"
#include "merlon/oci/media_types.h"

namespace merlon::oci {

using base::concat;

namespace {

constexpr std::string_view main_module = "main.wasm";

class Fetching {
 public:
  Fetching(Client& client, const Reference& reference, const Progress& progress)
      : client_(client), reference_(reference), progress_(progress) {}

  Result<Package> run() {
    Package package;
    const Manifest manifest = TRY(find_manifest(package.manifest));
    plan_ = TRY(judged(plan_of(manifest)));
    for (const Layer& each : plan_.layers) all_ += each.content.size;
    const auto text = TRY(client_.blob(manifest.config, {}));
    config_ = TRY(judged(read_config(manifest, core::as_text(text))));
    if (plan_.is_image && !config_.diff_ids.empty() &&
        config_.diff_ids.size() != plan_.layers.size()) {
      return refused("a configuration that names other layers than the manifest");
    }
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) TRY(add(i));
    if (plan_.is_image) TRY(find_main());
    TRY(finish(package));
    package.size = all_;
    package.type = manifest.artifact_type.empty() ? manifest.config.type : manifest.artifact_type;
    package.signed_tag = manifest.annotations.contains(signature_annotation)
                             ? manifest.annotations.find(signature_annotation)->second
                             : std::string();
    TRY(check_tree(manifest, package));
    return package;
  }

 private:
  Failure refused(std::string_view why) const { return {concat(reference_.text(), ": ", why)}; }
  template <typename T>
  Result<T> judged(Read<T> read) const {
    if (!read) return refused(read.error());
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return *std::move(read);
    }
  }

  Result<Manifest> find_manifest(std::string& digest) {
    const std::string named =
        reference_.manifest.empty() ? reference_.tag : concat("sha256:", reference_.manifest);
    auto document = TRY(client_.manifest(named));
    digest = document.digest;
    auto parsed = TRY(judged(parse_document(document.type, document.text)));
    if (const auto* const index = std::get_if<Index>(&parsed)) {
      const Descriptor chosen = TRY(judged(choose(*index)));
      document = TRY(client_.manifest(concat("sha256:", chosen.digest)));
      if (document.text.size() != chosen.size) {
        return client_.untrue("its manifest is of another size than the index says");
      }
      // By the index' word; what the registry calls it may be less.
      parsed = TRY(judged(parse_document(chosen.type, document.text)));
    }
    auto* const manifest = std::get_if<Manifest>(&parsed);
    if (manifest == nullptr) return refused("an index within an index");
    return std::move(*manifest);
  }

  Result<void> add(std::size_t number) {
    const Layer& layer = plan_.layers[number];
    auto bytes = TRY(client_.blob(layer.content, [&](std::uint64_t done) {
      if (progress_) progress_(std::min(done_ + done, all_), all_);
    }));
    done_ += layer.content.size;
    if (layer.use == LayerUse::File) return judged(files_.add(layer.path, std::move(bytes)));
    if (layer.use == LayerUse::Compressed) {
      auto whole = codec::gunzip(bytes, unpackable_);
      if (!whole) return refused(concat("a layer that is no gzip: ", whole.error().message()));
      bytes = *std::move(whole);
      unpackable_ -= bytes.size();
    }
    const std::string digest = concat("sha256:", base::hex(crypto::sha256({bytes}).view()));
    if (!config_.diff_ids.empty() && config_.diff_ids[number] != digest) {
      return client_.untrue("a layer is not what the configuration says it is once it is unpacked");
    }
    return judged(files_.apply(bytes));
  }

  /// The module of an image: main.wasm, or the program that it starts.
  Result<void> find_main() {
    if (files_.has_file(main_module)) return {};
    std::string program = config_.program.empty() ? std::string() : config_.program.front();
    while (program.starts_with("./") || program.starts_with('/')) {
      program.erase(0, program.starts_with('/') ? 1 : 2);
    }
    const bool made = program.ends_with(".wasm") && files_.make_main(program);
    if (made) return {};
    return refused(
        "an image without a module: neither main.wasm in it, nor an entrypoint that is a .wasm of it");
  }

  Result<void> finish(Package& package) const {
    auto archive = TRY(judged(files_.archive()));
    package.archive = std::make_shared<const files::Archive>(std::move(archive));
    auto nodes = registry::tree_of(*package.archive);
    if (!nodes) return refused(nodes.error().message());
    package.nodes = *std::move(nodes);
    return {};
  }

  Result<void> check_tree(const Manifest& manifest, const Package& package) const {
    const std::string digest = package.tree();
    if (!reference_.tree.empty() && reference_.tree != digest) {
      return client_.untrue(concat("its tree has the digest sha-256=", digest));
    }
    const auto said = manifest.annotations.find(tree_annotation);
    if (said != manifest.annotations.end() && said->second != concat("sha-256=", digest)) {
      return client_.untrue("its files are not the tree that its manifest names");
    }
    return {};
  }

  Client& client_;
  const Reference& reference_;
  const Progress& progress_;
  Plan plan_;
  Config config_;
  FileSystem files_;
  /// Of all layers together; headers and padding come beside the files.
  std::size_t unpackable_ = static_cast<std::size_t>(max_content + (std::uint64_t{64} << 20U));
  std::uint64_t done_ = 0;
  std::uint64_t all_ = 0;
};

class Publishing {
 public:
  Publishing(Client& client, const Reference& reference, const Progress& progress)
      : client_(client), reference_(reference), progress_(progress) {}

  Result<Published> run(const Publication& publication) {
    auto artifact = artifact_of(publication.nodes, publication.signed_tag);
    if (!artifact) return Failure{concat(reference_.text(), ": ", artifact.error())};
    const std::string text = to_json(artifact->manifest);
    if (text.size() > max_manifest_size) {
      return Failure{concat(reference_.text(),
                            ": its manifest would be more than 4 MiB; --seal "
                            "makes one file of it")};
    }
    Published published{base::hex(crypto::sha256({core::as_bytes(text)}).view())};
    if (!reference_.manifest.empty() && reference_.manifest != published.manifest) {
      return client_.untrue(concat("its manifest would be sha256:", published.manifest));
    }
    published.was_there = TRY(stands(published.manifest, publication.replace));
    // Also where the tag stands: a registry may have lost what it names.
    for (const Descriptor& each : artifact->manifest.layers) all_ += each.size;
    TRY(put(artifact->manifest.config, core::as_bytes(artifact->config), false));
    for (std::size_t i = 0; i < artifact->files.size(); ++i) {
      TRY(put(artifact->manifest.layers[i], artifact->files[i]->content, true));
    }
    if (!published.was_there) TRY(client_.put_manifest(reference_.tag, text));
    return published;
  }

 private:
  /// Whether the tag stands with this manifest.
  Result<bool> stands(const std::string& manifest, bool replace) {
    const auto there = client_.manifest(reference_.tag);
    if (!there && there.error().trouble == Trouble::NotThere) return false;
    if (!there) return there.error();
    if (there->digest == manifest) return true;
    if (replace) return false;
    return Failure{concat(reference_.tag_text(), ": stands already, with another manifest (sha256:",
                          there->digest, "); --replace moves the tag"),
                   Trouble::Taken};
  }

  Result<void> put(const Descriptor& content, core::ByteView bytes, bool counts) {
    const bool there =
        !sent_.insert(content.digest).second || TRY(client_.has_blob(content.digest));
    const auto carried = [&](std::uint64_t done) {
      if (progress_ && counts) progress_(std::min(done_ + done, all_), all_);
    };
    if (!there) TRY(client_.put_blob(content, bytes, carried));
    if (counts) done_ += content.size;
    carried(0);
    return {};
  }

  Client& client_;
  const Reference& reference_;
  const Progress& progress_;
  std::set<std::string, std::less<>> sent_;
  std::uint64_t done_ = 0;
  std::uint64_t all_ = 0;
};

}  // namespace

std::string Package::tree() const {
  return base::hex(root().digest.get(registry::DigestKind::Sha256));
}

Result<Package> fetch(Client& client, const Reference& reference, const Progress& progress) {
  return Fetching(client, reference, progress).run();
}

Result<Published> publish(Client& client, const Reference& reference,
                          const Publication& publication, const Progress& progress) {
  if (reference.tag.empty()) {
    return Failure{concat(reference.text(), ": is published under a tag, and it names none")};
  }
  return Publishing(client, reference, progress).run(publication);
}

}  // namespace merlon::oci
