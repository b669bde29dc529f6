#include "merlon/endorse/store.h"

#include <cstdio>

#include <sys/stat.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::endorse {

using core::ErrorCode;

os::Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return {};
  const os::Errno reason = os::last_errno();
  if (reason != os::Errno::Exist) return reason;
  const auto there = os::open_directory(path);
  return there ? os::Result<void>() : there.error();
}

core::Result<void> store(const std::string& directory, const std::string& name,
                         core::ByteView bytes) {
  const std::string place = base::concat(directory, "/", name);
  const std::string beside = base::concat(directory, "/.", name, ".", ::getpid());
  const auto file = os::create_file(beside);
  if (!file) return core::error(ErrorCode::Unavailable, "a file cannot be made in the directory");
  const bool written = os::write_all(*file, bytes).has_value() && os::sync(*file).has_value();
  if (!written || std::rename(beside.c_str(), place.c_str()) != 0) {
    std::remove(beside.c_str());
    return core::error(ErrorCode::Unavailable, "a file cannot be written in the directory");
  }
  return {};
}

core::Result<void> store(const std::string& directory, const Fetched& fetched) {
  TRY(store(directory, fetched.request.file, fetched.body));
  if (fetched.chain.empty()) return {};
  return store(directory, base::concat(fetched.request.file, ".chain.pem"),
               core::as_bytes(fetched.chain));
}

}  // namespace merlon::endorse
