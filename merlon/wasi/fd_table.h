#pragma once

// The files that a guest holds: its capabilities. Entry i is the guest's descriptor i.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "merlon/files/tree.h"
#include "merlon/net/stream.h"
#include "merlon/os/fd.h"
#include "merlon/wasi/directory_cookies.h"
#include "merlon/wasi/failure.h"
#include "merlon/wasi/served.h"

namespace merlon::wasi {

enum class FileKind : std::uint8_t {
  Null,     ///< reads nothing, swallows everything; no file behind it
  Regular,  ///< never waits
  Directory,
  Stream,  ///< a pipe, terminal or other device: may wait
  Socket,  ///< connected
  Listener,
  Served,  ///< made by whoever started the guest; never waits
  ServedDirectory,
  TreeFile,  ///< in this program's own memory; never waits
  TreeDirectory,
};

/// An open file: closed with its entry, unless it is lent.
class HeldFile {
 public:
  HeldFile() noexcept = default;
  HeldFile(os::Fd own) noexcept : own_(std::move(own)) {}  // NOLINT(google-explicit-constructor)
  /// Somebody else's, open as long as the guest runs.
  [[nodiscard]] static HeldFile lent(os::BorrowedFd file) noexcept { return HeldFile(file); }

  operator os::BorrowedFd() const noexcept {  // NOLINT(google-explicit-constructor): as Fd lends
    return own_.is_open() ? os::BorrowedFd(own_) : lent_;
  }
  [[nodiscard]] int number() const noexcept { return os::BorrowedFd(*this).number(); }

 private:
  explicit HeldFile(os::BorrowedFd lent) noexcept : lent_(lent) {}

  os::Fd own_;
  os::BorrowedFd lent_{-1};
};

/// A standard stream of this program, which the guest may use and never closes. Nobody looks at it
/// before the guest does: most guests use one of three, and in a machine each look is a way to the
/// host.
struct LentStream {
  os::BorrowedFd file;
  std::string_view loss_name{};  ///< of an output; see FdEntry::loss_name
};

/// One open file as the guest holds it.
struct FdEntry {
  FileKind kind = FileKind::Null;
  Filetype filetype = Filetype::Unknown;
  HeldFile file;                        ///< of Regular, Directory and Stream; none for the others
  std::shared_ptr<net::Stream> stream;  ///< of a Socket
  std::unique_ptr<net::Listener> listener;  ///< of a Listener
  /// As the guest set them. Nonblock is our own affair: the open file below may be shared with
  /// programs that must not see it change.
  Fdflags flags;
  Rights base;
  Rights inheriting;
  bool read_only = false;     ///< nothing below may be changed (directories)
  bool never_waits = false;   ///< the open file is ours alone and has O_NONBLOCK
  bool only_appends = false;  ///< whoever lent it may rely on what is in it already
  bool needs_poll = false;    ///< this kernel cannot try without waiting on this file
  /// A host's stream: Context::output_loss() tells of a write to it that failed, under this name.
  std::string_view loss_name{};
  std::optional<std::string> preopened_as;            ///< a directory's name for the guest
  std::unique_ptr<DirectoryListing> listing;          ///< of a directory that was listed
  std::shared_ptr<ServedDirectory> served_directory;  ///< of a ServedDirectory
  std::unique_ptr<ServedFile> served;                 ///< of a Served file
  std::uint64_t served_inode = 0;
  std::shared_ptr<files::Tree> tree;  ///< of a TreeFile and a TreeDirectory
  std::shared_ptr<files::Node> node;  ///< of these, in `tree`
  std::uint64_t position = 0;         ///< in a Served file or a TreeFile
  std::size_t poll_slot = 0;  ///< poll_oneoff's own: 1 + its place among the files waited for

  /// What the kernel knows it by, if it does.
  [[nodiscard]] os::BorrowedFd descriptor() const noexcept {
    if (stream) return stream->descriptor();
    return listener ? listener->descriptor() : file;
  }
  [[nodiscard]] bool is_directory() const noexcept {
    return kind == FileKind::Directory || kind == FileKind::ServedDirectory ||
           kind == FileKind::TreeDirectory;
  }
  [[nodiscard]] bool is_socket() const noexcept {
    return kind == FileKind::Socket || kind == FileKind::Listener;
  }
};

/// Not to be shared between threads. References to entries are good until the next insert().
class FdTable {
 public:
  /// More than any guest needs, and a bound on what one may make us remember.
  static constexpr std::size_t max_entries = 65536;

  /// Puts `entry` at the lowest free number. Mfile when there is none.
  [[nodiscard]] Result<FdNumber> insert(FdEntry entry);
  [[nodiscard]] Result<FdNumber> insert(LentStream stream);

  /// Badf when nothing is open there; Notcapable without all of `needed`. Looks at a lent stream
  /// that is used for the first time.
  [[nodiscard]] Result<FdEntry*> get(FdNumber fd, Rights needed = Rights()) noexcept;

  [[nodiscard]] Result<void> close(FdNumber fd) noexcept;
  /// Closes `to` and moves `from` there. Badf unless both are open.
  [[nodiscard]] Result<void> renumber(FdNumber from, FdNumber to) noexcept;

  /// Calls `look` with each entry, but for lent streams that were never used.
  template <typename Look>
  void for_each(const Look& look) {
    for (Slot& slot : slots_) {
      if (auto* const entry = std::get_if<FdEntry>(&slot)) look(*entry);
    }
  }

  /// Above the number of every open file.
  [[nodiscard]] FdNumber end() const noexcept { return static_cast<FdNumber>(slots_.size()); }

  /// Some preopened directory has a higher number than `fd`.
  [[nodiscard]] bool has_preopened_above(FdNumber fd) const noexcept;

 private:
  using Slot = std::variant<std::monostate, LentStream, FdEntry>;

  [[nodiscard]] Result<FdNumber> fill(Slot slot);
  [[nodiscard]] bool is_open(FdNumber fd) const noexcept;
  void remove(FdNumber fd) noexcept;

  std::vector<Slot> slots_;
  std::size_t first_free_ = 0;  // nothing below is free
};

}  // namespace merlon::wasi
