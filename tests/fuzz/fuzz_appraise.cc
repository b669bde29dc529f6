// Any bytes as what an attester offers: evidence and endorsements of his choice, in any order, and
// damaged. The answer is the one that follows from the offer.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "merlon/verify/testing/attester.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  static const auto stocks = verify::testing::stocks();
  if (size == 0) return 0;
  const auto& stock = stocks[data[0] % stocks.size()];
  const auto wrong = verify::testing::contradiction(stock, core::ByteView(data, size).subspan(1));
  if (wrong) {
    std::fprintf(stderr, "%s: %s\n", std::string(stock.name).c_str(), wrong->c_str());
    std::abort();
  }
  return 0;
}
