#include "merlon/cli_deploy/keep_fetches.h"

#include <algorithm>
#include <memory>

#include "merlon/base/text.h"
#include "merlon/cli_registry/sealing.h"
#include "merlon/codec/hex.h"
#include "merlon/crypto/hash.h"
#include "merlon/files/selection.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

void copy_digest(core::ByteView bytes, launch::RemotePackage::Digest& into) {
  std::ranges::copy(crypto::sha256({bytes}).view(), into.begin());
}

/// As this machine believes the registry, so will the keep.
Result<launch::Trust> trust_of(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  launch::Trust trust;
  std::string bundle = arguments.value("--ca-bundle");
  for (const char* each : {"ENARX_CA_BUNDLE", "MERLON_CA_BUNDLE"}) {
    if (bundle.empty()) bundle = terminal.variable(each);
  }
  if (bundle.empty()) {
    trust.web = true;
    return trust;
  }
  auto anchors = https_client::read_certificates(bundle);
  if (!anchors) return Failure{anchors.error(), Status::Unusable};
  trust.anchors = *std::move(anchors);
  return trust;
}

/// The files of the mounts as the keep will put them together, whatever times they have here.
Result<void> name_files(delivery::Workload& workload) {
  if (!workload.message.needs_archive()) return {};
  const auto bytes = std::make_shared<const std::vector<std::uint8_t>>(std::move(workload.archive));
  workload.archive.clear();
  const auto archive = files::Archive::read(bytes);
  if (!archive) return Failure{std::string(archive.error().message()), Status::Unusable};
  const std::vector<std::string> all{""};
  const auto selected = files::select(*archive, all);
  if (!selected) return Failure{std::string(selected.error().message()), Status::Unusable};
  copy_digest(*selected, workload.message.archive);
  return {};
}

}  // namespace

Result<void> let_keep_fetch(const cli::Arguments& arguments, const cli::Terminal& terminal,
                            const RegistryOrigin& origin, delivery::Workload& workload,
                            std::vector<host::Wish>& wishes) {
  launch::RemotePackage package{origin.host, origin.port, origin.path};
  package.trust = TRY(trust_of(arguments, terminal));
  const auto tree = codec::decode_hex(origin.tree);
  if (!tree || tree->size() != package.tree.size()) {
    return Failure{"the tree's digest is none", Status::Unusable};
  }
  std::ranges::copy(*tree, package.tree.begin());
  copy_digest(workload.module, package.module);
  if (const auto file = cli_registry::content_key_file(arguments)) {
    const auto key = cli_registry::read_content_key(*file);
    if (!key) return Failure{key.error().text, static_cast<Status>(key.error().status)};
    std::ranges::copy(key->reveal(), package.key.emplace().begin());
  }
  TRY(name_files(workload));
  workload.module.clear();
  wishes.push_back({host::Wish::Kind::Registry, package.host, package.port, true});
  workload.message.package = std::move(package);
  return {};
}

}  // namespace merlon::cli_deploy
