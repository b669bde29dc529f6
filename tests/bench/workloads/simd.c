// 128-bit vectors, written out: float matrix product, integer dot products, saturating blends.
// Vector extensions of the compiler, so that native code and WebAssembly come from one source.
#include "bench.h"

typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));
typedef int16_t Short8 __attribute__((vector_size(16)));
typedef uint8_t Byte16 __attribute__((vector_size(16)));

enum { size = 384, product_rounds = 60, pixel_count = 1 << 20, pixel_rounds = 250 };

static Float4 left[size][size / 4], right[size][size / 4], result[size][size / 4];
static Byte16 front[pixel_count / 16], back[pixel_count / 16];

static void multiply(void) {
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size / 4; column += 4) {
      Float4 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
      const float *factors = (const float *)left[row];
      for (int k = 0; k < size; ++k) {
        const Float4 factor = {factors[k], factors[k], factors[k], factors[k]};
        s0 += factor * right[k][column];
        s1 += factor * right[k][column + 1];
        s2 += factor * right[k][column + 2];
        s3 += factor * right[k][column + 3];
      }
      result[row][column] = s0;
      result[row][column + 1] = s1;
      result[row][column + 2] = s2;
      result[row][column + 3] = s3;
    }
  }
}

static Byte16 blend(Byte16 a, Byte16 b, Byte16 threshold) {
  const Byte16 mask = (Byte16)(a > threshold);
  const Byte16 lower = (Byte16)((a & mask) | (b & ~mask));
  return (Byte16)((lower >> 1) + (b >> 1) + (lower & b & 1));
}

static uint64_t process_pixels(uint8_t level) {
  const Byte16 threshold = (Byte16){0} + level;
  Int4 sum = {0};
  for (int i = 0; i < pixel_count / 16; ++i) {
    front[i] = blend(front[i], back[i], threshold);
    const Short8 a = (Short8)front[i];
    const Short8 b = (Short8)back[i];
    const Int4 product = (Int4)(Short8)(a * b);
    sum += (product >> 16) ^ (Int4)back[i];
  }
  return (uint64_t)(uint32_t)(sum[0] ^ sum[2]) << 32 | (uint32_t)(sum[1] ^ sum[3]);
}

int main(void) {
  Random random = {7};
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      ((float *)left[row])[column] = (float)(random_next(&random) >> 60) * 0.125F;
      ((float *)right[row])[column] = (float)(random_next(&random) >> 60) * 0.0625F;
    }
  }
  for (int i = 0; i < pixel_count; ++i) {
    ((uint8_t *)front)[i] = (uint8_t)(random_next(&random) >> 56);
    ((uint8_t *)back)[i] = (uint8_t)(random_next(&random) >> 56);
  }
  uint64_t checksum = 0;
  for (int round = 0; round < product_rounds; ++round) {
    multiply();
    left[round][round] = result[round][round + 1] * 0.03125F;
    checksum = mix(checksum, bits_of((double)result[round][round][2]));
  }
  for (int round = 0; round < pixel_rounds; ++round) {
    checksum = mix(checksum, process_pixels((uint8_t)(round * 4)));
  }
  return finish("simd", checksum);
}
