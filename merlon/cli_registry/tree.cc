// merlon tree …: what a package is made of, at a registry or here.

#include <map>

#include "merlon/base/text.h"
#include "merlon/cli/output_file.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/cli_registry/local_package.h"
#include "merlon/cli_registry/oci_package.h"
#include "merlon/cli_registry/progress.h"
#include "merlon/cli_registry/registry_package.h"
#include "merlon/codec/json_writer.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using registry::Meta;

namespace {

/// Each node's path and what it is; "" is the root.
using Tree = std::map<std::string, Meta, std::less<>>;

Result<Tree> tree_at_registry(const RegistryPackage& package) {
  Tree tree;
  const registry_client::Visitor visit =
      [&](registry_client::FetchedNode node) -> registry_client::Result<void> {
    tree.emplace(std::move(node.path), std::move(node.meta));
    return {};
  };
  registry_client::FetchWishes wishes;
  wishes.listings_only = true;
  TRY(told(
      registry_client::fetch(package.client, package.slug, package.tag.entry, visit, {}, wishes)));
  return tree;
}

Result<Tree> tree_of(const Arguments& arguments, const Terminal& terminal,
                     const std::string& named) {
  if (oci::is_reference(named)) {
    const auto opened = TRY(open_oci_package(arguments, terminal, named));
    Tree tree;
    for (const registry::Node& node : opened.package.nodes) tree.emplace(node.path, node.meta);
    return tree;
  }
  if (is_at_registry(named)) {
    const auto slug = TRY(slug_of(named));
    return tree_at_registry(TRY(open_package(arguments, terminal, slug)));
  }
  const auto package = TRY(read_package(named));
  Tree tree;
  for (const registry::Node& node : package.nodes) tree.emplace(node.path, node.meta);
  return tree;
}

std::string hex_of(const Meta& meta) {
  return base::hex(meta.digest.get(registry::DigestKind::Sha256));
}

/// How it is shown: "/" for the root, and behind a directory.
std::string shown(const std::string& path, const Meta& meta) {
  return meta.type == registry::directory_type ? concat(path, "/") : path;
}

Result<int> digest(const Arguments& arguments, const Terminal& terminal) {
  const auto tree = TRY(tree_of(arguments, terminal, arguments.positional(0)));
  const Meta& root = tree.at("");
  if (arguments.has("--json")) return cli::print(terminal, registry::to_json(root) + "\n");
  return cli::print(terminal, concat("sha-256=", hex_of(root), "\n"));
}

void write_nodes(codec::JsonWriter& json, const Tree& tree) {
  json.open_array();
  for (const auto& [path, meta] : tree) {
    json.open_object();
    json.key("path");
    json.text(path);
    json.key("type");
    json.text(meta.type);
    json.key("length");
    json.number(meta.length);
    json.key("digest");
    json.text(concat("sha-256=", hex_of(meta)));
    json.close_object();
  }
  json.close_array();
}

Result<int> info(const Arguments& arguments, const Terminal& terminal) {
  const auto tree = TRY(tree_of(arguments, terminal, arguments.positional(0)));
  if (arguments.has("--json")) {
    codec::JsonWriter json;
    json.open_object();
    json.key("nodes");
    write_nodes(json, tree);
    json.close_object();
    return cli::print(terminal, json.result() + "\n");
  }
  std::string text;
  for (const auto& [path, meta] : tree) {
    text += concat(hex_of(meta), "  ", size_text(meta.length), "  ", shown(path, meta), "\n");
  }
  return cli::print(terminal, text);
}

/// The tree down to the one file: its directories' listings, and then it.
Result<std::vector<std::uint8_t>> file_of(const RegistryPackage& package, const std::string& path) {
  std::vector<std::uint8_t> bytes;
  bool found = false;
  const registry_client::Visitor visit =
      [&](registry_client::FetchedNode node) -> registry_client::Result<void> {
    if (node.path != path || node.is_directory) return {};
    bytes = std::move(node.bytes);
    found = true;
    return {};
  };
  ProgressLine line;
  registry_client::FetchWishes wishes;
  wishes.only = path;
  TRY(told(registry_client::fetch(package.client, package.slug, package.tag.entry, visit,
                                  line.callback(), wishes)));
  if (!found) return Failure{concat(package.slug.text(), ": has no file ", base::quoted(path))};
  return bytes;
}

/// Of an artifact, which is fetched as a whole.
Result<std::vector<std::uint8_t>> file_of(const OciPackage& opened, const std::string& path) {
  for (const registry::Node& node : opened.package.nodes) {
    if (node.path != path || node.meta.type == registry::directory_type) continue;
    return std::vector<std::uint8_t>(node.content.begin(), node.content.end());
  }
  return Failure{concat(opened.reference.text(), ": has no file ", base::quoted(path))};
}

Result<std::vector<std::uint8_t>> file_at(const Arguments& arguments, const Terminal& terminal) {
  const std::string name = arguments.positional(0);
  if (oci::is_reference(name)) {
    const auto opened = TRY(open_oci_package(arguments, terminal, name));
    return file_of(opened, arguments.positional(1));
  }
  const auto slug = TRY(slug_of(name));
  const auto package = TRY(open_package(arguments, terminal, slug));
  return file_of(package, arguments.positional(1));
}

Result<int> fetch(const Arguments& arguments, const Terminal& terminal) {
  const auto bytes = TRY(file_at(arguments, terminal));
  std::string target = arguments.positional(2);
  if (target.empty() || target == "-") target = "/dev/stdout";
  const auto written = cli::write_output(target, bytes);
  if (!written) return Failure{written.error()};
  return 0;
}

struct Difference {
  std::string_view kind;  ///< "added", "removed", "changed"
  std::string path;
};

std::vector<Difference> differences(const Tree& old, const Tree& now) {
  std::vector<Difference> all;
  for (const auto& [path, meta] : old) {
    const auto other = now.find(path);
    if (other == now.end()) all.push_back({"removed", shown(path, meta)});
    // That a directory is another one says no more than what is in it.
    if (other != now.end() && other->second != meta && meta.type != registry::directory_type) {
      all.push_back({"changed", shown(path, meta)});
    }
  }
  for (const auto& [path, meta] : now) {
    if (!old.contains(path)) all.push_back({"added", shown(path, meta)});
  }
  return all;
}

Result<int> diff(const Arguments& arguments, const Terminal& terminal) {
  const auto old = TRY(tree_of(arguments, terminal, arguments.positional(0)));
  const auto now = TRY(tree_of(arguments, terminal, arguments.positional(1)));
  const bool same = old.at("") == now.at("");
  const auto all = differences(old, now);
  std::string text;
  codec::JsonWriter json;
  json.open_object();
  json.key("same");
  json.boolean(same);
  json.key("differences");
  json.open_array();
  for (const Difference& each : all) {
    text += concat(each.kind, "  ", each.path, "\n");
    json.open_object();
    json.key("kind");
    json.text(each.kind);
    json.key("path");
    json.text(each.path);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  const int status = cli::print(terminal, arguments.has("--json") ? json.result() + "\n" : text);
  return status == 0 && !same ? static_cast<int>(Status::Untrue) : status;
}

}  // namespace

int tree_digest(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, digest(arguments, terminal));
}
int tree_info(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, info(arguments, terminal));
}
int tree_fetch(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, fetch(arguments, terminal));
}
int tree_diff(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, diff(arguments, terminal));
}

}  // namespace merlon::cli_registry
