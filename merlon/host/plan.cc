#include "merlon/host/plan.h"

#include <algorithm>
#include <array>
#include <functional>

#include "merlon/base/text.h"
#include "merlon/os/open.h"
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

/// What becomes of wishes: open files here, or notes for another host, and no files.
struct Network {
  std::function<Result<os::Fd>(const Wish&)> open;
  /// All that may be connected with later, by one channel.
  std::function<Result<os::Fd>(std::span<const Wish>)> allow;
};

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
  FileOpener(const workload::Package& package, const Network& network, LaunchPlan& plan)
      : package_(package), network_(network), plan_(plan) {}

  Result<void> operator()(const workload::NullFile& file) {
    return add({FileKind::Null, FileAccess::ReadWrite, file.name}, {});
  }
  Result<void> operator()(const workload::StreamFile& file) {
    return add({kind_of(file.stream), FileAccess::ReadWrite, file.name}, {});
  }
  Result<void> operator()(const workload::ListenFile& file) {
    auto tls = TRY(tls_of(package_, file.protocol, file.tls, "file", file.name));
    os::Fd socket =
        TRY(network_.open({Wish::Kind::Listen, file.address, file.port, tls.has_value()}));
    return add({FileKind::Listen, FileAccess::ReadWrite, file.name, std::move(tls)},
               std::move(socket));
  }
  Result<void> operator()(const workload::ConnectFile& file) {
    auto tls = TRY(tls_of(package_, file.protocol, file.tls, "file", file.name));
    if (tls && tls->server_name.empty()) tls->server_name = file.host;
    os::Fd socket =
        TRY(network_.open({Wish::Kind::Connect, file.host, file.port, tls.has_value()}));
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
  const Network& network_;
  LaunchPlan& plan_;
};

launch::Mount mount_of(const workload::Mount& mount) {
  using Source = launch::Mount::Source;
  switch (mount.source) {
    case workload::Mount::Source::Memory:
      return {Source::Memory, FileAccess::ReadWrite, mount.path, {}};
    case workload::Mount::Source::Sealed:
      return {Source::Volume, FileAccess::ReadWrite, mount.path, {}};
    case workload::Mount::Source::Package: break;
  }
  const FileAccess access = mount.writable ? FileAccess::ReadWrite : FileAccess::ReadOnly;
  return {Source::Archive, access, mount.path, mount.directory};
}

/// The directories that the workload finds in its keep.
Result<void> mount(const workload::Package& package, const std::string& volumes,
                   const Network& network, LaunchPlan& plan) {
  for (const workload::Mount& each : package.config.mounts()) {
    plan.message.mounts.push_back(mount_of(each));
    if (each.source != workload::Mount::Source::Sealed) continue;
    const bool by_workload = each.bound_to == workload::Mount::Binding::Workload;
    launch::Volume volume;
    volume.name = each.volume;
    volume.bound_to =
        by_workload ? launch::Volume::Binding::Workload : launch::Volume::Binding::Tenant;
    plan.message.volume = std::move(volume);
    Wish wish{Wish::Kind::Volume, each.volume};
    if (!volumes.empty()) wish.folder = concat(volumes, "/", each.volume);
    plan.volume = TRY(network.open(wish));
  }
  if (package.archive.empty()) return {};
  auto file = os::memory_file("merlon archive", package.archive);
  if (!file) return host_error(file.error(), "cannot hold the package's files");
  plan.archive = *std::move(file);
  return {};
}

/// The way to where the workload may connect while it runs.
Result<void> allow(const workload::Package& package, const Network& network, LaunchPlan& plan) {
  std::vector<Wish> wishes;
  for (const workload::Allow& each : package.config.allowed()) {
    auto tls = TRY(tls_of(package, each.protocol, each.tls, "allowed", each.name));
    if (tls && tls->server_name.empty()) tls->server_name = each.name;
    wishes.push_back({Wish::Kind::Allowed, each.name, each.port, tls.has_value()});
    plan.message.allowed.push_back({each.name, each.port, std::move(tls)});
  }
  if (!wishes.empty()) plan.dialler = TRY(network.allow(wishes));
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
Result<void> reach_steward(const workload::Package& package, bool attested, const Network& network,
                           LaunchPlan& plan) {
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
  plan.steward = TRY(network.open({Wish::Kind::Steward, url->host, url->port}));
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

namespace {

Result<LaunchPlan> plan_with(const Network& network, workload::Package package,
                             const RunOptions& options) {
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
  TRY(reach_steward(package, options.attested, network, plan));
  TRY(allow(package, network, plan));
  TRY(mount(package, options.volumes, network, plan));

  FileOpener opener(package, network, plan);
  for (const workload::File& file : package.config.files()) TRY(std::visit(opener, file));
  for (const DirectoryGrant& grant : options.directories) TRY(opener(grant));
  plan.module = std::move(package.module);
  return plan;
}

}  // namespace

Result<LaunchPlan> make_plan(workload::Package package, const RunOptions& options) {
  return plan_with({&fulfil, &fulfil_allowed}, std::move(package), options);
}

Result<Description> describe(workload::Package package, const RunOptions& options) {
  std::vector<Wish> wishes;
  const Network notes{[&wishes](const Wish& wish) -> Result<os::Fd> {
                        wishes.push_back(wish);
                        return os::Fd();
                      },
                      [&wishes](std::span<const Wish> allowed) -> Result<os::Fd> {
                        wishes.insert(wishes.end(), allowed.begin(), allowed.end());
                        return os::Fd();
                      }};
  LaunchPlan plan = TRY(plan_with(notes, std::move(package), options));
  return Description{std::move(plan), std::move(wishes)};
}

void place(const Wish& wish, os::Fd file, LaunchPlan& plan) {
  const auto add = [&](FileKind kind) {
    FileEntry entry;
    entry.kind = kind;
    plan.message.files.push_back(std::move(entry));
    plan.descriptors.push_back(std::move(file));
  };
  switch (wish.kind) {
    case Wish::Kind::Allowed: return;  // one dialler for all of them
    case Wish::Kind::Volume:
      plan.message.volume = launch::Volume{wish.host};
      plan.volume = std::move(file);
      return;
    case Wish::Kind::Steward:
      // Whom to believe there is in the delivery.
      plan.message.steward = launch::Steward{wish.host, wish.port, "/", {}};
      plan.steward = std::move(file);
      return;
    case Wish::Kind::Registry:
      plan.message.package = launch::RemotePackage{wish.host, wish.port};
      plan.registry = std::move(file);
      return;
    case Wish::Kind::Listen: return add(FileKind::Listen);
    case Wish::Kind::Connect: return add(FileKind::Connect);
  }
}

Result<LaunchPlan> make_offer(const Offer& offer) {
  LaunchPlan plan;
  plan.message.purpose = launch::Purpose::Receive;
  plan.message.nonce = offer.nonce;
  plan.message.max_memory_bytes = offer.max_memory_bytes;
  plan.message.timeout_nanoseconds = offer.timeout_nanoseconds;
  plan.message.verbose = offer.verbose;
  std::vector<Wish> allowed;
  for (const Wish& wish : offer.wishes) {
    if (wish.kind == Wish::Kind::Allowed) {
      plan.message.allowed.push_back({wish.host, wish.port, std::nullopt});
      allowed.push_back(wish);
    } else {
      place(wish, TRY(fulfil(wish)), plan);
    }
  }
  if (!allowed.empty()) plan.dialler = TRY(fulfil_allowed(allowed));
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
