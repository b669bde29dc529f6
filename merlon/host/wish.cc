#include "merlon/host/wish.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/host/local_address.h"
#include "merlon/host/programs.h"
#include "merlon/host/resolve.h"
#include "merlon/host/volume_folder.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/socket.h"

namespace merlon::host {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

HostError host_error(os::Errno number, std::string_view text) {
  return {os::to_error(number, "").code, concat(text, ": ", os::describe(number))};
}

/// An address and port as one writes them: [::1]:80.
std::string endpoint(std::string_view host, std::uint16_t port) {
  const bool colons = host.find(':') != std::string_view::npos;
  return colons ? concat("[", host, "]:", port) : concat(host, ":", port);
}

using OpenSocket = os::Result<os::Fd> (*)(std::string_view, std::uint16_t) noexcept;

/// Tries each address of `host`, and tells of the last failure.
Result<os::Fd> open_socket(std::string_view what, const std::string& host, std::uint16_t port,
                           OpenSocket open, bool reaches_local) {
  const auto addresses = resolve_host(host);
  if (!addresses) {
    return HostError{core::ErrorCode::Unavailable,
                     concat("cannot ", what, " ", endpoint(host, port), ": ", addresses.error())};
  }
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    if (!reaches_local && leads_to_this_machine(address)) {
      return HostError{core::ErrorCode::Denied,
                       concat("cannot ", what, " ", endpoint(host, port),
                              ": that is this machine itself, which tenants do not reach")};
    }
    auto socket = open(address, port);
    if (socket) return *std::move(socket);
    last = socket.error();
  }
  return host_error(last, concat("cannot ", what, " ", endpoint(host, port)));
}

/// Starts a program that serves the keep, and gives the keep's end of the channel to it.
Result<os::Fd> start_serving(const char* name, const std::vector<std::string>& words) {
  const std::string program = TRY(find_program(name));
  auto channel = os::open_channel();
  if (!channel) return host_error(channel.error(), "cannot open a channel");
  const auto child = os::ChildProcess::spawn(program, words, channel->here);
  if (!child) return host_error(child.error(), concat("cannot start ", program));
  return std::move(channel->there);
}

Result<os::Fd> start_dialling(const std::vector<std::string>& words) {
  return start_serving("merlon-dial", words);
}

/// Starts who keeps the volume, whose folder is made if there is none.
Result<os::Fd> start_store(const Wish& wish) {
  if (wish.folder.empty()) {
    return HostError{core::ErrorCode::Unsupported,
                     "a sealed volume has no place: neither XDG_STATE_HOME nor HOME names one"};
  }
  if (const auto made = os::make_lasting_directory(wish.folder); !made) {
    return HostError{core::ErrorCode::Unavailable,
                     concat(wish.folder, ": cannot be made: ", os::describe(made.error()))};
  }
  std::error_code error;
  std::filesystem::permissions(wish.folder, std::filesystem::perms::owner_all,
                               std::filesystem::perm_options::replace, error);
  if (error) {
    return HostError{core::ErrorCode::Unavailable,
                     concat(wish.folder, ": cannot be for its owner alone: ", error.message())};
  }
  VolumeLimits limits;
  if (wish.max_bytes != 0) limits.bytes = wish.max_bytes;
  return start_serving("merlon-store", {"merlon-store", wish.folder, std::to_string(limits.bytes),
                                        std::to_string(limits.objects)});
}

/// As upstream: this name is never looked up.
std::string looked_up(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

/// The command line of merlon-dial (dial/main.cc).
std::vector<std::string> dialler(std::string_view how, bool reaches_local,
                                 std::span<const Wish> wishes) {
  std::vector<std::string> words{"merlon-dial"};
  if (!reaches_local) words.emplace_back("--not-local");
  if (!how.empty()) words.emplace_back(how);
  for (const Wish& wish : wishes) {
    words.push_back(looked_up(wish.host));
    words.push_back(std::to_string(wish.port));
  }
  return words;
}

}  // namespace

std::string describe(const Wish& wish) {
  switch (wish.kind) {
    case Wish::Kind::Listen: return concat("listen on ", endpoint(wish.host, wish.port));
    case Wish::Kind::Connect: return concat("connect to ", endpoint(wish.host, wish.port));
    case Wish::Kind::Allowed: return concat("reach ", endpoint(wish.host, wish.port));
    case Wish::Kind::Volume: return concat("keep the volume ", base::quoted(wish.host));
    case Wish::Kind::Registry: return concat("reach the registry ", endpoint(wish.host, wish.port));
    case Wish::Kind::Steward: break;
  }
  return concat("reach the Steward ", endpoint(wish.host, wish.port));
}

Result<os::Fd> fulfil(const Wish& wish) {
  os::Fd socket;
  switch (wish.kind) {
    case Wish::Kind::Steward:
    case Wish::Kind::Registry: return start_dialling(dialler({}, wish.reaches_local, {&wish, 1}));
    case Wish::Kind::Allowed: return fulfil_allowed({&wish, 1});
    case Wish::Kind::Volume: return start_store(wish);
    case Wish::Kind::Listen:
      socket = TRY(open_socket("listen on", wish.host, wish.port, &os::listen_tcp, true));
      break;
    case Wish::Kind::Connect:
      socket = TRY(open_socket("connect to", looked_up(wish.host), wish.port, &os::connect_tcp,
                               wish.reaches_local));
      break;
  }
  // Slower without, and as good.
  if (wish.speaks_tls) static_cast<void>(os::send_without_delay(socket));
  return socket;
}

Result<os::Fd> fulfil_allowed(std::span<const Wish> wishes) {
  const bool reaches_local = std::ranges::all_of(wishes, &Wish::reaches_local);
  return start_dialling(dialler("--allowed", reaches_local, wishes));
}

}  // namespace merlon::host
