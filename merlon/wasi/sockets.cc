#include "merlon/wasi/sockets.h"

#include <algorithm>
#include <charconv>

#include "merlon/wasi/network.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi::sockets {

namespace {

using std::chrono::nanoseconds;
using State = OutgoingStream::State;

constexpr std::uint32_t datagrams = 0;
constexpr std::uint32_t streams = 1;
/// How long a guest that waits is let wait for a connection.
constexpr Timestamp connect_time = 60'000'000'000;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_service = 32;

/// $addr: its kind, then four bytes and a port, or eight numbers and a port.
struct AddressLayout {
  static constexpr std::uint32_t kind = 0, bytes = 4, port4 = 8, port6 = 20, size = 24;
};
/// $addr_info: an address and what kind of socket it is for.
struct InfoLayout {
  static constexpr std::uint32_t type = 24, size = 28;
};
struct HintsLayout {
  static constexpr std::uint32_t type = 0, family = 4, enabled = 8, size = 12;
};

Result<Family> family_of(std::uint32_t number) {
  if (number > 1) return fail(Errno::Afnosupport);
  return number == 0 ? Family::Ipv4 : Family::Ipv6;
}

Result<Endpoint> read_endpoint(GuestMemory memory, GuestAddress address) {
  using L = AddressLayout;
  const core::ByteSpan record = TRY(memory.at(address, L::size));
  Endpoint endpoint;
  endpoint.family = TRY(family_of(GuestMemory::read<std::uint32_t>(record, L::kind)));
  if (endpoint.family == Family::Ipv4) {
    std::copy_n(record.begin() + L::bytes, 4, endpoint.address.begin());
    endpoint.port = GuestMemory::read<std::uint16_t>(record, L::port4);
    return endpoint;
  }
  for (std::uint32_t i = 0; i < 16; i += 2) {
    const auto number = GuestMemory::read<std::uint16_t>(record, L::bytes + i);
    endpoint.address[i] = static_cast<std::uint8_t>(number >> 8U);
    endpoint.address[i + 1] = static_cast<std::uint8_t>(number & 0xFFU);
  }
  endpoint.port = GuestMemory::read<std::uint16_t>(record, L::port6);
  return endpoint;
}

void write_endpoint(core::ByteSpan record, const Endpoint& endpoint) {
  using L = AddressLayout;
  std::fill_n(record.begin(), L::size, std::uint8_t{0});
  GuestMemory::write(record, L::kind, static_cast<std::uint32_t>(endpoint.family));
  if (endpoint.family == Family::Ipv4) {
    std::copy_n(endpoint.address.begin(), 4, record.begin() + L::bytes);
    return GuestMemory::write(record, L::port4, endpoint.port);
  }
  for (std::uint32_t i = 0; i < 16; i += 2) {
    const unsigned number = (unsigned{endpoint.address[i]} << 8U) | endpoint.address[i + 1];
    GuestMemory::write(record, L::bytes + i, static_cast<std::uint16_t>(number));
  }
  GuestMemory::write(record, L::port6, endpoint.port);
}

/// Up to its NUL. Nametoolong beyond `longest`.
Result<std::string> read_text(GuestMemory memory, GuestAddress address, std::size_t longest) {
  std::string text;
  for (;; ++address) {
    const auto byte = TRY(memory.load<std::uint8_t>(address));
    if (byte == 0) return text;
    if (text.size() == longest) return fail(Errno::Nametoolong);
    text += static_cast<char>(byte);
  }
}

/// A number, one of the two names that matter, or nothing.
Result<std::uint16_t> port_of(std::string_view service) {
  if (service.empty()) return std::uint16_t{0};
  if (service == "http") return std::uint16_t{80};
  if (service == "https") return std::uint16_t{443};
  std::uint16_t port = 0;
  const char* const end = service.data() + service.size();
  const auto [last, error] = std::from_chars(service.data(), end, port);
  if (error != std::errc() || last != end) return fail(Errno::Inval);
  return port;
}

Result<FdEntry*> socket_of(Context& context, FdNumber fd) {
  FdEntry* const entry = TRY(context.files().get(fd));
  if (!entry->is_socket()) return fail(Errno::Notsock);
  return entry;
}

/// One that the guest has opened itself.
OutgoingStream* outgoing(const FdEntry& entry) noexcept {
  return dynamic_cast<OutgoingStream*>(entry.stream.get());
}

Result<void> wait_until_connected(Context& context, OutgoingStream& stream) {
  const Timestamp begun = TRY(context.clocks().now(ClockId::Monotonic));
  for (;;) {
    if (TRY(stream.progress()) == State::Connected) return {};
    const Timestamp now = TRY(context.clocks().now(ClockId::Monotonic));
    if (now - begun >= connect_time) return fail(Errno::Timedout);
    const auto left = static_cast<std::int64_t>(connect_time - (now - begun));
    std::array items{os::PollItem{stream.descriptor().number(), stream.awaits(net::Side::Write), 0},
                     os::PollItem{}};
    TRY(wait_for_any(context, items, nanoseconds(left)));
  }
}

}  // namespace

Result<void> sock_open(Context& context, GuestMemory memory, FdNumber /*pool*/,
                       std::uint32_t family, std::uint32_t type, GuestAddress opened_fd) {
  TRY(family_of(family));
  if (type == datagrams) return fail(Errno::Protonosupport);
  if (type != streams) return fail(Errno::Inval);
  if (!context.network()) return fail(Errno::Notcapable);
  TRY(memory.at(opened_fd, sizeof(FdNumber)));
  FdEntry entry = stream_socket(context.network()->open());
  return memory.store(opened_fd, TRY(context.files().insert(std::move(entry))));
}

