// Any text as the record of what was seen before: what is taken from it is written as it was read.

#include "merlon/verify/moment.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto memory = merlon::verify::Memory::parse(merlon::core::as_text({data, size}));
  if (!memory) {
    merlon::fuzz::expect_no_defect(memory.error());
    return 0;
  }
  if (merlon::verify::Memory::parse(memory->to_text()).value() != *memory) std::abort();
  return 0;
}
