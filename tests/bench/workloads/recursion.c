// Calls and returns: Fibonacci, Ackermann, Tak, and queens placed by backtracking.
#include "bench.h"

#define NOINLINE __attribute__((noinline))

static NOINLINE uint32_t fibonacci(uint32_t n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static NOINLINE uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static NOINLINE int tak(int x, int y, int z) {
  return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

static NOINLINE uint32_t queens(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == all) return 1;
  uint32_t found = 0;
  for (uint32_t free = all & ~(columns | left | right); free != 0; free &= free - 1) {
    const uint32_t place = free & (0U - free);
    found += queens(all, columns | place, (left | place) << 1, (right | place) >> 1);
  }
  return found;
}

int main(void) {
  uint64_t checksum = mix(0, fibonacci(40));
  checksum = mix(checksum, ackermann(2, 4000));
  checksum = mix(checksum, ackermann(3, 9));
  checksum = mix(checksum, (uint64_t)tak(24, 16, 8));
  checksum = mix(checksum, queens((1U << 13) - 1, 0, 0, 0));
  return finish("recursion", checksum);
}
