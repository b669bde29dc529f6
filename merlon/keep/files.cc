#include "merlon/keep/files.h"

#include <string_view>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"

namespace merlon::keep {

using core::ErrorCode;
using core::Result;
using launch::FileAccess;
using launch::FileEntry;
using launch::FileKind;

namespace {

/// The guest may close its stream; the keep's own stays open.
Result<wasi::FdEntry> standard_stream(int number) {
  auto copy = os::duplicate(os::BorrowedFd(number));
  if (!copy) return os::to_error(copy.error(), "a standard stream is not open");
  return wasi::open_file(*std::move(copy));
}

/// What the guest writes here must not be lost without a word. One that the host has closed can
/// still be tried: then the kernel says so, and we know that there was something to lose.
Result<wasi::FdEntry> output_stream(int number, std::string_view name) {
  wasi::FdEntry entry = TRY(standard_stream(number));
  if (entry.kind != wasi::FileKind::Directory) entry.base = entry.base | wasi::rights::fd_write;
  entry.loss_name = name;
  return entry;
}

Result<wasi::FdEntry> plain_entry_of(const FileEntry& file, os::Fd descriptor) {
  switch (file.kind) {
    case FileKind::Closed:
    case FileKind::Null: return wasi::null_file();
    case FileKind::Stdin: return standard_stream(0);
    case FileKind::Stdout: return output_stream(1, "standard output");
    case FileKind::Stderr: return output_stream(2, "standard error");
    case FileKind::Listen: return wasi::listening_socket(std::move(descriptor));
    case FileKind::Connect: return wasi::connected_socket(std::move(descriptor));
    case FileKind::Directory:
      return wasi::directory(std::move(descriptor), file.name,
                             file.access == FileAccess::ReadOnly
                                 ? wasi::DirectoryAccess::ReadOnly
                                 : wasi::DirectoryAccess::ReadWrite);
  }
  return core::error(ErrorCode::Malformed, "unknown kind of file");
}

core::Result<wasi::FdEntry, std::string> entry_of(const FileEntry& file, const TlsFiles* tls,
                                                  os::Fd descriptor) {
  if (!file.tls) {
    auto entry = plain_entry_of(file, std::move(descriptor));
    if (!entry) return std::string(entry.error().message());
    return *std::move(entry);
  }
  if (tls == nullptr) return std::string("TLS without a certificate");
  return file.kind == FileKind::Listen ? tls->listener(*file.tls, std::move(descriptor))
                                       : tls->connection(*file.tls, std::move(descriptor));
}

}  // namespace

core::Result<void, std::string> give_files(launch::Launch& launch, const TlsFiles* tls,
                                           wasi::Context& context) {
  auto next = launch.descriptors.begin();
  const auto& files = launch.message.files;
  for (const FileEntry& file : files) {
    os::Fd descriptor;
    if (launch::carries_descriptor(file.kind)) descriptor = std::move(*next++);
    auto entry = entry_of(file, tls, std::move(descriptor));
    if (!entry) return base::concat("file ", base::quoted(file.name), ": ", entry.error());
    if (!context.files().insert(*std::move(entry))) return std::string("too many files");
  }
  // Closed only now: an insertion takes the lowest free number.
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (files[i].kind != FileKind::Closed) continue;
    if (!context.files().close(i)) return std::string("lost a file");
  }
  return {};
}

}  // namespace merlon::keep
