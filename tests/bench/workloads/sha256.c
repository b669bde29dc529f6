// SHA-256 [FIPS 180-4] over megabytes: rotations, a 64-word schedule, eight working variables.
// The constants are computed as the standard defines them: fractional parts of roots of primes.
#include <math.h>

#include "bench.h"

enum { message_size = 1 << 20, rounds = 130 };

static uint32_t round_constants[64];
static uint32_t initial_state[8];
static uint8_t message[message_size];

static uint32_t fraction_bits(double root) {
  return (uint32_t)((root - floor(root)) * 4294967296.0);
}

static void make_constants(void) {
  int found = 0;
  for (int candidate = 2; found < 64; ++candidate) {
    int is_prime = 1;
    for (int divisor = 2; divisor * divisor <= candidate; ++divisor) {
      if (candidate % divisor == 0) is_prime = 0;
    }
    if (!is_prime) continue;
    // Newton's step gives the last bits, which some C libraries' cbrt leaves open.
    double cube_root = cbrt((double)candidate);
    cube_root -= (cube_root * cube_root * cube_root - candidate) / (3 * cube_root * cube_root);
    round_constants[found] = fraction_bits(cube_root);
    if (found < 8) initial_state[found] = fraction_bits(sqrt((double)candidate));
    ++found;
  }
}

static uint32_t rotate(uint32_t word, unsigned count) {
  return word >> count | word << (32 - count);
}

static void compress(uint32_t state[8], const uint8_t *block) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i, block += 4) {
    w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  }
  for (int i = 16; i < 64; ++i) {
    const uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; ++i) {
    const uint32_t sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
    const uint32_t sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void hash(uint32_t state[8], const uint8_t *bytes, size_t size) {
  memcpy(state, initial_state, sizeof initial_state);
  size_t at = 0;
  for (; at + 64 <= size; at += 64) compress(state, bytes + at);
  uint8_t tail[128] = {0};
  const size_t rest = size - at;
  memcpy(tail, bytes + at, rest);
  tail[rest] = 0x80;
  const size_t tail_size = rest < 56 ? 64 : 128;
  for (int i = 0; i < 8; ++i) tail[tail_size - 1 - i] = (uint8_t)((uint64_t)size * 8 >> (8 * i));
  for (size_t block = 0; block < tail_size; block += 64) compress(state, tail + block);
}

int main(void) {
  make_constants();
  uint32_t state[8];
  hash(state, (const uint8_t *)"abc", 3);
  if (state[0] != 0xba7816bfU || state[7] != 0xf20015adU) return finish("sha256-is-wrong", state[0]);
  Random random = {3};
  for (int i = 0; i < message_size; ++i) message[i] = (uint8_t)(random_next(&random) >> 56);
  uint64_t checksum = 0;
  for (int round = 0; round < rounds; ++round) {
    hash(state, message, message_size - (size_t)round);
    memcpy(message + round * 32, state, 32);
    checksum = mix(checksum, (uint64_t)state[0] << 32 | state[7]);
  }
  return finish("sha256", checksum);
}
