// Takes the place of merlon-keep: makes a keep's keys, proves itself as a keep does, and waits, so
// that a test can look for its private key outside. It tells the test what to look for in a form
// that is not the key itself: each byte is turned over.

#include <algorithm>
#include <array>
#include <cstdio>

#include "merlon/codec/pem.h"
#include "merlon/crypto/secret_heap.h"
#include "merlon/identity/request.h"
#include "merlon/identity/snp_attester.h"

#include "tests/attest/carrier.h"

namespace {

using namespace merlon;

int failed(const char* what) {
  std::printf("%s\n", what);
  return 1;
}

/// The number that a private key of P-384 is [RFC5915]; nothing if it is not found.
std::vector<std::uint8_t> number_of(const crypto::PrivateKey& key) {
  constexpr std::array<std::uint8_t, 5> before{0x02, 0x01, 0x01, 0x04, 48};
  const auto pem = key.to_pem();
  if (!pem) return {};
  const auto blocks = codec::pem_blocks(core::as_text(pem->reveal()), codec::PemRule::OnlyBlocks);
  if (!blocks || blocks->size() != 1) return {};
  const auto& der = blocks->front().bytes;
  const auto found = std::ranges::search(der, before);
  if (der.end() - found.end() < 48) return {};
  return {found.end(), found.end() + 48};
}

}  // namespace

int main() {
  const auto secrets = os::secrets_page();
  if (!secrets || !crypto::start_secret_heap()) return failed("no secrets");
  auto taken = identity::take_secrets(*secrets);
  tests::Carrier carrier;
  if (!taken) return failed("no key for the security processor");
  identity::SnpAttester attester(std::move(taken->vmpck0), carrier);
  const auto keys = identity::SessionKeys::generate(attester.technology());
  if (!keys) return failed("no keys");
  const auto evidence = attester.evidence_for(keys->bound_to(evidence::Nonce{}));
  const auto again = attester.evidence_for(keys->as_enarx(attester.technology()));
  if (!evidence || !again) return failed("no evidence");
  const auto request = identity::certification_request(*keys, attester.technology(), *again,
                                                       attester.certificates());
  if (!request) return failed("no request");
  for (const std::uint8_t byte : number_of(keys->tls())) {
    std::printf("%02x", static_cast<unsigned>(byte ^ 0xffU));
  }
  std::printf(" %zu %zu\n", evidence->size(), crypto::secret_heap_used());
  std::fflush(stdout);
  return std::getchar() == EOF ? 0 : 2;
}
