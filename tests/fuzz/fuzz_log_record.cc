// Any text as lines of an issuance log: a line is taken only if it is the record that must come,
// and then its hash is that of its text.

#include <cstdlib>

#include "merlon/base/text.h"
#include "merlon/steward/log_record.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  std::string_view text = core::as_text({data, size});
  crypto::Sha256Digest previous;
  for (std::uint64_t number = 1;; ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    const std::string_view line = text.substr(0, end);
    const auto hash = steward::check_record(line, number, previous);
    if (!hash) return 0;
    const std::size_t covered = line.rfind(",\"hash\":\"");
    if (covered == std::string_view::npos) std::abort();
    if (crypto::sha256({core::as_bytes(line.substr(0, covered))}) != *hash) std::abort();
    previous = *hash;
    text.remove_prefix(end + 1);
  }
}
