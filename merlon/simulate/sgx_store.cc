#include "merlon/simulate/sgx_store.h"

#include <cstdio>
#include <utility>

#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/simulate/machine_files.h"

namespace merlon::simulate {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t max_size = 64UL * 1024;

/// Everything that is in such a directory, folders behind what they hold.
constexpr std::array<const char*, 17> names{"root.pem",
                                            "ca.pem",
                                            "pck.pem",
                                            "tcb-signer.pem",
                                            "root-crl.pem",
                                            "pck-crl.pem",
                                            "tcb-info.json",
                                            "qe-identity.json",
                                            "crls.der",
                                            "tcb.der",
                                            "keys/pck.pem",
                                            "keys/quote.pem",
                                            "keys/root.pem",
                                            "keys/ca.pem",
                                            "keys/tcb-signer.pem",
                                            "keys/fuse.bin",
                                            "keys"};

/// Only what write_machine() may have made.
void remove_machine(const std::string& directory) {
  for (const char* name : names) std::remove(concat(directory, "/", name).c_str());
  std::remove(directory.c_str());
}

Result<void> write_keys(const std::string& directory, const SgxKeys& keys) {
  TRY(make_directory(directory));
  for (const auto& [name, key] :
       {std::pair{"/root.pem", &keys.root}, std::pair{"/ca.pem", &keys.ca},
        std::pair{"/tcb-signer.pem", &keys.signer}, std::pair{"/pck.pem", &keys.pck},
        std::pair{"/quote.pem", &keys.attestation}}) {
    TRY(write_key(concat(directory, name), *key));
  }
  return write_new(concat(directory, "/fuse.bin"), keys.fuse.reveal());
}

Result<void> write_machine(const std::string& directory, const SgxChain& chain,
                           const SgxKeys& keys) {
  TRY(make_directory(directory));
  TRY(write_keys(concat(directory, "/keys"), keys));
  const SgxChain::Parts parts = chain.parts();
  for (const auto& [name, der] :
       {std::pair{"/root.pem", parts.root}, std::pair{"/ca.pem", parts.ca},
        std::pair{"/pck.pem", parts.pck}, std::pair{"/tcb-signer.pem", parts.signer}}) {
    TRY(write_pem(concat(directory, name), certificate_label, der));
  }
  TRY(write_pem(concat(directory, "/root-crl.pem"), list_label, parts.root_list));
  TRY(write_pem(concat(directory, "/pck-crl.pem"), list_label, parts.pck_list));
  TRY(write_new(concat(directory, "/tcb-info.json"), core::as_bytes(parts.tcb_info)));
  TRY(write_new(concat(directory, "/qe-identity.json"), core::as_bytes(parts.qe_identity)));
  TRY(write_new(concat(directory, "/crls.der"),
                sgx::crl_list({{"", parts.root_list}, {"", parts.pck_list}})));
  return write_new(concat(directory, "/tcb.der"),
                   sgx::tcb_package({parts.signer, parts.root}, parts.tcb_info));
}

/// Beside its place first, so that it is there whole or not at all.
Result<void> replace(const std::string& place, const SgxChain& chain, const SgxKeys& keys) {
  const std::string beside = concat(place, ".new.", ::getpid());
  auto written = write_machine(beside, chain, keys);
  if (written) written = exchange_places(beside, place);
  remove_machine(beside);  // the old one now, or what was written of the new one
  return written;
}

Result<std::vector<std::uint8_t>> block_of(const std::string& path, std::string_view label) {
  return only_block(TRY(read_file(path, max_size)), label);
}

Result<x509::Certificate> read_certificate(const std::string& path) {
  const auto der = TRY(block_of(path, certificate_label));
  return parsed(x509::Certificate::parse(der));
}

Result<crypto::PrivateKey> read_key_of(const std::string& path, const x509::Certificate& owner) {
  const auto text = TRY(read_secret(path));
  return key_of(text, owner);
}

/// Signs quotes; who has it is said in each quote anew.
Result<crypto::PrivateKey> attestation_key_of(const crypto::SecretBytes& text) {
  auto key = TRY(parsed(crypto::PrivateKey::from_pem(text.reveal())));
  if (key.kind() != crypto::KeyKind::P256) {
    return core::error(ErrorCode::Denied, "an attestation key of another kind");
  }
  return key;
}

Result<crypto::SecretBytes> read_fuse(const std::string& directory) {
  crypto::SecretBytes fuse(
      TRY(read_file(concat(directory, "/keys/fuse.bin"), EnclaveProcessor::fuse_size)));
  if (fuse.reveal().size() != EnclaveProcessor::fuse_size) {
    return core::error(ErrorCode::Malformed, "the processor's secret has another size");
  }
  return fuse;
}

Result<SgxKeys> read_keys(const std::string& place, const SgxChain& chain) {
  auto root = TRY(read_key_of(concat(place, "/keys/root.pem"), chain.root_certificate()));
  auto ca = TRY(read_key_of(concat(place, "/keys/ca.pem"), chain.ca()));
  auto signer = TRY(read_key_of(concat(place, "/keys/tcb-signer.pem"), chain.signer()));
  auto pck = TRY(read_key_of(concat(place, "/keys/pck.pem"), chain.pck()));
  const auto attestation_text = TRY(read_secret(concat(place, "/keys/quote.pem")));
  auto attestation = TRY(attestation_key_of(attestation_text));
  auto fuse = TRY(read_fuse(place));
  return SgxKeys{std::move(root), std::move(ca),          std::move(signer),
                 std::move(pck),  std::move(attestation), std::move(fuse)};
}

}  // namespace

