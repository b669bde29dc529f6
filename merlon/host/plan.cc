#include "merlon/host/plan.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/host/resolve.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/socket.h"
#include "merlon/workload/url.h"

namespace merlon::host {

using base::concat;
using launch::FileAccess;
using launch::FileEntry;
using launch::FileKind;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

constexpr std::size_t first_directory = 3;

HostError host_error(os::Errno number, std::string_view text) {
  return {os::to_error(number, "").code, concat(text, ": ", os::describe(number))};
}

FileKind kind_of(workload::Stream stream) noexcept {
  switch (stream) {
    case workload::Stream::Stdin: return FileKind::Stdin;
    case workload::Stream::Stdout: return FileKind::Stdout;
    case workload::Stream::Stderr: return FileKind::Stderr;
  }
  return FileKind::Closed;
}

/// An address and port as one writes them: [::1]:80.
std::string endpoint(std::string_view host, std::uint16_t port) {
  const bool colons = host.find(':') != std::string_view::npos;
  return colons ? concat("[", host, "]:", port) : concat(host, ":", port);
}

using OpenSocket = os::Result<os::Fd> (*)(std::string_view, std::uint16_t) noexcept;

/// Tries each address of `host`, and tells of the last failure.
Result<os::Fd> open_socket(std::string_view what, const std::string& host, std::uint16_t port,
                           OpenSocket open) {
  const auto addresses = resolve_host(host);
  if (!addresses) {
    return HostError{core::ErrorCode::Unavailable,
                     concat("cannot ", what, " ", endpoint(host, port), ": ", addresses.error())};
  }
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    auto socket = open(address, port);
    if (socket) return *std::move(socket);
    last = socket.error();
  }
  return host_error(last, concat("cannot ", what, " ", endpoint(host, port)));
}

