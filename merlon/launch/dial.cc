#include "merlon/launch/dial.h"

#include <array>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"
#include "merlon/os/socket.h"

namespace merlon::launch {

using core::Result;

namespace {

constexpr std::uint8_t has_connection = 0;
constexpr std::uint8_t has_none = 1;

}  // namespace

Result<void> ask_for_connection(os::BorrowedFd channel) {
  const std::array<std::uint8_t, 1> word{1};
  return write_stream(channel, word);
}

Result<os::Fd, std::string> receive_connection(os::BorrowedFd channel) {
  std::array<std::uint8_t, 1 + max_dial_text> bytes{};
  auto delivery = os::receive_with_descriptors(channel, bytes);
  if (!delivery) return std::string(os::describe(delivery.error()));
  if (delivery->size == 0) return std::string("the host connects nobody any more");
  const auto text = core::ByteView(bytes).first(delivery->size).subspan(1);
  if (bytes[0] == has_none && delivery->descriptors.empty()) {
    if (text.empty()) return std::string("the host does not say why");
    return std::string(base::printable(core::as_text(text)));
  }
  if (bytes[0] != has_connection || delivery->descriptors.size() != 1 || !text.empty()) {
    return std::string("the host answers with what is no connection");
  }
  return std::move(delivery->descriptors.front());
}

bool is_asked_for_connection(os::BorrowedFd channel) {
  std::array<std::uint8_t, 1> word{};
  return read_stream(channel, word, true).has_value();
}

Result<void> send_connection(os::BorrowedFd channel, os::BorrowedFd connection) {
  const std::array<std::uint8_t, 1> word{has_connection};
  const auto sent = os::send_with_descriptors(channel, word, std::span(&connection, 1));
  if (!sent) return os::to_error(sent.error(), "cannot hand over a connection");
  return {};
}

Result<void> refuse_connection(os::BorrowedFd channel, std::string_view why) {
  std::vector<std::uint8_t> bytes{has_none};
  const core::ByteView text = core::as_bytes(why.substr(0, max_dial_text));
  bytes.insert(bytes.end(), text.begin(), text.end());
  return write_stream(channel, bytes);
}

}  // namespace merlon::launch
