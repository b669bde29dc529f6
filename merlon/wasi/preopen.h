#pragma once

// The files a guest is given at its start, as entries for its FdTable.
//
// Whoever starts the guest inserts them in the order of its configuration, so that entry i becomes
// descriptor i; directories come last.

#include <string>

#include "merlon/core/result.h"
#include "merlon/wasi/fd_table.h"

namespace merlon::wasi {

enum class DirectoryAccess : std::uint8_t { ReadWrite, ReadOnly };

/// Reads nothing, swallows everything written; behaves as Enarx's `kind = "null"`.
[[nodiscard]] FdEntry null_file();

/// What a guest holds of a standard stream that it is lent, as open_file() has it. A descriptor
/// that is a socket is duplicated. What is written to an output must not be lost without a word:
/// one that cannot be written to can still be tried. One that appends does only that: what is in
/// the file stays. Errors: those of open_file().
[[nodiscard]] core::Result<FdEntry> look_at(const LentStream& stream);

/// Any file that is open already: a terminal, pipe, device, regular
/// file or socket. What it may do follows from how it is open. Its file flags are left alone.
/// Errors: Internal (not open) · Unsupported (opened with O_PATH).
[[nodiscard]] core::Result<FdEntry> open_file(os::Fd file);

/// A listening stream socket, or a connected one. Sets O_NONBLOCK on it; the guest sees a blocking
/// socket unless it asks otherwise. Errors: Malformed (no such socket) · Internal (not open).
[[nodiscard]] core::Result<FdEntry> listening_socket(os::Fd socket);
[[nodiscard]] core::Result<FdEntry> connected_socket(os::Fd socket);

/// A connection or a listener that is spoken to in some way of its own.
[[nodiscard]] FdEntry stream_socket(std::shared_ptr<net::Stream> stream);
[[nodiscard]] FdEntry stream_listener(std::unique_ptr<net::Listener> listener);

/// A directory that the guest finds under `guest_name`. `directory` may be open with O_PATH: then
/// the guest cannot list it by this descriptor. Errors: Malformed (no directory, or an empty name).
[[nodiscard]] core::Result<FdEntry> directory(os::Fd directory, std::string guest_name,
                                              DirectoryAccess access);

/// A tree of files in this program's own memory, under `guest_name`.
[[nodiscard]] FdEntry tree(std::shared_ptr<files::Tree> files, std::string guest_name);

/// A directory of served files, under `guest_name`, or opened by the guest if that is empty.
[[nodiscard]] FdEntry served_directory(std::shared_ptr<ServedDirectory> directory,
                                       std::string guest_name);

/// How a file of this type is handled, and what may be done with it at most; used for files that
/// guests open as well.
[[nodiscard]] FileKind kind_of(os::FileType type) noexcept;
[[nodiscard]] Filetype filetype_of(os::FileType type) noexcept;
[[nodiscard]] Rights rights_of(FileKind kind, os::FileType type, bool is_terminal) noexcept;

}  // namespace merlon::wasi
