// Any text as TCB info or an enclave identity, alone or signed. What is signed lies within the
// text.

#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/signed_json.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = merlon::core::as_text({data, size});
  (void)merlon::sgx::TcbInfo::parse(text);
  (void)merlon::sgx::EnclaveIdentity::parse(text);
  const auto json = merlon::sgx::SignedJson::parse(text);
  if (!json) return 0;
  if (text.find(json->body) == std::string_view::npos) std::abort();
  (void)merlon::sgx::TcbInfo::parse(json->body);
  (void)merlon::sgx::EnclaveIdentity::parse(json->body);
  return 0;
}
