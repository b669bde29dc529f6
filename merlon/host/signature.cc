#include "merlon/host/signature.h"

#include "merlon/base/text.h"
#include "merlon/os/open.h"
#include "merlon/signing/signature_file.h"

namespace merlon::host {

using base::concat;
using core::ErrorCode;
using signing::SignatureFile;

namespace {

core::Result<SignatureFile, HostError> read_signatures(const std::string& path,
                                                       const std::string& name) {
  const auto file = os::open_file(path);
  const auto text = file ? os::read_all(*file, SignatureFile::max_size)
                         : decltype(os::read_all(*file, 0))(file.error());
  if (!text) {
    return HostError{os::to_error(text.error(), "").code,
                     concat(name, ": ", os::describe(text.error()))};
  }
  const auto signatures = SignatureFile::parse(core::as_text(*text));
  if (!signatures) {
    return HostError{signatures.error().code,
                     concat(name, ": no file of signatures: ", signatures.error().message())};
  }
  return *signatures;
}

}  // namespace

core::Result<std::vector<std::uint8_t>, HostError> read_enclave_signature(const std::string& path) {
  const std::string name = base::printable(path);
  const SignatureFile signatures = TRY(read_signatures(path, name));
  if (!signatures.enclave) {
    return HostError{ErrorCode::NotFound,
                     concat(name, ": has no signature of SGX; merlon sign --sgx-key makes one")};
  }
  const auto bytes = signatures.enclave->to_bytes();
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

core::Result<LaunchSignature, HostError> read_launch_signature(const std::string& path) {
  const std::string name = base::printable(path);
  const SignatureFile signatures = TRY(read_signatures(path, name));
  if (!signatures.guest) {
    return HostError{ErrorCode::NotFound,
                     concat(name, ": has no signature of SEV-SNP; merlon sign makes one")};
  }
  const auto& guest = *signatures.guest;
  const auto block = guest.block.to_bytes();
  const auto auth = guest.auth.to_bytes();
  return LaunchSignature{guest.block.policy.bits,
                         {block.begin(), block.end()},
                         {auth.begin(), auth.end()},
                         guest.auth.author.has_value()};
}

}  // namespace merlon::host
