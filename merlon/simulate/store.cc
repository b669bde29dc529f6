#include "merlon/simulate/store.h"

#include <cstdio>
#include <utility>

#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/os/errno.h"
#include "merlon/os/open.h"
#include "merlon/simulate/machine_files.h"

namespace merlon::simulate {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

/// Everything that is in such a directory, folders behind what they hold.
constexpr std::array<const char*, 8> names{"ark.pem",       "ask.pem",       "vcek.pem",
                                           "crl.pem",       "keys/vcek.pem", "keys/ark.pem",
                                           "keys/chip.bin", "keys"};

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
  if (written) written = exchange_places(beside, place);
  remove_machine(beside);  // the old one now, or what was written of the new one
  if (!written) return written.error();
  return updated.chain;
}

}  // namespace merlon::simulate
