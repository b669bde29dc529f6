#include "merlon/keep/launch_facts.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"

namespace merlon::keep {

using launch::FileEntry;
using launch::FileKind;

namespace {

std::string_view name_of(FileKind kind) noexcept {
  switch (kind) {
    case FileKind::Closed: return "closed";
    case FileKind::Null: return "null";
    case FileKind::Stdin: return "stdin";
    case FileKind::Stdout: return "stdout";
    case FileKind::Stderr: return "stderr";
    case FileKind::Listen: return "listen";
    case FileKind::Connect: return "connect";
    case FileKind::Directory: return "directory";
  }
  return "closed";
}

std::string_view name_of(launch::ClientCertificate client) noexcept {
  switch (client) {
    case launch::ClientCertificate::None: return "none";
    case launch::ClientCertificate::Request: return "request";
    case launch::ClientCertificate::Require: return "require";
  }
  return "none";
}

std::string_view name_of(launch::Mount::Source source) noexcept {
  switch (source) {
    case launch::Mount::Source::Archive: return "package";
    case launch::Mount::Source::Memory: return "memory";
    case launch::Mount::Source::Volume: return "sealed";
  }
  return "memory";
}

class Facts {
 public:
  void member(std::string_view name, std::string_view value) {
    json_.key(name);
    json_.text(value);
  }
  void member(std::string_view name, std::uint64_t value) {
    json_.key(name);
    json_.number(value);
  }
  void member(std::string_view name, const std::vector<std::string>& texts) {
    json_.key(name);
    json_.open_array();
    for (const std::string& text : texts) json_.text(text);
    json_.close_array();
  }
  void member(std::string_view name, const launch::Trust& trust) {
    std::vector<std::string> whom;
    if (trust.web) whom.emplace_back("web");
    if (trust.steward) whom.emplace_back("steward");
    for (const auto& anchor : trust.anchors) {
      whom.push_back("sha256:" + base::hex(crypto::sha256({anchor}).view()));
    }
    member(name, whom);
  }
  void member(std::string_view name, const launch::TlsSettings& tls) {
    open(name);
    member("client", name_of(tls.client));
    member("trust", tls.trust);
    member("alpn", tls.alpn);
    member("server_name", tls.server_name);
    close();
  }
  void member(std::string_view name, const launch::Steward& steward) {
    open(name);
    member("host", steward.host);
    member("port", steward.port);
    member("path", steward.path);
    member("trust", steward.trust);
    close();
  }
  void member(std::string_view name, const std::vector<FileEntry>& files) {
    json_.key(name);
    json_.open_array();
    for (const FileEntry& file : files) {
      json_.open_object();
      member("kind", name_of(file.kind));
      member("name", file.name);
      if (file.kind == FileKind::Directory) {
        const bool reads = file.access == launch::FileAccess::ReadOnly;
        member("access", reads ? "read-only" : "read-write");
      }
      if (file.tls) member("tls", *file.tls);
      json_.close_object();
    }
    json_.close_array();
  }
  void member(std::string_view name, const std::vector<launch::Allowed>& allowed) {
    json_.key(name);
    json_.open_array();
    for (const launch::Allowed& each : allowed) {
      json_.open_object();
      member("name", each.name);
      member("port", each.port);
      if (each.tls) member("tls", *each.tls);
      json_.close_object();
    }
    json_.close_array();
  }
  void member(std::string_view name, const std::vector<launch::Mount>& mounts) {
    json_.key(name);
    json_.open_array();
    for (const launch::Mount& mount : mounts) {
      json_.open_object();
      member("path", mount.path);
      member("source", name_of(mount.source));
      if (mount.source == launch::Mount::Source::Archive) {
        member("directory", mount.from);
        const bool reads = mount.access == launch::FileAccess::ReadOnly;
        member("access", reads ? "read-only" : "read-write");
      }
      json_.close_object();
    }
    json_.close_array();
  }
  void member(std::string_view name, const launch::Volume& volume) {
    const bool by_workload = volume.bound_to == launch::Volume::Binding::Workload;
    open(name);
    member("name", volume.name);
    member("bound_to", by_workload ? "workload" : "tenant");
    close();
  }
  void member(std::string_view name, const launch::RemotePackage& package) {
    open(name);
    member("host", package.host);
    member("port", package.port);
    member("path", package.path);
    member("tree_sha256", base::hex(package.tree));
    close();
  }
  void open() { json_.open_object(); }
  void open(std::string_view name) {
    json_.key(name);
    json_.open_object();
  }
  void close() { json_.close_object(); }
  [[nodiscard]] std::string text() const { return json_.result() + "\n"; }

 private:
  codec::JsonWriter json_;
};

}  // namespace

std::string launch_facts(const launch::Message& message, const Source& source,
                         const OwnDigests& digests) {
  Facts facts;
  facts.open();
  facts.member("version", std::uint64_t{1});
  facts.member("tls_key_sha256", base::hex(digests.tls_key.view()));
  facts.member("hpke_key_sha256", base::hex(digests.hpke_key.view()));
  facts.member("message_sha256", base::hex(source.message.view()));
  facts.member("configuration_sha256", base::hex(source.configuration.view()));
  facts.open("workload");
  facts.member("from", source.tenant ? "tenant" : "host");
  if (source.tenant) facts.member("tenant_key_sha256", base::hex(source.tenant->view()));
  facts.member("sha256", base::hex(digests.module.view()));
  facts.member("invoke", message.invoke);
  facts.member("arguments", message.arguments);
  facts.member("environment", message.environment);
  facts.member("files", message.files);
  if (message.steward) facts.member("steward", *message.steward);
  if (!message.allowed.empty()) facts.member("allowed", message.allowed);
  if (!message.mounts.empty()) facts.member("mounts", message.mounts);
  if (message.needs_archive()) facts.member("archive_sha256", base::hex(message.archive));
  if (message.volume) facts.member("volume", *message.volume);
  if (message.package) facts.member("package", *message.package);
  facts.close();
  facts.open("host");
  facts.member("max_memory_bytes", source.host_max_memory_bytes);
  facts.member("timeout_nanoseconds", source.host_timeout_nanoseconds);
  facts.close();
  facts.close();
  return facts.text();
}

}  // namespace merlon::keep
