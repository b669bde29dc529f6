#include "merlon/cli_registry/oci_package.h"

#include "merlon/base/text.h"
#include "merlon/cli/output_file.h"
#include "merlon/cli_registry/progress.h"
#include "merlon/cli_registry/sealing.h"
#include "merlon/cli_registry/tag_keys.h"
#include "merlon/cli_registry/tag_memory.h"
#include "merlon/codec/json_writer.h"
#include "merlon/login/docker_config.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using oci::Reference;

namespace {

Result<Reference> reference_of(const std::string& text) {
  auto reference = Reference::parse(text);
  if (!reference) {
    return Failure{concat(base::quoted(text), ": ", reference.error()), Status::Usage};
  }
  return *std::move(reference);
}

/// By which a registry may know who asks; the first that is there counts.
struct Asking {
  std::shared_ptr<login::LoginTokens> tokens;
  std::string helper;  ///< that speaks Docker's protocol
  std::vector<std::string> files;
  std::string host;
  std::string repository;
  bool again = false;  ///< what was given before was refused

  core::Result<oci::Credentials, std::string> operator()() {
    oci::Credentials found;
    if (!helper.empty()) {
      auto login = TRY(login::ask_docker_helper(helper, host));
      return credentials_of(login.value_or(login::RegistryLogin()));
    }
    if (std::exchange(again, true)) static_cast<void>(tokens->renew());
    found.bearer = TRY(tokens->token());
    if (!found.bearer.empty()) return found;
    return credentials_of(TRY(login::find_registry_login(files, host, repository)));
  }

 private:
  static oci::Credentials credentials_of(login::RegistryLogin login) {
    return {std::move(login.user), std::move(login.password), std::move(login.identity_token),
            std::move(login.registry_token)};
  }
};

Result<oci::Client> client_of(const Arguments& arguments, const Terminal& terminal,
                              const Reference& reference, oci::Rights rights) {
  const std::string helper =
      option_or(arguments, terminal, "--credential-helper", {"ENARX_CREDENTIAL_HELPER"});
  const Access access = TRY(Access::of_other(arguments, terminal, reference.host));
  const bool given = arguments.has("--token") || arguments.has("--insecure-auth-token");
  const bool is_dockers = !given && login::is_docker_helper(helper);
  oci::Reach reach;
  reach.files = access.reach().files;
  reach.proxies = access.reach().proxies;
  reach.token_host = arguments.value("--token-host");
  reach.credentials = Asking{access.tokens(), is_dockers ? helper : "", docker_files(terminal),
                             reference.host, reference.repository};
  return told(oci::Client::create(reference, std::move(reach), rights));
}

/// What was signed under this name is what came.
Result<void> check_signed(const std::string& key, const OciPackage& opened) {
  const Reference& reference = opened.reference;
  if (reference.tag.empty()) {
    return Failure{concat(reference.text(),
                          ": a signature is of a tag, and the name has none: "
                          "NAME:TAG@sha256:…"),
                   Status::Usage};
  }
  const registry::Meta root =
      TRY(signed_root(key, reference.text(), reference.bare_name(), opened.package.signed_tag));
  if (opened.package.root() == root) return {};
  return Failure{concat(reference.text(), ": its files are not those that were signed"),
                 Status::Untrue};
}

Result<void> write_file(const std::string& path, core::ByteView bytes) {
  const auto file = os::create_file(path);
  const auto written = file ? os::write_all(*file, bytes) : os::Result<void>(file.error());
  if (!written) return Failure{concat(base::printable(path), ": ", os::describe(written.error()))};
  return {};
}

Result<void> write_entry(const std::string& folder, const files::ArchiveEntry& entry) {
  const std::string path = concat(folder, "/", entry.path);
  if (entry.kind == files::ArchiveEntry::Kind::File) return write_file(path, entry.bytes);
  const auto made = os::make_private_directory(path);
  if (!made) return Failure{concat(base::printable(path), ": ", os::describe(made.error()))};
  return {};
}

}  // namespace

