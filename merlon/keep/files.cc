#include "merlon/keep/files.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

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

/// What a guest is given in one place.
using Given = std::variant<wasi::LentStream, wasi::FdEntry>;

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

Result<Given> plain_file(const FileEntry& file, PrivateTalk* talk, os::Fd descriptor) {
  switch (file.kind) {
    case FileKind::Closed:
    case FileKind::Null: return Given(wasi::null_file());
    case FileKind::Stdin:
      if (talk == nullptr) return Given(wasi::LentStream{os::BorrowedFd(0)});
      return Given(talk_stream(talk->standard_input(), wasi::rights::fd_write));
    case FileKind::Stdout:
      if (talk == nullptr) return Given(wasi::LentStream{os::BorrowedFd(1), output_name});
      return Given(talk_output(talk->standard_output(), output_name));
    case FileKind::Stderr:
      if (talk == nullptr) return Given(wasi::LentStream{os::BorrowedFd(2), error_name});
      return Given(talk_output(talk->standard_error(), error_name));
    case FileKind::Listen: return Given(TRY(wasi::listening_socket(std::move(descriptor))));
    case FileKind::Connect: return Given(TRY(wasi::connected_socket(std::move(descriptor))));
    case FileKind::Directory:
      return Given(TRY(wasi::directory(std::move(descriptor), file.name,
                                       file.access == FileAccess::ReadOnly
                                           ? wasi::DirectoryAccess::ReadOnly
                                           : wasi::DirectoryAccess::ReadWrite)));
  }
  return core::error(ErrorCode::Malformed, "unknown kind of file");
}

core::Result<Given, std::string> given_for(const FileEntry& file, const TlsFiles* tls,
                                           PrivateTalk* talk, os::Fd descriptor) {
  if (!file.tls) {
    auto given = plain_file(file, talk, std::move(descriptor));
    if (!given) return std::string(given.error().message());
    return *std::move(given);
  }
  if (tls == nullptr) return std::string("TLS without a certificate");
  return Given(TRY(file.kind == FileKind::Listen
                       ? tls->listener(*file.tls, std::move(descriptor))
                       : tls->connection(*file.tls, std::move(descriptor))));
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
    auto given = given_for(file, tls, work.talk.get(), std::move(descriptor));
    if (!given) return base::concat("file ", base::quoted(file.name), ": ", given.error());
    const auto put = [&](auto&& each) { return context.files().insert(std::move(each)); };
    if (!std::visit(put, *std::move(given))) return std::string("too many files");
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
