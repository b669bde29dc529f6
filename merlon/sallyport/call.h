#pragma once

// The calls of the sallyport, generated from calls.def. Freestanding.

#include <array>
#include <cstddef>
#include <cstdint>

namespace merlon::sallyport {

/// What a keep asks of its host.
enum class Call : std::uint32_t {
#define MERLON_CALL(name, number, reply, description) name = number,
#include "merlon/sallyport/calls.def"
#undef MERLON_CALL
};

/// Which answers to a call are possible at all; calls.def says what each means.
enum class Reply : std::uint8_t {
  Done,
  Written,
  Read,
  Record,
  Position,
  Flags,
  Count,
  Option,
  Time,
  Descriptor,
  Ready,
  Delivery,
  Never,
};

/// Whether a call of this reply may end with EINTR.
[[nodiscard]] constexpr bool may_be_interrupted(Reply reply) noexcept {
  return reply == Reply::Read || reply == Reply::Ready || reply == Reply::Delivery;
}

struct CallInfo {
  Call call;
  Reply reply;
  const char* name;         ///< as in calls.def
  const char* description;  ///< completes "the host's answer to …"
};

inline constexpr auto call_table = std::array{
#define MERLON_CALL(name, number, reply, description) \
  CallInfo{Call::name, Reply::reply, #name, description},
#include "merlon/sallyport/calls.def"
#undef MERLON_CALL
};

/// The entry of a number that somebody untrusted wrote; null when there is no such call.
[[nodiscard]] constexpr const CallInfo* find_call(std::uint64_t number) noexcept {
  for (const CallInfo& info : call_table) {
    if (static_cast<std::uint64_t>(info.call) == number) return &info;
  }
  return nullptr;
}

[[nodiscard]] constexpr const CallInfo& info_of(Call call) noexcept {
  return *find_call(static_cast<std::uint64_t>(call));
}

}  // namespace merlon::sallyport
