#include "merlon/launch/store.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;
using What = StoreRequest::What;

namespace {

constexpr std::size_t request_size = 32;
constexpr std::size_t answer_size = 16;
constexpr std::size_t unused_in_request = 6;
constexpr std::size_t unused_in_answer = 7;

std::vector<std::uint8_t> request_of(What what, const std::optional<ObjectName>& name,
                                     std::uint64_t size) {
  base::ByteWriter out;
  out.u8(static_cast<std::uint8_t>(what));
  out.u8(name || what == What::List ? 0 : 1);
  out.bytes(std::array<std::uint8_t, unused_in_request>{});
  out.bytes(name.value_or(ObjectName{}));
  out.u64(size);
  return out.take();
}

bool are_zero(core::ByteView bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

std::size_t largest(const std::optional<ObjectName>& name) noexcept {
  return name ? max_object_size : max_index_size;
}

core::Error malformed_request() {
  return core::error(ErrorCode::Malformed, "no request to a volume");
}

/// What an answer that is none of ours has become.
core::Error trouble_of(StoreOutcome outcome) {
  switch (outcome) {
    case StoreOutcome::NotFound: return core::error(ErrorCode::NotFound, "not in the volume");
    case StoreOutcome::TooMuch:
      return core::error(ErrorCode::Exhausted, "more than a volume can hold");
    case StoreOutcome::NoRoom:
      return core::error(ErrorCode::Exhausted, "the host has no more room for the volume");
    case StoreOutcome::InUse: return core::error(ErrorCode::Denied, "another keep has the volume");
    case StoreOutcome::Done:
    case StoreOutcome::Failed: break;
  }
  return core::error(ErrorCode::Unavailable, "the host cannot read or write the volume");
}

}  // namespace

Result<std::vector<std::uint8_t>> StoreClient::answer(std::size_t most) {
  std::array<std::uint8_t, answer_size> head{};
  TRY(read_stream(channel_, head, true));
  core::Reader in(head);
  const std::uint8_t outcome = TRY(in.u8());
  const bool unused_are_zero = are_zero(TRY(in.bytes(unused_in_answer)));
  const std::uint64_t size = TRY(in.u64());
  const bool is_done = outcome == static_cast<std::uint8_t>(StoreOutcome::Done);
  if (outcome > static_cast<std::uint8_t>(StoreOutcome::Failed) || !unused_are_zero ||
      size > (is_done ? most : 0)) {
    return core::error(ErrorCode::Malformed, "no answer of a volume's");
  }
  if (!is_done) return trouble_of(static_cast<StoreOutcome>(outcome));
  std::vector<std::uint8_t> bytes(size);
  TRY(read_stream(channel_, bytes, false));
  return bytes;
}

Result<std::vector<std::uint8_t>> StoreClient::ask(core::ByteView request, core::ByteView bytes,
                                                   std::size_t most) {
  if (!channel_.is_open()) return core::error(ErrorCode::Unavailable, "the volume is gone");
  TRY(write_stream(channel_, request));
  if (!bytes.empty()) TRY(write_stream(channel_, bytes));
  auto answered = answer(most);
  if (!answered && answered.error().code == ErrorCode::Malformed) channel_.close();
  return answered;
}

Result<std::vector<ObjectName>> StoreClient::list(std::size_t most) {
  constexpr std::size_t name_size = ObjectName().size();
  const auto bytes = TRY(ask(request_of(What::List, {}, most), {}, most * name_size));
  if (bytes.size() % name_size != 0) {
    channel_.close();
    return core::error(ErrorCode::Malformed, "no list of a volume's");
  }
  std::vector<ObjectName> names(bytes.size() / name_size);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * name_size), name_size,
                names[i].begin());
  }
  return names;
}

Result<std::vector<std::uint8_t>> StoreClient::get(const std::optional<ObjectName>& name,
                                                   std::size_t most) {
  return ask(request_of(What::Get, name, most), {}, most);
}

Result<void> StoreClient::put(const std::optional<ObjectName>& name, core::ByteView bytes) {
  if (bytes.size() > largest(name)) {
    return core::error(ErrorCode::Exhausted, "more than a volume can hold", bytes.size());
  }
  TRY(ask(request_of(What::Put, name, bytes.size()), bytes, 0));
  return {};
}

Result<void> StoreClient::remove(const ObjectName& name) {
  TRY(ask(request_of(What::Remove, name, 0), {}, 0));
  return {};
}

Result<StoreRequest> receive_request(os::BorrowedFd channel) {
  std::array<std::uint8_t, request_size> head{};
  TRY(read_stream(channel, head, true));
  core::Reader in(head);
  const std::uint8_t what = TRY(in.u8());
  const std::uint8_t index = TRY(in.u8());
  const bool unused_are_zero = are_zero(TRY(in.bytes(unused_in_request)));
  const core::ByteView name = TRY(in.bytes(ObjectName().size()));
  const std::uint64_t size = TRY(in.u64());
  if (what < static_cast<std::uint8_t>(What::List) ||
      what > static_cast<std::uint8_t>(What::Remove) || index > 1 || !unused_are_zero) {
    return malformed_request();
  }
  StoreRequest request;
  request.what = static_cast<What>(what);
  const bool is_named = index == 0 && request.what != What::List;
  if (is_named) {
    std::ranges::copy(name, request.name.emplace().begin());
  } else if (!are_zero(name)) {
    return malformed_request();
  }
  if (request.what == What::Remove && (!is_named || size != 0)) return malformed_request();
  request.most = size;
  if (request.what != What::Put) return request;
  if (size > largest(request.name)) {
    return core::error(ErrorCode::Exhausted, "more than a volume can hold", size);
  }
  request.bytes.resize(size);
  TRY(read_stream(channel, request.bytes, false));
  return request;
}

Result<void> send_answer(os::BorrowedFd channel, StoreOutcome outcome, core::ByteView bytes) {
  base::ByteWriter head;
  head.u8(static_cast<std::uint8_t>(outcome));
  head.bytes(std::array<std::uint8_t, unused_in_answer>{});
  head.u64(bytes.size());
  TRY(write_stream(channel, head.take()));
  if (bytes.empty()) return {};
  return write_stream(channel, bytes);
}

}  // namespace merlon::launch
