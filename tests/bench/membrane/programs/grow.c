// memory.grow by small steps and by large ones. What is added is never touched.
#include "membrane.h"

static void grow(const char *name, size_t pages, size_t calls) {
  const uint64_t started = now();
  for (size_t i = 0; i < calls; ++i) {
    if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) must(__WASI_ERRNO_NOMEM, "memory.grow");
  }
  figure(name, calls, now() - started);
}

int main(void) {
  grow("64 KiB", 1, 4096);
  grow("16 MiB", 256, 64);
  return 0;
}
