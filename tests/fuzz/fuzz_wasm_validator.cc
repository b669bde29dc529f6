// Any bytes as a module: refused by decoder or validator, or proven valid.

#include <cstdint>

#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/validate/validator.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto module = merlon::wasm::decode({data, size});
  if (module.has_value()) (void)merlon::wasm::validate(std::move(*module));
  return 0;
}
