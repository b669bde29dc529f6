// Any text as a file of a keep's signatures: what can be read is written and read again as the
// same, and asking whether its signatures hold ends with yes or no.

#include "merlon/signing/enclave.h"
#include "merlon/signing/guest.h"
#include "merlon/signing/signature_file.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using merlon::signing::SignatureFile;
  const merlon::core::ByteView bytes(data, size);
  const auto file = SignatureFile::parse(merlon::core::as_text(bytes));
  if (!file) {
    merlon::fuzz::expect_no_defect(file.error());
    return 0;
  }
  const auto again = SignatureFile::parse(file->to_json());
  if (!again || *again != *file) std::abort();
  if (file->guest) {
    const auto& auth = file->guest->auth;
    static_cast<void>(merlon::signing::is_signed(file->guest->block, auth));
    if (auth.author) static_cast<void>(merlon::signing::vouches_for(*auth.author, auth.id_key));
  }
  if (file->enclave) static_cast<void>(merlon::signing::is_signed(*file->enclave));
  return 0;
}
