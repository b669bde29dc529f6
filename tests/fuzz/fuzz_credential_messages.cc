// Any bytes as a log of keys, a key's file, a request and a token: what can be read is written as
// it was.

#include <algorithm>

#include "merlon/credential/issuing_key.h"
#include "merlon/credential/token.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using merlon::core::ByteView;

void expect(bool same) {
  if (!same) std::abort();
}

void check_log(ByteView bytes) {
  const auto log = merlon::credential::KeyLog::parse(bytes);
  if (!log) return merlon::fuzz::expect_no_defect(log.error());
  expect(std::ranges::equal(log->encode(), bytes));
}

void check_key(ByteView bytes) {
  const auto key = merlon::credential::IssuingKey::parse(bytes);
  if (!key) return merlon::fuzz::expect_no_defect(key.error());
  const auto file = key->to_file();
  expect(std::ranges::equal(file.reveal(), bytes));
}

void check_request(ByteView bytes) {
  const auto request = merlon::credential::Request::parse(bytes);
  if (!request) return merlon::fuzz::expect_no_defect(request.error());
  const auto written = request->encode();
  expect(written && std::ranges::equal(*written, bytes));
}

void check_token(ByteView bytes) {
  const auto token = merlon::credential::Token::parse(merlon::core::as_text(bytes));
  if (!token) return merlon::fuzz::expect_no_defect(token.error());
  expect(token->to_text() == merlon::core::as_text(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes = ByteView(data, size).subspan(1);
  switch (data[0] % 4) {
    case 0: check_log(bytes); break;
    case 1: check_key(bytes); break;
    case 2: check_request(bytes); break;
    case 3: check_token(bytes); break;
    default: break;
  }
  return 0;
}
