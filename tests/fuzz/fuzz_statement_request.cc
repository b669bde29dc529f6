// Any bytes as what a workload writes to /keep/statement, and as an answer: what can be read is
// written as it was; what is asked gets an answer that can be read, and no proof that nobody has
// made holds.

#include <algorithm>

#include "merlon/statement/request.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using merlon::core::ByteView;

void expect(bool so) {
  if (!so) std::abort();
}

void check_answer(ByteView bytes) {
  const auto answer = merlon::statement::Answer::parse(bytes);
  if (!answer) return merlon::fuzz::expect_no_defect(answer.error());
  expect(std::ranges::equal(answer->encode().reveal(), bytes));
}

/// Small, so that most of the time goes to what is read.
bool is_cheap(const merlon::statement::Request& request) {
  using namespace merlon::statement;
  const auto* const prove = std::get_if<ProveAtLeast>(&request.what);
  const auto* const verify = std::get_if<Verify>(&request.what);
  const auto* const claim = verify ? std::get_if<AtLeast>(&verify->claim) : nullptr;
  return (!prove || prove->threshold.bits <= 4) && (!claim || claim->threshold.bits <= 4);
}

void check_request(ByteView bytes) {
  namespace statement = merlon::statement;
  const auto request = statement::Request::parse(bytes);
  if (!request) return;
  const auto written = request->encode();
  expect(written && std::ranges::equal(written->reveal(), bytes));
  if (!is_cheap(*request)) return;
  merlon::zk::RandomScalars random;
  const auto answered = statement::answer(bytes, random);
  const auto answer = statement::Answer::parse(answered.reveal());
  expect(answer.has_value());
  const auto* const verify = std::get_if<statement::Verify>(&request->what);
  // Those of the corpus hold in this context.
  const std::string_view context = merlon::core::as_text(request->context);
  expect(!verify || answer->refusal || context == "corpus");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes = ByteView(data, size).subspan(1);
  if (data[0] % 2 == 0) {
    check_request(bytes);
  } else {
    check_answer(bytes);
  }
  return 0;
}
