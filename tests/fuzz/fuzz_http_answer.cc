// Answers of HTTP servers: whatever comes in, however it is cut, the same comes out and nothing
// breaks.

#include <cstdlib>

#include "merlon/http_client/answer.h"

using merlon::core::ByteView;
using merlon::http_client::AnswerReader;

namespace {

constexpr std::size_t max_body = 4096;

bool feed(AnswerReader& reader, ByteView bytes, std::size_t piece) {
  while (!bytes.empty()) {
    const ByteView part = bytes.first(bytes.size() < piece ? bytes.size() : piece);
    bytes = bytes.subspan(part.size());
    if (!reader.take(part)) return false;
  }
  return reader.end().has_value() && reader.is_complete();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes{data + 1, size - 1};
  AnswerReader whole(max_body);
  AnswerReader cut(max_body);
  const bool one = feed(whole, bytes, bytes.size());
  const bool other = feed(cut, bytes, data[0] % 16U + 1U);
  if (one != other) std::abort();
  if (!one) return 0;
  const auto answer = whole.take_answer();
  AnswerReader sinking(max_body);
  std::size_t sunk = 0;
  sinking.set_sink(
      [&](ByteView part) -> merlon::core::Result<void> {
        sunk += part.size();
        return {};
      },
      max_body);
  if (!feed(sinking, bytes, bytes.size())) std::abort();
  if (sunk + sinking.take_answer().body.size() != answer.body.size()) std::abort();
  if (answer.body.size() > max_body || answer.body != cut.take_answer().body) std::abort();
  return 0;
}
