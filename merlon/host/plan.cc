#include "merlon/host/plan.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/host/resolve.h"
#include "merlon/os/open.h"
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

/// Fills the plan's file table entry by entry.
class FileOpener {
 public:
  explicit FileOpener(LaunchPlan& plan) : plan_(plan) {}

  Result<void> operator()(const workload::NullFile& file) {
    return add({FileKind::Null, FileAccess::ReadWrite, file.name}, {});
  }
  Result<void> operator()(const workload::StreamFile& file) {
    return add({kind_of(file.stream), FileAccess::ReadWrite, file.name}, {});
  }
  Result<void> operator()(const workload::ListenFile& file) {
    TRY(refuse_tls(file.protocol, file.name));
    os::Fd socket = TRY(open("listen on", file.address, file.port, &os::listen_tcp));
    return add({FileKind::Listen, FileAccess::ReadWrite, file.name}, std::move(socket));
  }
  Result<void> operator()(const workload::ConnectFile& file) {
    TRY(refuse_tls(file.protocol, file.name));
    // As upstream: this name is never looked up.
    const std::string host = file.host == "localhost" ? "127.0.0.1" : file.host;
    os::Fd socket = TRY(open("connect to", host, file.port, &os::connect_tcp));
    return add({FileKind::Connect, FileAccess::ReadWrite, file.name}, std::move(socket));
  }
  Result<void> operator()(const DirectoryGrant& grant) {
    while (plan_.message.files.size() < first_directory) TRY(add({}, {}));
    auto directory = os::open_directory(grant.host);
    if (!directory) return host_error(directory.error(), concat("--dir ", grant.host));
    return add({FileKind::Directory, grant.read_only ? FileAccess::ReadOnly : FileAccess::ReadWrite,
                grant.guest},
               *std::move(directory));
  }

 private:
  using OpenSocket = os::Result<os::Fd> (*)(std::string_view, std::uint16_t) noexcept;

  Result<void> add(FileEntry entry, os::Fd descriptor) {
    if (plan_.message.files.size() == launch::max_files) {
      return HostError{core::ErrorCode::Exhausted,
                       concat("more than ", launch::max_files, " files are asked for")};
    }
    plan_.message.files.push_back(std::move(entry));
    if (descriptor.is_open()) plan_.descriptors.push_back(std::move(descriptor));
    return {};
  }

  static Result<void> refuse_tls(workload::Protocol protocol, const std::string& name) {
    if (protocol == workload::Protocol::Tcp) return {};
    return HostError{core::ErrorCode::Unsupported,
                     concat("file ", base::quoted(name),
                            ": prot = \"tls\" cannot be run yet; prot = \"tcp\" can")};
  }

  /// Tries each address of `host`, and tells of the last failure.
  static Result<os::Fd> open(std::string_view what, const std::string& host, std::uint16_t port,
                             OpenSocket open_socket) {
    const auto addresses = resolve_host(host);
    if (!addresses) {
      return HostError{core::ErrorCode::Unavailable,
                       concat("cannot ", what, " ", endpoint(host, port), ": ", addresses.error())};
    }
    os::Errno last = os::Errno::Inval;
    for (const std::string& address : *addresses) {
      auto socket = open_socket(address, port);
      if (socket) return *std::move(socket);
      last = socket.error();
    }
    return host_error(last, concat("cannot ", what, " ", endpoint(host, port)));
  }

  LaunchPlan& plan_;
};

Result<void> look_at_steward(const workload::Config& config, LaunchPlan& plan) {
  if (!config.steward()) return {};
  if (!workload::is_https_url(*config.steward())) {
    return HostError{core::ErrorCode::Denied,
                     concat("refusing to use an unencrypted steward url: ", *config.steward())};
  }
  plan.notes.push_back(concat("this keep cannot be attested; steward ", *config.steward(),
                              " is not asked for a certificate"));
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
  TRY(look_at_steward(package.config, plan));

  FileOpener opener(plan);
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
