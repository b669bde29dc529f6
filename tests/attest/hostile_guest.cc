// Takes the place of merlon-keep: in the machine of a keep it asks a security processor for
// reports, case after case, while somebody on the way does with its messages what he likes
// (hostile_simulator.cc). Ends with 0 and a line of counts if no answer was believed that was not
// the one to its own request, and no number was sealed twice.

#include <array>
#include <cstdio>
#include <cstring>
#include <optional>

#include "merlon/snp/report_request.h"

#include "tests/attest/carrier.h"

namespace {

using namespace merlon;
using Bytes = std::vector<std::uint8_t>;

struct Told {
  std::uint64_t cases = 0;
  std::uint64_t repeated = 0;
};
std::optional<Told> begin_case() {
  std::array<std::uint8_t, sizeof(Told)> bytes{};
  const auto size = os::attest(core::AttestKind::Certificates, {}, bytes);
  Told told;
  if (!size || *size != bytes.size()) return std::nullopt;
  std::memcpy(&told, bytes.data(), sizeof(told));
  return told;
}

Bytes request(std::uint64_t number, std::uint8_t with) {
  Bytes data(64, with);
  std::memcpy(data.data(), &number, sizeof(number));
  snp::ReportRequest made;
  made.report_data = snp::ReportData::from(data).value();
  return made.bytes();
}

/// Of one case: how many answers came, or nothing if one was not the right one.
std::optional<std::uint64_t> try_case(const Bytes& key, std::uint64_t number) {
  tests::Carrier carrier;
  identity::GuestChannel channel(crypto::AesGcmKey(key), 0, carrier);
  std::uint64_t good = 0;
  for (std::uint8_t with = 1; with < 5 && !channel.has_ended(); ++with) {
    const Bytes asked = request(number, with);
    const auto answer = channel.ask(snp::MessageType::ReportRequest, asked);
    if (!answer) continue;
    constexpr std::size_t report_data = 32 + 0x50;
    if (answer->size() < report_data + 64) return std::nullopt;
    if (std::memcmp(answer->data() + report_data, asked.data(), 64) != 0) return std::nullopt;
    ++good;
  }
  return good;
}

int failed(const char* what) {
  std::printf("%s\n", what);
  return 1;
}

}  // namespace

int main() {
  const auto page = os::secrets_page();
  if (!page) return failed("nothing attests this guest");
  constexpr std::size_t first_key = 0x20;
  const auto at = page->begin() + first_key;
  const Bytes key(at, at + crypto::AesGcmKey::size);
  std::uint64_t good = 0;
  std::uint64_t number = 0;
  for (;; ++number) {
    const auto told = begin_case();
    if (!told) return failed("the case cannot begin");
    if (told->repeated != 0) return failed("a number was sealed twice");
    if (number == told->cases) break;
    const auto answers = try_case(key, number);
    if (!answers) return failed("a wrong answer was believed");
    good += *answers;
  }
  std::printf("%llu cases, %llu answers\n", static_cast<unsigned long long>(number),
              static_cast<unsigned long long>(good));
  return 0;
}