/// As upstream: this name is never looked up.
std::string looked_up(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

Result<os::Fd> connect(const std::string& host, std::uint16_t port) {
  return open_socket("connect to", looked_up(host), port, &os::connect_tcp);
}

launch::ClientCertificate wish_of(workload::ClientCertificate client) noexcept {
  switch (client) {
    case workload::ClientCertificate::None: return launch::ClientCertificate::None;
    case workload::ClientCertificate::Request: return launch::ClientCertificate::Request;
    case workload::ClientCertificate::Require: break;
  }
  return launch::ClientCertificate::Require;
}

launch::Trust trust_of(const workload::Trust& trust, const workload::Package& package) {
  launch::Trust all{trust.web, trust.steward};
  for (const std::string& file : trust.files) {
    const auto found = package.anchors.find(file);
    if (found == package.anchors.end()) continue;  // then fewer are trusted
    all.anchors.insert(all.anchors.end(), found->second.begin(), found->second.end());
  }
  return all;
}

Result<std::optional<launch::TlsSettings>> tls_of(const workload::Package& package,
                                                  workload::Protocol protocol,
                                                  const workload::TlsOptions& options,
                                                  std::string_view what, const std::string& name) {
  if (protocol == workload::Protocol::Tcp) return std::optional<launch::TlsSettings>();
  if (options.trust.steward && !package.config.steward()) {
    return HostError{core::ErrorCode::Denied,
                     concat(what, " ", base::quoted(name),
                            ": trust names the steward, and Enarx.toml names none")};
  }
  launch::TlsSettings tls;
  tls.client = wish_of(options.client);
  tls.trust = trust_of(options.trust, package);
  tls.alpn = options.alpn;
  tls.server_name = options.server_name;
  return std::optional(std::move(tls));
}

/// Fills the plan's file table entry by entry.
class FileOpener {
 public:
  FileOpener(const workload::Package& package, LaunchPlan& plan) : package_(package), plan_(plan) {}

  Result<void> operator()(const workload::NullFile& file) {
    return add({FileKind::Null, FileAccess::ReadWrite, file.name}, {});
  }
  Result<void> operator()(const workload::StreamFile& file) {
    return add({kind_of(file.stream), FileAccess::ReadWrite, file.name}, {});
  }
  Result<void> operator()(const workload::ListenFile& file) {
    auto tls = TRY(tls_of(package_, file.protocol, file.tls, "file", file.name));
    os::Fd socket = TRY(open_socket("listen on", file.address, file.port, &os::listen_tcp));
    if (tls) static_cast<void>(os::send_without_delay(socket));  // slower without, and as good
    return add({FileKind::Listen, FileAccess::ReadWrite, file.name, std::move(tls)},
               std::move(socket));
  }
  Result<void> operator()(const workload::ConnectFile& file) {
    auto tls = TRY(tls_of(package_, file.protocol, file.tls, "file", file.name));
    if (tls && tls->server_name.empty()) tls->server_name = file.host;
    os::Fd socket = TRY(connect(file.host, file.port));
    if (tls) static_cast<void>(os::send_without_delay(socket));
    return add({FileKind::Connect, FileAccess::ReadWrite, file.name, std::move(tls)},
               std::move(socket));
  }
  Result<void> operator()(const DirectoryGrant& grant) {
    while (plan_.message.files.size() < first_directory) TRY(add({}, {}));
    auto directory = os::open_directory(grant.host);
    if (!directory) return host_error(directory.error(), concat("--dir ", grant.host));
    return add({FileKind::Directory,
                grant.read_only ? FileAccess::ReadOnly : FileAccess::ReadWrite,
                grant.guest,
                {}},
               *std::move(directory));
  }

 private:
  Result<void> add(FileEntry entry, os::Fd descriptor) {
    if (plan_.message.files.size() == launch::max_files) {
      return HostError{core::ErrorCode::Exhausted,
                       concat("more than ", launch::max_files, " files are asked for")};
    }
    plan_.message.files.push_back(std::move(entry));
    if (descriptor.is_open()) plan_.descriptors.push_back(std::move(descriptor));
    return {};
  }

  const workload::Package& package_;
  LaunchPlan& plan_;
};

/// Starts who connects the keep with others, and gives the keep's end of the channel.
Result<os::Fd> start_dialling(const std::vector<std::string>& words) {
  const std::string program = TRY(find_program("merlon-dial"));
  auto channel = os::open_channel();
  if (!channel) return host_error(channel.error(), "cannot open a channel");
  const auto child = os::ChildProcess::spawn(program, words, channel->here);
  if (!child) return host_error(child.error(), concat("cannot start ", program));
  return std::move(channel->there);
}

/// The way to where the workload may connect while it runs.
Result<void> allow(const workload::Package& package, LaunchPlan& plan) {
  std::vector<std::string> words{"merlon-dial", "--allowed"};
  for (const workload::Allow& each : package.config.allowed()) {
    auto tls = TRY(tls_of(package, each.protocol, each.tls, "allowed", each.name));
    if (tls && tls->server_name.empty()) tls->server_name = each.name;
    plan.message.allowed.push_back({each.name, each.port, std::move(tls)});
    words.push_back(looked_up(each.name));
    words.push_back(std::to_string(each.port));
  }
  if (!plan.message.allowed.empty()) plan.dialler = TRY(start_dialling(words));
  return {};
}

bool speaks_tls(const workload::File& file) noexcept {
  if (const auto* listen = std::get_if<workload::ListenFile>(&file)) {
    return listen->protocol == workload::Protocol::Tls;
  }
  const auto* connect = std::get_if<workload::ConnectFile>(&file);
  return connect != nullptr && connect->protocol == workload::Protocol::Tls;
}

/// The way to whoever vouches for the keep.
Result<void> reach_steward(const workload::Package& package, bool attested, LaunchPlan& plan) {
  const workload::Config& config = package.config;
  if (!config.steward()) return {};
  if (!workload::is_https_url(*config.steward())) {
    return HostError{core::ErrorCode::Denied,
                     concat("refusing to use an unencrypted steward url: ", *config.steward())};
  }
  const auto url = workload::parse_https_url(*config.steward());
  if (!url) {
    return HostError{core::ErrorCode::Malformed,
                     concat("steward ", base::quoted(*config.steward()),
                            " is no URL of the form https://HOST[:PORT][/PATH]")};
  }
  const auto allows_tls = [](const workload::Allow& each) {
    return each.protocol == workload::Protocol::Tls;
  };
  if (!attested && std::ranges::none_of(config.files(), &speaks_tls) &&
      std::ranges::none_of(config.allowed(), allows_tls)) {
    plan.notes.push_back(concat("this keep cannot be attested and speaks no TLS; steward ",
                                *config.steward(), " is not asked for a certificate"));
    return {};
  }
  plan.steward =
      TRY(start_dialling({"merlon-dial", looked_up(url->host), std::to_string(url->port)}));
  plan.message.steward =
      launch::Steward{url->host, url->port, url->path, trust_of(config.steward_trust(), package)};
  return {};
}

/// FD_COUNT and FD_NAMES first, as upstream; then the configuration's and the user's.
std::vector<std::string> environment_of(const workload::Config& config, const RunOptions& options) {
  std::string names;
  for (const workload::File& file : config.files()) {
    names += concat(names.empty() ? "" : ":", workload::name_of(file));
  }
  std::vector<std::string> environment{concat("FD_COUNT=", config.files().size()),
                                       concat("FD_NAMES=", names)};
  const auto replaced = [&](const std::string& name) {
    return std::ranges::any_of(options.environment,
                               [&](const auto& variable) { return variable.first == name; });
  };
  for (const auto& [name, value] : config.environment()) {
    if (!replaced(name)) environment.push_back(concat(name, "=", value));
  }
  for (const auto& [name, value] : options.environment) {
    environment.push_back(concat(name, "=", value));
  }
  return environment;
}

}  // namespace

Result<LaunchPlan> make_plan(workload::Package package, const RunOptions& options) {
  LaunchPlan plan;
  plan.message.program = std::move(package.name);
  plan.message.invoke = options.invoke;
  plan.message.timeout_nanoseconds =
      options.timeout ? static_cast<std::uint64_t>(options.timeout->count()) : 0;
  plan.message.verbose = options.verbose;
  plan.message.max_memory_bytes = options.max_memory_bytes.value_or(0);
  plan.message.arguments = {"main.wasm"};
  const auto& arguments =
      options.arguments.empty() ? package.config.arguments() : options.arguments;
  plan.message.arguments.insert(plan.message.arguments.end(), arguments.begin(), arguments.end());
  plan.message.environment = environment_of(package.config, options);
  TRY(reach_steward(package, options.attested, plan));
  TRY(allow(package, plan));

  FileOpener opener(package, plan);
  for (const workload::File& file : package.config.files()) TRY(std::visit(opener, file));
  for (const DirectoryGrant& grant : options.directories) TRY(opener(grant));
  plan.module = std::move(package.module);
  return plan;
}

LaunchPlan make_proof_plan(const std::array<std::uint8_t, launch::nonce_size>& nonce) {
  LaunchPlan plan;
  plan.message.purpose = launch::Purpose::Prove;
  plan.message.nonce = nonce;
  plan.message.program = "no workload";
  return plan;
}

}  // namespace merlon::host
