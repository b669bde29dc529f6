// Hash loops with more live values than registers: BLAKE2b [RFC 7693] (16 working words of 64 bits)
// and the ChaCha20 block function [RFC 8439 §2.3] (16 words of 32 bits), unrolled in locals.
#include "bench.h"

enum { message_size = 1 << 20, blake_rounds = 150, chacha_blocks = 1600000 };

static const uint64_t initial_state[8] = {
    0x6a09e667f3bcc908U, 0xbb67ae8584caa73bU, 0x3c6ef372fe94f82bU, 0xa54ff53a5f1d36f1U,
    0x510e527fade682d1U, 0x9b05688c2b3e6c1fU, 0x1f83d9abfb41bd6bU, 0x5be0cd19137e2179U};

static const uint8_t sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

static uint8_t message[message_size];

static inline uint64_t rotate_right(uint64_t word, unsigned count) {
  return word >> count | word << (64 - count);
}

#define MIX64(a, b, c, d, x, y)        \
  a += b + (x), d = rotate_right(d ^ a, 32); \
  c += d, b = rotate_right(b ^ c, 24);       \
  a += b + (y), d = rotate_right(d ^ a, 16); \
  c += d, b = rotate_right(b ^ c, 63)

static void blake_compress(uint64_t h[8], const uint8_t block[128], uint64_t count, uint64_t last) {
  uint64_t m[16];
  memcpy(m, block, sizeof m);
  uint64_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
  uint64_t v8 = initial_state[0], v9 = initial_state[1], va = initial_state[2];
  uint64_t vb = initial_state[3], vc = initial_state[4] ^ count, vd = initial_state[5];
  uint64_t ve = initial_state[6] ^ last, vf = initial_state[7];
  for (int round = 0; round < 12; ++round) {
    const uint8_t *s = sigma[round % 10];
    MIX64(v0, v4, v8, vc, m[s[0]], m[s[1]]);
    MIX64(v1, v5, v9, vd, m[s[2]], m[s[3]]);
    MIX64(v2, v6, va, ve, m[s[4]], m[s[5]]);
    MIX64(v3, v7, vb, vf, m[s[6]], m[s[7]]);
    MIX64(v0, v5, va, vf, m[s[8]], m[s[9]]);
    MIX64(v1, v6, vb, vc, m[s[10]], m[s[11]]);
    MIX64(v2, v7, v8, vd, m[s[12]], m[s[13]]);
    MIX64(v3, v4, v9, ve, m[s[14]], m[s[15]]);
  }
  h[0] ^= v0 ^ v8, h[1] ^= v1 ^ v9, h[2] ^= v2 ^ va, h[3] ^= v3 ^ vb;
  h[4] ^= v4 ^ vc, h[5] ^= v5 ^ vd, h[6] ^= v6 ^ ve, h[7] ^= v7 ^ vf;
}

static uint64_t blake(const uint8_t *bytes, size_t size) {
  uint64_t h[8];
  memcpy(h, initial_state, sizeof h);
  h[0] ^= 0x01010040;  // no key, 64 bytes of digest
  uint64_t count = 0;
  for (; size - count > 128; count += 128) blake_compress(h, bytes + count, count + 128, 0);
  uint8_t block[128] = {0};
  memcpy(block, bytes + count, size - count);
  blake_compress(h, block, size, ~(uint64_t)0);
  return h[0] ^ h[7];
}

static inline uint32_t rotate_left(uint32_t word, unsigned count) {
  return word << count | word >> (32 - count);
}

#define QUARTER(a, b, c, d)                                      \
  a += b, d = rotate_left(d ^ a, 16), c += d, b = rotate_left(b ^ c, 12); \
  a += b, d = rotate_left(d ^ a, 8), c += d, b = rotate_left(b ^ c, 7)

static uint64_t chacha_block(const uint32_t key[8], uint32_t counter) {
  uint32_t x0 = 0x61707865, x1 = 0x3320646e, x2 = 0x79622d32, x3 = 0x6b206574;
  uint32_t x4 = key[0], x5 = key[1], x6 = key[2], x7 = key[3];
  uint32_t x8 = key[4], x9 = key[5], xa = key[6], xb = key[7];
  uint32_t xc = counter, xd = 0x09000000, xe = 0x4a000000, xf = 0;
  for (int round = 0; round < 10; ++round) {
    QUARTER(x0, x4, x8, xc);
    QUARTER(x1, x5, x9, xd);
    QUARTER(x2, x6, xa, xe);
    QUARTER(x3, x7, xb, xf);
    QUARTER(x0, x5, xa, xf);
    QUARTER(x1, x6, xb, xc);
    QUARTER(x2, x7, x8, xd);
    QUARTER(x3, x4, x9, xe);
  }
  const uint32_t low = (x0 + 0x61707865) ^ (x5 + key[1]) ^ (xa + key[6]) ^ xf ^ x1 ^ x6 ^ xb ^ xc;
  const uint32_t high = (x3 + 0x6b206574) ^ (x4 + key[0]) ^ (x9 + key[5]) ^ xe ^ x2 ^ x7 ^ x8 ^ xd;
  return (uint64_t)high << 32 | low;
}

int main(void) {
  // BLAKE2b-512("abc") [RFC 7693 appendix A], first word ^ last word.
  if (blake((const uint8_t *)"abc", 3) != 0x2ed41c4cd223a303U) return finish("blake-is-wrong", 0);
  Random random = {11};
  for (int i = 0; i < message_size; ++i) message[i] = (uint8_t)(random_next(&random) >> 56);
  uint64_t checksum = 0;
  for (int round = 0; round < blake_rounds; ++round) {
    const uint64_t digest = blake(message, message_size - (size_t)round);
    memcpy(message + round * 8, &digest, sizeof digest);
    checksum = mix(checksum, digest);
  }
  uint32_t key[8];
  for (int i = 0; i < 8; ++i) key[i] = (uint32_t)random_next(&random);
  for (uint32_t counter = 0; counter < chacha_blocks; ++counter) {
    const uint64_t stream = chacha_block(key, counter);
    key[counter % 8] ^= (uint32_t)stream;
    checksum ^= stream;
  }
  return finish("blake", checksum);
}
