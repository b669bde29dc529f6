#include "merlon/simulate/machine_files.h"

#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/simulate/chain.h"

namespace merlon::simulate {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

Result<void> done(const os::Result<void>& result, const char* what) {
  return result ? Result<void>() : os::to_error(result.error(), what);
}

}  // namespace

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return {};
  return os::to_error(os::last_errno(), "a directory cannot be made");
}

Result<void> write_new(const std::string& path, core::ByteView bytes) {
  const int number =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (number < 0) return os::to_error(os::last_errno(), "a file cannot be made");
  const os::Fd file = os::Fd::adopt(number);
  TRY(done(os::write_all(file, bytes), "a file cannot be written"));
  return done(os::sync(file), "a file cannot be written");
}

Result<void> write_pem(const std::string& path, std::string_view label, core::ByteView der) {
  return write_new(path, core::as_bytes(codec::to_pem(label, der)));
}

Result<void> write_key(const std::string& path, const crypto::PrivateKey& key) {
  const crypto::SecretBytes text = TRY(key.to_pem());
  return write_new(path, text.reveal());
}

Result<void> move_into_place(const std::string& from, const std::string& directory) {
  // An empty directory gives way to another; what is in it would not, so it is nothing's end.
  if (std::rename(from.c_str(), directory.c_str()) == 0) return {};
  const os::Errno reason = os::last_errno();
  if (reason == os::Errno::Exist || reason == os::Errno::Notempty || reason == os::Errno::Notdir) {
    return core::error(ErrorCode::Denied, "there is something by that name already");
  }
  return os::to_error(reason, "a directory cannot be moved");
}

std::string trimmed(std::string directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return directory;
}

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_size) {
  const auto file = os::open_file(path);
  if (!file) return os::to_error(file.error(), "a file of the platform cannot be opened");
  auto bytes = os::read_all(*file, max_size);
  if (!bytes) return os::to_error(bytes.error(), "a file of the platform cannot be read");
  return *std::move(bytes);
}

Result<std::vector<std::uint8_t>> only_block(core::ByteView text, std::string_view label) {
  auto blocks = TRY(parsed(codec::pem_blocks(core::as_text(text), codec::PemRule::OnlyBlocks)));
  if (blocks.size() != 1 || blocks[0].label != label) {
    return core::error(ErrorCode::Malformed, "a file of the platform holds something else");
  }
  return std::move(blocks[0].bytes);
}

Result<crypto::SecretBytes> read_secret(const std::string& path) {
  return crypto::SecretBytes(TRY(read_file(path, crypto::PrivateKey::max_pem_size)));
}

Result<void> exchange_places(const std::string& from, const std::string& directory) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, directory.c_str(), RENAME_EXCHANGE) == 0) {
    return {};
  }
  return os::to_error(os::last_errno(), "the platform cannot be replaced");
}

Result<crypto::PrivateKey> key_of(const crypto::SecretBytes& text, const x509::Certificate& owner) {
  auto key = TRY(parsed(crypto::PrivateKey::from_pem(text.reveal())));
  if (!is_key_of(key, owner)) {
    return core::error(ErrorCode::Denied, "a key that is not its certificate's");
  }
  return key;
}

}  // namespace merlon::simulate
