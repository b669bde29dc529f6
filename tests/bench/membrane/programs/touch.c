// A byte of each 4 KiB of 256 MiB that were just added, then the same bytes again.
#include "membrane.h"

enum { stride = 4096, added = 256 << 20 };

static void touch(const char *name, volatile uint8_t *memory) {
  const uint64_t started = now();
  for (size_t at = 0; at < added; at += stride) memory[at] = 1;
  figure(name, added / stride, now() - started);
}

int main(void) {
  const size_t before = __builtin_wasm_memory_grow(0, added / page_size);
  if (before == SIZE_MAX) must(__WASI_ERRNO_NOMEM, "memory.grow");
  volatile uint8_t *memory = (volatile uint8_t *)(before * page_size);
  touch("first", memory);
  touch("second", memory);
  return 0;
}
