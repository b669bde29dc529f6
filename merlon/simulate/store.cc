#include "merlon/simulate/store.h"

#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::simulate {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view certificate_label = "CERTIFICATE";
constexpr std::string_view list_label = "X509 CRL";

/// Everything that is in such a directory, folders behind what they hold.
constexpr std::array<const char*, 8> names{"ark.pem",       "ask.pem",       "vcek.pem",
                                           "crl.pem",       "keys/vcek.pem", "keys/ark.pem",
                                           "keys/chip.bin", "keys"};

Result<void> done(const os::Result<void>& result, const char* what) {
  return result ? Result<void>() : os::to_error(result.error(), what);
}

/// A detail of a parser's is no number of the system's.
template <typename T>
Result<T> parsed(Result<T> result) {
  if (!result) result.error().detail = 0;
  return result;
}

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

/// All that is written of a machine; borrowed.
struct Contents {
  const Chain& chain;
  const crypto::PrivateKey& vcek_key;
  const crypto::PrivateKey& ark_key;
  const crypto::SecretBytes& chip_secret;
};

Result<void> write_machine(const std::string& directory, const Contents& made) {
  TRY(make_directory(directory));
  TRY(make_directory(concat(directory, "/keys")));
  TRY(write_key(concat(directory, "/keys/vcek.pem"), made.vcek_key));
  TRY(write_key(concat(directory, "/keys/ark.pem"), made.ark_key));
  TRY(write_new(concat(directory, "/keys/chip.bin"), made.chip_secret.reveal()));
  const Chain& chain = made.chain;
  TRY(write_pem(concat(directory, "/ark.pem"), certificate_label, chain.ark().der()));
  TRY(write_pem(concat(directory, "/ask.pem"), certificate_label, chain.ask().der()));
  TRY(write_pem(concat(directory, "/vcek.pem"), certificate_label, chain.vcek().der()));
  return write_pem(concat(directory, "/crl.pem"), list_label, chain.list().der());
}

/// Only what write_machine() may have made.
void remove_machine(const std::string& directory) {
  for (const char* name : names) std::remove(concat(directory, "/", name).c_str());
  std::remove(directory.c_str());
}

/// `wanted` in `from` becomes `directory`, unless there is something by that name.
Result<void> move_into_place(const std::string& from, const std::string& directory) {
  // An empty directory gives way to another; what is in it would not, so it is nothing's end.
  if (std::rename(from.c_str(), directory.c_str()) == 0) return {};
  const os::Errno reason = os::last_errno();
  if (reason == os::Errno::Exist || reason == os::Errno::Notempty || reason == os::Errno::Notdir) {
    return core::error(ErrorCode::Denied, "there is something by that name already");
  }
  return os::to_error(reason, "a directory cannot be moved");
}

/// `directory` without slashes at its end, so that something can be made beside it.
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

/// The one block of a file of ours.
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

/// Empty if there is none: machines of before have none.
Result<crypto::SecretBytes> read_chip_secret(const std::string& directory) {
  auto bytes = read_file(concat(directory, "/keys/chip.bin"), chip_secret_size);
  if (!bytes && bytes.error().code == ErrorCode::NotFound) return crypto::SecretBytes();
  crypto::SecretBytes secret(TRY(std::move(bytes)));
  if (secret.reveal().size() != chip_secret_size) {
    return core::error(ErrorCode::Malformed, "the chip's secret has another size");
  }
  return secret;
}

Result<crypto::PrivateKey> key_of(const crypto::SecretBytes& text, const x509::Certificate& owner) {
  auto key = TRY(parsed(crypto::PrivateKey::from_pem(text.reveal())));
  if (!is_key_of(key, owner)) {
    return core::error(ErrorCode::Denied, "a key that is not its certificate's");
  }
  return key;
}

/// Of each file the text, or what is in it.
struct Documents {
  std::vector<std::uint8_t> ark, ask, vcek, list;

  [[nodiscard]] Chain::Parts parts() const noexcept { return {ark, ask, vcek, list}; }
};

Result<Documents> read_documents(const std::string& directory) {
  constexpr std::size_t max_size = 64UL * 1024;
  Documents texts;
  texts.ark = TRY(read_file(concat(directory, "/ark.pem"), max_size));
  texts.ask = TRY(read_file(concat(directory, "/ask.pem"), max_size));
  texts.vcek = TRY(read_file(concat(directory, "/vcek.pem"), max_size));
  texts.list = TRY(read_file(concat(directory, "/crl.pem"), max_size));
  return texts;
}

Result<Documents> der_of(const Documents& texts) {
  Documents der;
  der.ark = TRY(only_block(texts.ark, certificate_label));
  der.ask = TRY(only_block(texts.ask, certificate_label));
  der.vcek = TRY(only_block(texts.vcek, certificate_label));
  der.list = TRY(only_block(texts.list, list_label));
  return der;
}

