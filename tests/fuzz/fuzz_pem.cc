// Any text as PEM, base 64 and hexadecimal: what can be read can be written again.

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::codec;
  const std::string_view text = merlon::core::as_text({data, size});
  if (const auto bytes = decode_base64(text)) {
    if (*decode_base64(encode_base64(*bytes)) != *bytes) std::abort();
  }
  if (const auto bytes = decode_hex(text)) {
    if (*decode_hex(merlon::base::hex(*bytes)) != *bytes) std::abort();
  }
  (void)pem_blocks(text, PemRule::OnlyBlocks);
  const auto blocks = pem_blocks(text);
  if (!blocks) return 0;
  for (const PemBlock& block : *blocks) {
    const auto again = pem_blocks(to_pem(block.label, block.bytes), PemRule::OnlyBlocks);
    if (!again || again->size() != 1 || (*again)[0].bytes != block.bytes) std::abort();
  }
  return 0;
}