bool is_sgx_platform(const std::string& directory) {
  return os::exists(concat(directory, "/pck.pem"));
}

Result<SgxChain> create_sgx_platform(const std::string& directory, codec::UnixTime now) {
  const std::string place = trimmed(directory);
  if (os::exists(place)) {
    return core::error(ErrorCode::Denied, "there is something by that name already");
  }
  NewSgxMachine made = TRY(parsed(make_sgx_machine(now)));
  const std::string beside = concat(place, ".new.", ::getpid());
  auto written = write_machine(beside, made.chain, made.keys);
  if (written) written = move_into_place(beside, place);
  if (!written) {
    remove_machine(beside);
    return written.error();
  }
  return std::move(made.chain);
}

Result<SgxChain> load_sgx_chain(const std::string& directory) {
  const auto certificate = [&](const char* name) {
    return block_of(concat(directory, name), certificate_label);
  };
  const auto root = TRY(certificate("/root.pem"));
  const auto ca = TRY(certificate("/ca.pem"));
  const auto pck = TRY(certificate("/pck.pem"));
  const auto signer = TRY(certificate("/tcb-signer.pem"));
  const auto root_list = TRY(block_of(concat(directory, "/root-crl.pem"), list_label));
  const auto pck_list = TRY(block_of(concat(directory, "/pck-crl.pem"), list_label));
  const auto tcb_info = TRY(read_file(concat(directory, "/tcb-info.json"), max_size));
  const auto identity = TRY(read_file(concat(directory, "/qe-identity.json"), max_size));
  return parsed(SgxChain::parse({root, ca, pck, signer, root_list, pck_list,
                                 core::as_text(tcb_info), core::as_text(identity)}));
}

struct LateSgxPlatform::Files {
  std::array<std::vector<std::uint8_t>, 3> chain;  // leaf, CA, root
  crypto::SecretBytes pck_key, attestation_key;
  crypto::SecretBytes fuse;
};

Result<LateSgxPlatform> LateSgxPlatform::read(const std::string& directory) {
  auto files = std::make_shared<Files>();
  constexpr std::array<const char*, 3> chain{"/pck.pem", "/ca.pem", "/root.pem"};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    files->chain[i] = TRY(read_file(concat(directory, chain[i]), max_size));
  }
  files->pck_key = TRY(read_secret(concat(directory, "/keys/pck.pem")));
  files->attestation_key = TRY(read_secret(concat(directory, "/keys/quote.pem")));
  files->fuse = TRY(read_fuse(directory));
  return LateSgxPlatform(std::move(files));
}

Result<const SgxPlatform*> LateSgxPlatform::get() {
  if (!made_) {
    const auto files = std::exchange(files_, nullptr);
    const auto make = [&]() -> Result<SgxPlatform> {
      std::string chain;
      for (const auto& text : files->chain) {
        TRY(only_block(text, certificate_label));
        chain += core::as_text(text);
      }
      const auto der = TRY(only_block(files->chain[0], certificate_label));
      const auto pck = TRY(parsed(x509::Certificate::parse(der)));
      const auto platform = TRY(parsed(sgx_platform_of(pck)));
      auto pck_key = TRY(key_of(files->pck_key, pck));
      auto attestation_key = TRY(attestation_key_of(files->attestation_key));
      return SgxPlatform{platform, std::move(pck_key), std::move(attestation_key),
                         EnclaveProcessor(std::move(files->fuse), platform.cpu_svn),
                         std::move(chain)};
    };
    made_ = std::make_unique<Result<SgxPlatform>>(make());
  }
  if (!*made_) return made_->error();
  return &**made_;
}

Result<SgxPlatform> LateSgxPlatform::take() && {
  TRY(get());
  return std::move(*made_);
}

Result<SgxPlatform> load_sgx_platform(const std::string& directory) {
  return TRY(LateSgxPlatform::read(directory)).take();
}

Result<EnclaveProcessor> load_enclave_processor(const std::string& directory) {
  const auto pck = TRY(read_certificate(concat(directory, "/pck.pem")));
  const auto platform = TRY(parsed(sgx_platform_of(pck)));
  return EnclaveProcessor(TRY(read_fuse(directory)), platform.cpu_svn);
}

Result<SgxChain> revoke_sgx_platform(const std::string& directory, codec::UnixTime now) {
  const std::string place = trimmed(directory);
  const SgxChain chain = TRY(load_sgx_chain(place));
  const SgxKeys keys = TRY(read_keys(place, chain));
  SgxChain revoked = TRY(parsed(revoke(chain, keys.ca, now)));
  TRY(replace(place, revoked, keys));
  return revoked;
}

Result<SgxChain> update_sgx_platform(const std::string& directory, std::uint8_t level,
                                     codec::UnixTime now) {
  const std::string place = trimmed(directory);
  const SgxChain chain = TRY(load_sgx_chain(place));
  SgxKeys keys = TRY(read_keys(place, chain));
  UpdatedSgxMachine updated = TRY(parsed(update(chain, keys.ca, level, now)));
  keys.pck = std::move(updated.pck_key);
  TRY(replace(place, updated.chain, keys));
  return std::move(updated.chain);
}

}  // namespace merlon::simulate