Result<Platform> platform_of(const Documents& texts, const crypto::SecretBytes& vcek_key,
                             crypto::SecretBytes chip_secret) {
  const Documents files = TRY(der_of(texts));
  const auto vcek = TRY(parsed(x509::Certificate::parse(files.vcek)));
  const Endorsed endorsed = TRY(parsed(endorsed_by(vcek)));
  auto key = TRY(key_of(vcek_key, vcek));
  return Platform{endorsed, std::move(key), table_of(files.parts()), std::move(chip_secret)};
}

}  // namespace

Result<Chain> create_platform(const std::string& directory, codec::UnixTime now) {
  const std::string place = trimmed(directory);
  // Before keys are made for nothing; what comes in between is seen by the move.
  if (os::exists(place)) {
    return core::error(ErrorCode::Denied, "there is something by that name already");
  }
  const NewMachine made = TRY(parsed(make_machine(now)));
  const std::string beside = concat(place, ".new.", ::getpid());
  auto written = write_machine(beside, {made.chain, made.vcek_key, made.ark_key, made.chip_secret});
  if (written) written = move_into_place(beside, place);
  if (!written) {
    remove_machine(beside);
    return written.error();
  }
  return made.chain;
}

Result<Chain> load_chain(const std::string& directory) {
  const Documents texts = TRY(read_documents(directory));
  const Documents files = TRY(der_of(texts));
  return parsed(Chain::parse(files.parts()));
}

struct LatePlatform::Files {
  Documents texts;
  crypto::SecretBytes vcek_key;
  crypto::SecretBytes chip_secret;
};

Result<LatePlatform> LatePlatform::read(const std::string& directory) {
  Documents texts = TRY(read_documents(directory));
  crypto::SecretBytes key = TRY(read_secret(concat(directory, "/keys/vcek.pem")));
  crypto::SecretBytes chip = TRY(read_chip_secret(directory));
  return LatePlatform(
      std::make_shared<Files>(Files{std::move(texts), std::move(key), std::move(chip)}));
}

Result<const Platform*> LatePlatform::get() {
  if (known_ != nullptr) return known_;
  if (!made_) {
    const auto files = std::exchange(files_, nullptr);
    made_ = std::make_unique<Result<Platform>>(
        platform_of(files->texts, files->vcek_key, std::move(files->chip_secret)));
  }
  if (!*made_) return made_->error();
  return known_ = &**made_;
}

Result<Platform> load_platform(const std::string& directory) {
  const Documents texts = TRY(read_documents(directory));
  const crypto::SecretBytes key = TRY(read_secret(concat(directory, "/keys/vcek.pem")));
  crypto::SecretBytes chip = TRY(read_chip_secret(directory));
  return platform_of(texts, key, std::move(chip));
}

Result<Chain> revoke_platform(const std::string& directory, codec::UnixTime now) {
  const Chain chain = TRY(load_chain(directory));
  const auto ark_text = TRY(read_secret(concat(directory, "/keys/ark.pem")));
  const auto ark_key = TRY(key_of(ark_text, chain.ark()));
  Chain revoked = TRY(parsed(revoke(chain, ark_key, now)));
  const std::string beside = concat(directory, "/crl.pem.new.", ::getpid());
  auto written = write_pem(beside, list_label, revoked.list().der());
  if (written && std::rename(beside.c_str(), concat(directory, "/crl.pem").c_str()) != 0) {
    written = os::to_error(os::last_errno(), "the revocation list cannot be replaced");
  }
  if (!written) {
    std::remove(beside.c_str());
    return written.error();
  }
  return revoked;
}

Result<Chain> update_platform(const std::string& directory, const snp::TcbComponents& tcb,
                              codec::UnixTime now) {
  const std::string place = trimmed(directory);
  const Chain chain = TRY(load_chain(place));
  const auto ark_text = TRY(read_secret(concat(place, "/keys/ark.pem")));
  const auto ark_key = TRY(key_of(ark_text, chain.ark()));
  crypto::SecretBytes chip = TRY(read_chip_secret(place));
  const UpdatedMachine updated = TRY(parsed(update(chain, ark_key, tcb, now)));
  const std::string beside = concat(place, ".new.", ::getpid());
  auto written = write_machine(beside, {updated.chain, updated.vcek_key, ark_key, chip});
  if (written &&
      ::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) != 0) {
    written = os::to_error(os::last_errno(), "the platform cannot be replaced");
  }
  remove_machine(beside);  // the old one now, or what was written of the new one
  if (!written) return written.error();
  return updated.chain;
}

}  // namespace merlon::simulate
