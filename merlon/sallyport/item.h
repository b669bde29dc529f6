#pragma once

// What travels in a block's data beside plain bytes: fixed records of little-endian integers. Each
// is the same on both sides; none holds a pointer. Freestanding.

#include <cstdint>
#include <type_traits>

namespace merlon::sallyport {

/// Attributes of a file. Times are nanoseconds since 1970, types are those of `st_mode`.
struct Status {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t links;
  std::uint64_t size;
  std::uint64_t accessed;
  std::uint64_t modified;
  std::uint64_t changed;
  std::uint32_t mode;
  std::uint32_t open_file;  ///< of Status alone, see below; 0: not told
};
static_assert(sizeof(Status) == 64);

/// Bits of Status::open_file: what GetFlags and IsTerminal would answer at the same moment. A keep
/// that opens a file asks for all three, and each question stops its processor.
inline constexpr std::uint32_t open_file_told = std::uint32_t{1} << 31U;
inline constexpr std::uint32_t open_file_is_terminal = std::uint32_t{1} << 30U;
/// Status flags of an open file [LINUX fcntl(2)]: the access mode, and from O_CREAT to O_TMPFILE.
inline constexpr std::uint32_t known_status_flags = 0x7f'ffc3;

/// A time to set; `nanoseconds` also takes Linux's UTIME_NOW and UTIME_OMIT.
struct Time {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};
struct Times {
  Time accessed;
  Time modified;
};
static_assert(sizeof(Times) == 32);

/// One descriptor to wait for; events are those of poll(2).
struct PollItem {
  std::int32_t descriptor;  ///< negative: not waited for
  std::uint16_t events;
  std::uint16_t ready;
};
static_assert(sizeof(PollItem) == 8);
inline constexpr std::size_t max_poll_items = 1024;

/// A piece of the keep's physical memory.
struct MemoryRange {
  std::uint64_t base;
  std::uint64_t size;
};
static_assert(sizeof(MemoryRange) == 16);

/// Starts a delivery; the descriptors follow it, and then the bytes.
struct DeliveryHeader {
  std::uint32_t descriptor_count;
};
inline constexpr std::size_t max_delivered_descriptors = 253;  // SCM_MAX_FD

/// Descriptors are numbers of the keep's own, smaller than this.
inline constexpr std::size_t max_descriptors = 1024;
/// Largest number of an error, as in Linux.
inline constexpr std::int64_t max_errno = 4095;
/// A path in a request, without a NUL.
inline constexpr std::size_t max_path = 4095;

/// The time argument that waits without end.
inline constexpr std::uint64_t forever = ~std::uint64_t{0};

/// The largest SOCK_ number, SOCK_PACKET.
inline constexpr std::uint64_t last_socket_type = 10;

/// Which option SocketOption reads.
enum class SocketOption : std::uint64_t { Type = 0, Listening = 1 };

template <typename T>
concept Item = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>;

}  // namespace merlon::sallyport