Result<void> sock_connect(Context& context, GuestMemory memory, FdNumber fd, GuestAddress address) {
  FdEntry* const entry = TRY(socket_of(context, fd));
  OutgoingStream* const stream = outgoing(*entry);
  if (stream == nullptr) return fail(entry->stream ? Errno::Isconn : Errno::Inval);
  const Endpoint to = TRY(read_endpoint(memory, address));
  const State before = TRY(stream->progress());
  if (before == State::Connected) return fail(Errno::Isconn);
  const bool waits = !entry->flags.has(fdflags::nonblock);
  if (before == State::Idle) {
    TRY(stream->begin(to));
  } else if (!waits) {
    return fail(Errno::Already);
  }
  if (waits) return wait_until_connected(context, *stream);
  return TRY(stream->progress()) == State::Connected ? Result<void>() : fail(Errno::Inprogress);
}

Result<void> sock_addr_resolve(Context& context, GuestMemory memory, GuestAddress host,
                               GuestAddress service, GuestAddress hints, GuestAddress found,
                               GuestSize room, GuestAddress count) {
  const std::string name = TRY(read_text(memory, host, longest_name));
  const std::uint16_t port = TRY(port_of(TRY(read_text(memory, service, longest_service))));
  const core::ByteSpan wish = TRY(memory.at(hints, HintsLayout::size));
  const core::ByteSpan records = TRY(memory.at(found, std::uint64_t{room} * InfoLayout::size));
  Family family = Family::Ipv4;
  if (GuestMemory::read<std::uint8_t>(wish, HintsLayout::enabled) != 0) {
    if (GuestMemory::read<std::uint32_t>(wish, HintsLayout::type) != streams) {
      return fail(Errno::Protonosupport);
    }
    family = TRY(family_of(GuestMemory::read<std::uint32_t>(wish, HintsLayout::family)));
  }
  if (!context.network()) return fail(Errno::Notcapable);
  Endpoint endpoint = TRY(context.network()->resolve(name, family));
  endpoint.port = port;
  if (room > 0) {
    write_endpoint(records, endpoint);
    GuestMemory::write(records, InfoLayout::type, streams);
  }
  return memory.store(count, GuestSize{1});
}

/// No address of this side is anybody's.
Result<void> sock_addr_local(Context& context, GuestMemory memory, FdNumber fd,
                             GuestAddress address) {
  const FdEntry* const entry = TRY(socket_of(context, fd));
  const core::ByteSpan record = TRY(memory.at(address, AddressLayout::size));
  const OutgoingStream* const stream = outgoing(*entry);
  Endpoint endpoint;
  if (stream != nullptr && stream->remote()) endpoint.family = stream->remote()->family;
  write_endpoint(record, endpoint);
  return {};
}

Result<void> sock_addr_remote(Context& context, GuestMemory memory, FdNumber fd,
                              GuestAddress address) {
  const FdEntry* const entry = TRY(socket_of(context, fd));
  const core::ByteSpan record = TRY(memory.at(address, AddressLayout::size));
  const OutgoingStream* const stream = outgoing(*entry);
  if (stream == nullptr) return fail(Errno::Notsup);
  const auto remote = stream->remote();
  if (!remote) return fail(Errno::Notconn);
  write_endpoint(record, *remote);
  return {};
}

/// Listeners come from whoever started the guest.
Result<void> sock_bind(Context& context, GuestMemory /*memory*/, FdNumber fd,
                       GuestAddress /*address*/) {
  TRY(socket_of(context, fd));
  return fail(Errno::Notcapable);
}

Result<void> sock_listen(Context& context, GuestMemory /*memory*/, FdNumber fd,
                         GuestSize /*backlog*/) {
  TRY(socket_of(context, fd));
  return fail(Errno::Notcapable);
}

Result<void> sock_close(Context& context, GuestMemory memory, FdNumber fd) {
  TRY(socket_of(context, fd));
  return api::fd_close(context, memory, fd);
}

Result<void> sock_send_to(Context& context, GuestMemory /*memory*/, FdNumber fd,
                          GuestAddress /*data*/, GuestSize /*count*/, std::uint32_t /*flags*/,
                          GuestAddress /*to*/, GuestAddress /*sent*/) {
  TRY(socket_of(context, fd));
  return fail(Errno::Notsup);
}

Result<void> sock_recv_from(Context& context, GuestMemory /*memory*/, FdNumber fd,
                            GuestAddress /*data*/, GuestSize /*count*/, std::uint32_t /*flags*/,
                            GuestAddress /*from*/, GuestAddress /*received*/) {
  TRY(socket_of(context, fd));
  return fail(Errno::Notsup);
}

/// Nothing is ever delayed.
Result<void> sock_set_tcp_no_delay(Context& context, GuestMemory /*memory*/, FdNumber fd,
                                   std::uint32_t /*value*/) {
  TRY(socket_of(context, fd));
  return {};
}

namespace {

Result<void> no_such_option(Context& context, FdNumber fd) {
  TRY(socket_of(context, fd));
  return fail(Errno::Noprotoopt);
}

}  // namespace

#define MERLON_SOCKET_CALL(name, ...)
#define MERLON_SOCKET_OPTION(name, Fd, Value)                      \
  Result<void> name(Context& context, GuestMemory, Fd fd, Value) { \
    return no_such_option(context, fd);                            \
  }
#define MERLON_SOCKET_OPTION_OF_TWO(name, Fd, First, Second)               \
  Result<void> name(Context& context, GuestMemory, Fd fd, First, Second) { \
    return no_such_option(context, fd);                                    \
  }
#include "merlon/wasi/sockets.def"
#undef MERLON_SOCKET_CALL
#undef MERLON_SOCKET_OPTION
#undef MERLON_SOCKET_OPTION_OF_TWO

}  // namespace merlon::wasi::sockets
