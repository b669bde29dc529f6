// Any text as what Intel's tool tells of a platform: what can be read of it makes an address of
// digits and nothing else.
#include "merlon/endorse/host_cache.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const auto id = endorse::PckId::parse(core::as_text(core::ByteView(data, size)));
  if (!id) {
    fuzz::expect_no_defect(id.error());
    return 0;
  }
  for (const std::string* each : {&id->encrypted_ppid, &id->cpu_svn, &id->pce_svn, &id->pce_id}) {
    if (each->find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) std::abort();
  }
  if (!endorse::may_be_asked(endorse::pck_request(*id, {}).url)) std::abort();
  return 0;
}
