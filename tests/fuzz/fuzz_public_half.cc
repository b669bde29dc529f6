// Any text as a key in PEM, of which the public half is wanted: a point is on its curve, and RSA
// has one of the sizes that are taken.

#include "merlon/crypto/public_half.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::crypto;
  const auto half = public_half_from_pem({data, size});
  if (!half) {
    merlon::fuzz::expect_no_defect(half.error());
    return 0;
  }
  if (const auto* ec = std::get_if<EcPublicHalf>(&*half)) {
    if (!PublicKey::ec(ec->curve, ec->point)) std::abort();
  } else {
    const auto& rsa = std::get<RsaPublicHalf>(*half);
    if (rsa.bits() < 2048 || rsa.bits() > 4096) std::abort();
    if (rsa.exponent != 3 && rsa.exponent != 65537) std::abort();
  }
  return 0;
}
