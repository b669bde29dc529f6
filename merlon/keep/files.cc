#include "merlon/keep/files.h"

#include <algorithm>
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

/// Where C libraries start to look for directories.
constexpr std::size_t first_directory = 3;

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

/// A stream of the talk: not a socket for the guest, which cannot shut it down.
wasi::FdEntry talk_stream(std::shared_ptr<net::Stream> stream, wasi::Rights missing) {
  wasi::FdEntry entry = wasi::stream_socket(std::move(stream));
  entry.filetype = wasi::Filetype::Unknown;
  entry.base = entry.base.without(missing | wasi::rights::sock_shutdown);
  return entry;
}

wasi::FdEntry talk_output(std::shared_ptr<net::Stream> stream, std::string_view name) {
  wasi::FdEntry entry = talk_stream(std::move(stream), wasi::rights::fd_read);
  entry.loss_name = name;
  return entry;
}

constexpr std::string_view output_name = "standard output";
constexpr std::string_view error_name = "standard error";

Result<wasi::FdEntry> plain_entry_of(const FileEntry& file, PrivateTalk* talk, os::Fd descriptor) {
  switch (file.kind) {
    case FileKind::Closed:
    case FileKind::Null: return wasi::null_file();
    case FileKind::Stdin:
      if (talk != nullptr) return talk_stream(talk->standard_input(), wasi::rights::fd_write);
      return standard_stream(0);
    case FileKind::Stdout:
      if (talk != nullptr) return talk_output(talk->standard_output(), output_name);
      return output_stream(1, output_name);
    case FileKind::Stderr:
      if (talk != nullptr) return talk_output(talk->standard_error(), error_name);
      return output_stream(2, error_name);
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
                                                  PrivateTalk* talk, os::Fd descriptor) {
  if (!file.tls) {
    auto entry = plain_entry_of(file, talk, std::move(descriptor));
    if (!entry) return std::string(entry.error().message());
    return *std::move(entry);
  }
  if (tls == nullptr) return std::string("TLS without a certificate");
  return file.kind == FileKind::Listen ? tls->listener(*file.tls, std::move(descriptor))
                                       : tls->connection(*file.tls, std::move(descriptor));
}

}  // namespace

core::Result<void, std::string> give_files(Work& work, const TlsFiles* tls,
                                           wasi::Context& context) {
  launch::Launch& launch = work.launch;
  auto next = launch.descriptors.begin();
  const auto& files = launch.message.files;
  for (const FileEntry& file : files) {
    os::Fd descriptor;
    if (launch::carries_descriptor(file.kind)) descriptor = std::move(*next++);
    auto entry = entry_of(file, tls, work.talk.get(), std::move(descriptor));
    if (!entry) return base::concat("file ", base::quoted(file.name), ": ", entry.error());
    if (!context.files().insert(*std::move(entry))) return std::string("too many files");
  }
  if (work.launch.message.mounts.empty()) return {};
  while (context.files().end() < first_directory) {
    if (!context.files().insert(wasi::null_file())) return std::string("too many files");
  }
  return {};
}

core::Result<void, std::string> close_gaps(const launch::Message& message, wasi::Context& context) {
  const auto& files = message.files;
  const std::size_t filled = message.mounts.empty() ? 0 : first_directory;
  for (std::uint32_t i = 0; i < std::max(files.size(), filled); ++i) {
    if (i < files.size() && files[i].kind != FileKind::Closed) continue;
    if (!context.files().close(i)) return std::string("lost a file");
  }
  return {};
}

}  // namespace merlon::keep
