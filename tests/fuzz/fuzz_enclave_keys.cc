// Requests for keys by an enclave that does not mean well, and reports that somebody made up: an
// enclave gets no key of what it is not, and no report is taken that its processor has not made.
#include <cstdlib>

#include "merlon/simulate/enclave_keys.h"

namespace {

using namespace merlon;

simulate::EnclaveProcessor processor() {
  return {crypto::SecretBytes(std::vector<std::uint8_t>(16, 7)), {}};
}

void ask(const simulate::EnclaveIdentity& self, core::ByteView bytes) {
  const auto request = sgx::KeyRequest::parse(bytes);
  if (!request) return;
  simulate::EnclaveIdentity other = self;
  other.mr_enclave = {};
  other.mr_signer = {};
  other.svn = 0xFFFF;
  other.config_svn = 0xFFFF;
  const auto own = processor().egetkey(self, *request);
  const auto of_other = processor().egetkey(other, *request);
  if (own && request->name != sgx::KeyName::Reporting && request->svn > self.svn) std::abort();
  const bool named = request->has(sgx::KeyPolicy::OfEnclave) ||
                     request->has(sgx::KeyPolicy::OfSigner) || request->name != sgx::KeyName::Seal;
  if (named && own && of_other && std::ranges::equal(own->reveal(), of_other->reveal())) {
    std::abort();
  }
}

}  // namespace

/// The enclave's report body, and what it asks or shows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::ByteView bytes(data, size);
  if (size < sgx::ReportBody::size) return 0;
  const auto body = sgx::ReportBody::parse(bytes.first(sgx::ReportBody::size));
  if (!body || body->mr_enclave.is_zero() || body->mr_signer.is_zero()) return 0;
  const auto self = simulate::EnclaveIdentity::of(*body);
  const core::ByteView rest = bytes.subspan(sgx::ReportBody::size);
  ask(self, rest);
  const auto report = sgx::Report::parse(rest);
  if (report && processor().is_genuine(self, *report)) std::abort();
  return 0;
}
