// Any text as a private key in PEM: what can be read can be written and read again.

#include <algorithm>

#include "merlon/crypto/private_key.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using merlon::crypto::PrivateKey;
  const auto key = PrivateKey::from_pem({data, size});
  if (!key) {
    merlon::fuzz::expect_no_defect(key.error());
    return 0;
  }
  const auto text = key->to_pem();
  if (!text) std::abort();
  const auto again = PrivateKey::from_pem(text->reveal());
  if (!again || again->kind() != key->kind()) std::abort();
  const auto same = again->to_pem();
  if (!same || !std::ranges::equal(same->reveal(), text->reveal())) std::abort();
  return 0;
}