Result<OciPackage> open_oci_package(const Arguments& arguments, const Terminal& terminal,
                                    const std::string& name) {
  OciPackage opened;
  opened.reference = TRY(reference_of(name));
  auto client = TRY(client_of(arguments, terminal, opened.reference, oci::Rights::Read));
  ProgressLine line;
  opened.package = TRY(told(oci::fetch(client, opened.reference, line.callback())));
  if (arguments.has("--signed-by")) TRY(check_signed(arguments.value("--signed-by"), opened));
  return opened;
}

Result<void> check_memory(const OciPackage& package, const Arguments& arguments,
                          const Terminal& terminal) {
  const std::string name = package.reference.tag_text();
  // By its digest alone it can be nothing else than it was.
  if (name.empty()) return {};
  return TagMemory::of(terminal).check(name, package.package.tree(),
                                       arguments.has("--accept-new-digest"));
}

Result<void> write_files(const oci::Package& package, const std::string& folder) {
  for (const files::ArchiveEntry& each : package.archive->entries()) {
    TRY(write_entry(folder, each));
  }
  return {};
}

Result<int> publish_oci_package(const Arguments& arguments, const Terminal& terminal,
                                const std::string& name, const std::string& path) {
  const Reference reference = TRY(reference_of(name));
  const auto network = TRY(check_package(path));
  auto package = TRY(read_package(path));
  if (arguments.has("--seal")) {
    const auto key = TRY(content_key_at(arguments.value("--seal")));
    package = TRY(sealed(package, key));
  }
  const std::string digest =
      base::hex(package.nodes.front().meta.digest.get(registry::DigestKind::Sha256));
  if (!reference.tree.empty() && reference.tree != digest) {
    return Failure{concat(base::printable(path), ": has the digest sha-256=", digest,
                          ", not the one in the name"),
                   Status::Untrue};
  }
  oci::Publication publication{package.nodes, {}, arguments.has("--replace")};
  if (arguments.has("--sign")) {
    publication.signed_tag =
        TRY(signed_by(arguments.value("--sign"), reference.bare_name(), package));
  }
  auto client = TRY(client_of(arguments, terminal, reference, oci::Rights::Write));
  show_network(terminal, network);
  oci::Published done;
  {
    ProgressLine line;
    done = TRY(told(oci::publish(client, reference, publication, line.callback())));
  }
  TRY(TagMemory::of(terminal).check(reference.tag_text(), digest, true));
  if (!arguments.has("--json")) return 0;
  codec::JsonWriter json;
  json.open_object();
  json.key("package");
  json.text(reference.tag_text());
  json.key("digest");
  json.text(concat("sha-256=", digest));
  json.key("manifest");
  json.text(concat("sha256:", done.manifest));
  json.key("published");
  json.text(done.was_there ? "already" : "now");
  json.close_object();
  return cli::print(terminal, json.result() + "\n");
}

Result<Source> fetch_any(const Arguments& arguments, const Terminal& terminal,
                         const std::string& name, const std::string& folder) {
  Source source;
  if (oci::is_reference(name)) {
    const auto opened = TRY(open_oci_package(arguments, terminal, name));
    TRY(check_memory(opened, arguments, terminal));
    TRY(write_files(opened.package, folder));
  } else {
    const auto slug = TRY(slug_of(name));
    const auto package = TRY(open_package(arguments, terminal, slug));
    const bool accept = arguments.has("--accept-new-digest");
    TRY(TagMemory::of(terminal).check(package.slug, package.digest, accept));
    ProgressLine line;
    TRY(write_tree(package, folder, line.callback()));
    source = {package.slug, package.digest};
  }
  TRY(unseal(folder, content_key_file(arguments)));
  return source;
}

}  // namespace merlon::cli_registry
