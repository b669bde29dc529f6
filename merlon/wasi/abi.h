#pragma once

// The types of WASI preview 1 as they lie in guest memory: little-endian, fields at the offsets
// that the witx layout rules give. Values from a guest are checked before they become one of the
// enums here.
//
// Source: [WASI-P1] typenames.witx, whose names are kept.

#include <cstdint>

#include "merlon/wasi/flags.h"

namespace merlon::wasi {

using FdNumber = std::uint32_t;      ///< $fd
using GuestAddress = std::uint32_t;  ///< a pointer into the guest's linear memory
using GuestSize = std::uint32_t;     ///< $size
using Timestamp = std::uint64_t;     ///< $timestamp: nanoseconds
using DirCookie = std::uint64_t;     ///< $dircookie

/// $errno
enum class Errno : std::uint16_t {
#define MERLON_WASI_ERRNO(name, number, text) name = number,
#include "merlon/wasi/errno.def"
#undef MERLON_WASI_ERRNO
};

/// $clockid
enum class ClockId : std::uint32_t {
  Realtime = 0,
  Monotonic = 1,
  ProcessCputimeId = 2,
  ThreadCputimeId = 3,
};

/// $filetype
enum class Filetype : std::uint8_t {
  Unknown = 0,
  BlockDevice = 1,
  CharacterDevice = 2,
  Directory = 3,
  RegularFile = 4,
  SocketDgram = 5,
  SocketStream = 6,
  SymbolicLink = 7,
};

/// $eventtype
enum class EventType : std::uint8_t { Clock = 0, FdRead = 1, FdWrite = 2 };

/// $whence, $advice, $signal: how many values there are.
inline constexpr std::uint32_t whence_count = 3;
inline constexpr std::uint32_t advice_count = 6;
inline constexpr std::uint32_t signal_count = 31;

using Rights = Flags<struct RightsTag, std::uint64_t>;            ///< $rights
using Fdflags = Flags<struct FdflagsTag, std::uint16_t>;          ///< $fdflags
using Oflags = Flags<struct OflagsTag, std::uint16_t>;            ///< $oflags
using Lookupflags = Flags<struct LookupflagsTag, std::uint32_t>;  ///< $lookupflags
using Fstflags = Flags<struct FstflagsTag, std::uint16_t>;        ///< $fstflags
using Riflags = Flags<struct RiflagsTag, std::uint16_t>;          ///< $riflags
using Roflags = Flags<struct RoflagsTag, std::uint16_t>;          ///< $roflags
using Sdflags = Flags<struct SdflagsTag, std::uint8_t>;           ///< $sdflags
using Eventrwflags = Flags<struct EventrwflagsTag, std::uint16_t>;
using Subclockflags = Flags<struct SubclockflagsTag, std::uint16_t>;

namespace fdflags {
inline constexpr Fdflags append{1 << 0};
inline constexpr Fdflags dsync{1 << 1};
inline constexpr Fdflags nonblock{1 << 2};
inline constexpr Fdflags rsync{1 << 3};
inline constexpr Fdflags sync{1 << 4};
inline constexpr Fdflags all{(1 << 5) - 1};
}  // namespace fdflags

namespace oflags {
inline constexpr Oflags creat{1 << 0};
inline constexpr Oflags directory{1 << 1};
inline constexpr Oflags excl{1 << 2};
inline constexpr Oflags trunc{1 << 3};
inline constexpr Oflags all{(1 << 4) - 1};
}  // namespace oflags

namespace lookupflags {
inline constexpr Lookupflags symlink_follow{1 << 0};
}  // namespace lookupflags

namespace fstflags {
inline constexpr Fstflags atim{1 << 0};
inline constexpr Fstflags atim_now{1 << 1};
inline constexpr Fstflags mtim{1 << 2};
inline constexpr Fstflags mtim_now{1 << 3};
inline constexpr Fstflags all{(1 << 4) - 1};
}  // namespace fstflags

namespace riflags {
inline constexpr Riflags recv_peek{1 << 0};
inline constexpr Riflags recv_waitall{1 << 1};
inline constexpr Riflags all{(1 << 2) - 1};
}  // namespace riflags

namespace roflags {
inline constexpr Roflags recv_data_truncated{1 << 0};
}  // namespace roflags

namespace sdflags {
inline constexpr Sdflags rd{1 << 0};
inline constexpr Sdflags wr{1 << 1};
inline constexpr Sdflags all{(1 << 2) - 1};
}  // namespace sdflags

namespace eventrwflags {
inline constexpr Eventrwflags fd_readwrite_hangup{1 << 0};
}  // namespace eventrwflags

namespace subclockflags {
inline constexpr Subclockflags abstime{1 << 0};
}  // namespace subclockflags

/// $preopentype: the tag of a preopened directory, and ours for "there is something here, but no
/// directory" (see fd_prestat_get).
inline constexpr std::uint8_t preopentype_dir = 0;
inline constexpr std::uint8_t preopentype_other = 0xFF;

/// Where the fields of a $subscription lie, from its start.
struct SubscriptionLayout {
  std::uint32_t userdata, tag, clock_id, clock_timeout, clock_flags, fd, size;
};

/// Where fields lie, from the start of their record.
namespace layout {

struct Iovec {  // also $ciovec
  static constexpr std::uint32_t buf = 0, buf_len = 4, size = 8;
};
struct Fdstat {
  static constexpr std::uint32_t filetype = 0, flags = 2, rights_base = 8, rights_inheriting = 16,
                                 size = 24;
};
struct Filestat {
  static constexpr std::uint32_t dev = 0, ino = 8, filetype = 16, nlink = 24, file_size = 32,
                                 atim = 40, mtim = 48, ctim = 56, size = 64;
};
struct Dirent {
  static constexpr std::uint32_t next = 0, ino = 8, namlen = 16, type = 20, size = 24;
};
struct Prestat {
  static constexpr std::uint32_t tag = 0, name_len = 4, size = 8;
};
inline constexpr SubscriptionLayout subscription{.userdata = 0,
                                                 .tag = 8,
                                                 .clock_id = 16,
                                                 .clock_timeout = 24,
                                                 .clock_flags = 40,
                                                 .fd = 16,
                                                 .size = 48};
struct Event {
  static constexpr std::uint32_t userdata = 0, error = 8, type = 10, nbytes = 16, flags = 24,
                                 size = 32;
};

}  // namespace layout

}  // namespace merlon::wasi
