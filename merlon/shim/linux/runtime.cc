// What compilers call by name even in freestanding code. The loops are in assembly, since a
// compiler would turn a plain one into a call of the very function that it stands in.

#include <cstddef>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) noexcept {
  void* target = to;
  // SAFETY: as the C standard says of memcpy: both hold `size` bytes. The direction flag is clear.
  asm volatile("rep movsb" : "+D"(target), "+S"(from), "+c"(size) : : "memory");
  return to;
}

void* memset(void* to, int value, std::size_t size) noexcept {
  void* target = to;
  // SAFETY: as the C standard says of memset: `to` holds `size` bytes.
  asm volatile("rep stosb" : "+D"(target), "+c"(size) : "a"(value) : "memory");
  return to;
}

void* memmove(void* to, const void* from, std::size_t size) noexcept {
  auto* target = static_cast<char*>(to);
  const auto* source = static_cast<const char*>(from);
  if (target <= source || target >= source + size) return memcpy(to, from, size);
  target += size;
  source += size;
  // SAFETY: both hold `size` bytes, copied from the last to the first; the flag is cleared again.
  asm volatile("std\n dec %0\n dec %1\n rep movsb\n cld"
               : "+D"(target), "+S"(source), "+c"(size)
               :
               : "memory");
  return to;
}

int memcmp(const void* left, const void* right, std::size_t size) noexcept {
  const auto* a = static_cast<const volatile unsigned char*>(left);
  const auto* b = static_cast<const volatile unsigned char*>(right);
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}
}
