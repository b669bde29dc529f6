#include "merlon/cli/output_file.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::cli {

using base::concat;

namespace {

/// The standard stream that a path such as /dev/stdout leads to, else 0. Another file in the place
/// of what it is redirected to would take with it what the stream has had so far.
int standard_stream(const struct ::stat& there) {
  for (const int stream : {1, 2}) {
    const auto status = os::status(os::BorrowedFd(stream));
    if (status && status->device == there.st_dev && status->inode == there.st_ino) return stream;
  }
  return 0;
}

/// Into a device or a pipe, which may have a reader that does not read: who does not move for
/// ten seconds gets no more, since the answer itself has been given.
os::Result<void> write_into(const std::string& path, core::ByteView bytes) {
  constexpr std::chrono::seconds patience{10};
  const int number = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (number < 0) return os::last_errno();
  const os::Fd file = os::Fd::adopt(number);
  while (!bytes.empty()) {
    // SAFETY: writev(2) only reads; struct iovec serves both directions.
    const ::iovec rest{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    const auto written = os::write(file, {&rest, 1});
    if (written) {
      bytes = bytes.subspan(*written);
    } else if (written.error() == os::Errno::Again) {
      std::array items{os::PollItem{file.number(), POLLOUT, 0}};
      if (TRY(os::poll(items, patience)) == 0) return os::Errno::Timedout;
    } else if (written.error() != os::Errno::Intr) {
      return written.error();
    }
  }
  return {};
}

/// A file that was not there before, whole or not at all.
os::Result<void> create(const std::string& path, core::ByteView bytes, OutputRules rules) {
  const bool shared = rules.readers == Readers::Umask;
  const auto file = TRY(shared ? os::create_file(path) : os::create_private_file(path));
  auto written = os::write_all(file, bytes);
  if (written && rules.lasting == Lasting::AtOnce) written = os::sync(file);
  if (!written) std::remove(path.c_str());
  return written;
}

os::Result<void> replace(const std::string& path, core::ByteView bytes, OutputRules rules) {
  const std::size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const std::string beside = concat(path.substr(0, name), ".", path.substr(name), ".", ::getpid());
  TRY(create(beside, bytes, rules));
  if (std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const os::Errno why = os::last_errno();
  std::remove(beside.c_str());
  return why;
}

/// Where the links of a path lead, so that they stay; the path itself where there is nothing yet.
std::string target_of(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> target(::realpath(path.c_str(), nullptr),
                                                           &std::free);
  return target == nullptr ? path : target.get();
}

os::Result<void> write_to(const std::string& path, core::ByteView bytes, OutputRules rules) {
  struct ::stat there{};
  if (::stat(path.c_str(), &there) != 0) {
    return rules.existing == Existing::Replaced ? replace(path, bytes, rules)
                                                : create(path, bytes, rules);
  }
  if (const int stream = standard_stream(there); stream != 0) {
    return os::write_all(os::BorrowedFd(stream), bytes);
  }
  if (S_ISDIR(there.st_mode)) return os::Errno::Isdir;
  if (!S_ISREG(there.st_mode)) return write_into(path, bytes);
  if (rules.existing == Existing::Kept) return os::Errno::Exist;
  return replace(target_of(path), bytes, rules);
}

}  // namespace

core::Result<void, std::string> write_output(const std::string& path, core::ByteView bytes,
                                             OutputRules rules) {
  const auto written = write_to(path, bytes, rules);
  if (written) return {};
  const auto unwritable = [&](std::string_view why) {
    return concat(base::printable(path), ": cannot be written: ", why);
  };
  if (written.error() == os::Errno::Exist && rules.existing == Existing::Kept) {
    return concat(base::printable(path), ": is there already; --force replaces it");
  }
  switch (static_cast<int>(written.error())) {
    case ENXIO: return unwritable("nobody reads from this FIFO");
    case ETIMEDOUT: return unwritable("its reader does not read");
    default: return unwritable(os::describe(written.error()));
  }
}

}  // namespace merlon::cli
