// Any bytes as the body of a request to a Steward: it answers or refuses, and never certifies a key
// for which there is no evidence.

#include "merlon/steward/testing/requests.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

/// The first byte says in which form; the rest is the body.
void ask(const merlon::steward::Authority& steward, merlon::core::ByteView input) {
  using merlon::steward::RequestForm;
  if (input.empty()) return;
  const auto form = input[0] % 2 == 0 ? RequestForm::Single : RequestForm::Bundle;
  const auto answer =
      steward.certify(form, input.subspan(1), {},
                      merlon::verify::Moment::asked_for(merlon::x509::testing::test_now));
  if (!answer) {
    if (answer.error().kind == merlon::steward::Refusal::Kind::Internal) std::abort();
    if (answer.error().code.empty()) std::abort();
    return;
  }
  // Nothing vouches for anything here, so only keeps without hardware get certificates.
  for (const auto& issued : answer->issuances) {
    if (issued.technology != merlon::evidence::Technology::Kvm) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto steward = [] {
    merlon::steward::Authority::Settings settings;
    settings.development = true;
    settings.dns_names = {"keep.example"};
    return merlon::steward::Authority::create(merlon::steward::testing::ca_issuer(), settings)
        .value();
  }();
  ask(steward, {data, size});
  return 0;
}
