#include "merlon/launch/preparation.h"

#include <algorithm>
#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/first_bytes.h"
#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"

namespace merlon::launch {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNPREP";
constexpr std::string_view streams_magic = "MRLNSTRM";
constexpr std::uint32_t version = 1;
constexpr std::uint8_t has_ended = 3;

enum Flag : std::uint8_t { HasModule = 1, Network = 2, Directories = 4, Verbose = 8, All = 15 };

std::uint8_t flags_of(const Preparation& preparation) noexcept {
  unsigned flags = 0;
  if (preparation.module.is_open()) flags |= HasModule;
  if (preparation.network) flags |= Network;
  if (preparation.directories) flags |= Directories;
  if (preparation.verbose) flags |= Verbose;
  return static_cast<std::uint8_t>(flags);
}

Result<Preparation> decode(FirstBytes first) {
  Reader in(first.bytes);
  TRY(in.skip(magic.size()));
  if (TRY(in.u32()) != version) {
    return core::error(ErrorCode::Unsupported, "preparation of another version");
  }
  const std::uint8_t confinement = TRY(in.u8());
  const std::uint8_t flags = TRY(in.u8());
  const std::uint16_t rest = TRY(in.u16());
  const bool has_module = (flags & HasModule) != 0;
  if (confinement > static_cast<std::uint8_t>(Confinement::Machine) || flags > All || rest != 0 ||
      !in.at_end()) {
    return core::error(ErrorCode::Malformed, "no preparation");
  }
  if (first.files.size() > 1 || (has_module && first.files.empty())) {
    return core::error(ErrorCode::Malformed, "open files do not match the preparation",
                       first.files.size());
  }
  Preparation preparation{static_cast<Confinement>(confinement), (flags & Network) != 0,
                          (flags & Directories) != 0, (flags & Verbose) != 0, os::Fd()};
  if (has_module) preparation.module = std::move(first.files.front());
  return preparation;
}

}  // namespace

std::vector<std::uint8_t> encode(const Preparation& preparation) {
  base::ByteWriter out;
  out.text(magic);
  out.u32(version);
  out.u8(static_cast<std::uint8_t>(preparation.confinement));
  out.u8(flags_of(preparation));
  out.u16(0);
  return out.take();
}

Result<void> send(os::BorrowedFd channel, const Preparation& preparation) {
  // Always with a file: what came with one is not read together with what is sent behind it, and a
  // keep may be taken, and be sent its streams, before it has read this.
  os::Fd nothing;
  if (!preparation.module.is_open()) {
    auto opened = os::open_device("/dev/null");
    if (!opened) return os::to_error(opened.error(), "cannot open /dev/null");
    nothing = *std::move(opened);
  }
  const std::array<os::BorrowedFd, 1> files{preparation.module.is_open() ? preparation.module
                                                                         : nothing};
  const auto sent = os::send_with_descriptors(channel, encode(preparation), files);
  if (!sent) return os::to_error(sent.error(), "cannot send the preparation");
  return {};
}

Result<std::variant<Launch, Preparation>> receive_first(os::BorrowedFd channel) {
  FirstBytes first = TRY(receive_first_bytes(channel));
  if (core::as_text(ByteView(first.bytes).first(magic.size())) == magic) {
    return std::variant<Launch, Preparation>(TRY(decode(std::move(first))));
  }
  return std::variant<Launch, Preparation>(TRY(receive_after(std::move(first), channel)));
}

Result<void> send_streams(os::BorrowedFd channel, std::span<const os::BorrowedFd, 3> streams) {
  const auto sent = os::send_with_descriptors(channel, core::as_bytes(streams_magic), streams);
  if (!sent) return os::to_error(sent.error(), "cannot send the standard streams");
  return {};
}

Result<Streams> receive_streams(os::BorrowedFd channel) {
  std::array<std::uint8_t, streams_magic.size()> bytes{};
  auto delivery = os::receive_with_descriptors(channel, bytes);
  if (!delivery) return os::to_error(delivery.error(), "cannot receive the standard streams");
  if (delivery->size == 0) {
    return core::error(ErrorCode::Unavailable, "the host closed the channel without a message");
  }
  Streams streams;
  if (delivery->size != bytes.size() || core::as_text(bytes) != streams_magic ||
      delivery->descriptors.size() != streams.size()) {
    return core::error(ErrorCode::Malformed, "no standard streams");
  }
  std::ranges::move(delivery->descriptors, streams.begin());
  return streams;
}

void send_end(os::BorrowedFd channel, int status) noexcept {
  const std::array<std::uint8_t, 2> word{has_ended, static_cast<std::uint8_t>(status)};
  static_cast<void>(os::write_all(channel, word));
}

Result<int> receive_end(os::BorrowedFd channel) {
  std::array<std::uint8_t, 2> word{};
  TRY(read_stream(channel, word, true));
  if (word[0] != has_ended) {
    return core::error(ErrorCode::Malformed, "the keep's process spoke out of turn", word[0]);
  }
  return int{word[1]};
}

}  // namespace merlon::launch
