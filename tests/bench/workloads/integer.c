// Integer work: a sieve over bits, lengths of Collatz chains, and modular powers.
#include <stdlib.h>

#include "bench.h"

enum { sieve_limit = 30000000, collatz_limit = 1800000, power_count = 600000 };

static uint64_t sieve(void) {
  uint8_t *composite = calloc(sieve_limit / 8 + 1, 1);
  if (composite == NULL) return 0;
  uint64_t checksum = 0;
  for (uint32_t i = 2; i < sieve_limit; ++i) {
    if (composite[i >> 3] & (1U << (i & 7))) continue;
    checksum = checksum * 31 + i;
    for (uint64_t j = (uint64_t)i * i; j < sieve_limit; j += i) {
      composite[j >> 3] |= (uint8_t)(1U << (j & 7));
    }
  }
  free(composite);
  return checksum;
}

static uint64_t collatz(void) {
  uint64_t checksum = 0;
  for (uint32_t start = 1; start < collatz_limit; ++start) {
    uint32_t length = 0;
    for (uint64_t n = start; n != 1; ++length) n = (n & 1) ? 3 * n + 1 : n >> 1;
    checksum += (uint64_t)length * start;
  }
  return checksum;
}

static uint32_t power(uint32_t base, uint32_t exponent, uint32_t modulus) {
  uint64_t result = 1;
  uint64_t square = base % modulus;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = result * square % modulus;
    square = square * square % modulus;
  }
  return (uint32_t)result;
}

int main(void) {
  uint64_t checksum = mix(sieve(), collatz());
  Random random = {0x1234567};
  for (int i = 0; i < power_count; ++i) {
    const uint64_t r = random_next(&random);
    checksum = mix(checksum, power((uint32_t)r, (uint32_t)(r >> 32), (uint32_t)(r >> 20) | 1U));
  }
  return finish("integer", checksum);
}
