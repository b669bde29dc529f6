#pragma once

// How a keep reads and writes the volume that its host keeps for it: sealed objects by name, on a
// stream socket. One request, one answer, in their order. Neither side trusts the other.
// Little-endian.
//
//   request: u8 what (1 list, 2 get, 3 put, 4 remove) · u8 1 for the index, else 0 · 6 bytes 0 ·
//            the object's name (16; of the index and of a list zeros) · u64 size
//            size: list: how many names at most; get: how many bytes at most; put: of the bytes
//            that follow; remove: 0
//   answer:  u8 outcome · 7 bytes 0 · u64 size · so many bytes: of a list the names, of a get the
//            object, else none
//
// A put is on the disk, whole, when its answer comes; one that failed has changed nothing.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

using ObjectName = std::array<std::uint8_t, 16>;

inline constexpr std::size_t max_object_size = std::size_t{2} << 20U;
inline constexpr std::size_t max_index_size = std::size_t{40} << 20U;
inline constexpr std::size_t max_objects = std::size_t{1} << 17U;

enum class StoreOutcome : std::uint8_t {
  Done = 0,
  NotFound = 1,
  TooMuch = 2,  ///< more than was asked for at most
  NoRoom = 3,
  InUse = 4,   ///< another keep has the volume
  Failed = 5,  ///< it cannot be read or written
};

/// The keep's end of the socket. Every call waits for its answer.
///
/// Errors of all: Unavailable (nobody is there any more, or it cannot be read or written) ·
/// Exhausted (NoRoom, TooMuch) · Denied (InUse) · Malformed (an answer that is none; then nothing
/// that follows can be understood either, and every later call gives Unavailable).
class StoreClient {
 public:
  explicit StoreClient(os::Fd channel) noexcept : channel_(std::move(channel)) {}

  [[nodiscard]] core::Result<std::vector<ObjectName>> list(std::size_t most);
  /// NotFound. Without a name the index.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> get(const std::optional<ObjectName>& name,
                                                            std::size_t most);
  [[nodiscard]] core::Result<void> put(const std::optional<ObjectName>& name, core::ByteView bytes);
  /// One that is not there is no error.
  [[nodiscard]] core::Result<void> remove(const ObjectName& name);

 private:
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> ask(core::ByteView request,
                                                            core::ByteView bytes, std::size_t most);
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> answer(std::size_t most);

  os::Fd channel_;
};

/// What a keep asks of a volume.
struct StoreRequest {
  enum class What : std::uint8_t { List = 1, Get = 2, Put = 3, Remove = 4 };
  What what = What::List;
  std::optional<ObjectName> name{};   ///< none: the index
  std::uint64_t most = 0;             ///< of List and Get
  std::vector<std::uint8_t> bytes{};  ///< of Put
};

/// The host's end: waits for the next. Attacker-controlled; no more than max_index_size bytes are
/// read. Unavailable: there is no keep any more · Malformed · Exhausted.
[[nodiscard]] core::Result<StoreRequest> receive_request(os::BorrowedFd channel);
/// Unavailable: there is no keep any more.
[[nodiscard]] core::Result<void> send_answer(os::BorrowedFd channel, StoreOutcome outcome,
                                             core::ByteView bytes);

}  // namespace merlon::launch
