// Any text as a policy of either form.

#include "merlon/verify/policy.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = merlon::core::as_text({data, size});
  for (const auto& policy : {merlon::verify::Policy::parse(text, "f"),
                             merlon::verify::Policy::parse_steward(text, "f")}) {
    if (!policy && policy.error().text().find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
