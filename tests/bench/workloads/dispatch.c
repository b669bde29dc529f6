// Indirect calls: objects of many kinds with a table of functions each, visited in random order,
// and a chain of closures. In WebAssembly every one of these calls is a call_indirect.
#include <stdlib.h>

#include "bench.h"

enum { shape_count = 4096, kinds = 12, visits = 110000000 };

struct Shape;
typedef uint32_t (*Measure)(struct Shape *, uint32_t);

typedef struct Shape {
  Measure measure;
  Measure change;
  uint32_t a;
  uint32_t b;
} Shape;

#define KIND(number, expression, update)                              \
  static uint32_t measure_##number(Shape *shape, uint32_t input) {    \
    return expression;                                                \
  }                                                                   \
  static uint32_t change_##number(Shape *shape, uint32_t input) {     \
    shape->a update;                                                  \
    return shape->a + shape->b;                                       \
  }

KIND(0, shape->a *shape->b + input, += input)
KIND(1, (shape->a ^ shape->b) - input, ^= input)
KIND(2, (shape->a >> (input & 7)) + shape->b, -= input)
KIND(3, (shape->a << (input & 7)) ^ shape->b, = input * 3)
KIND(4, shape->a > input ? shape->a - input : input - shape->a, += input >> 3)
KIND(5, (shape->a & input) | (shape->b & ~input), ^= input << 5)
KIND(6, shape->a % ((input & 15) + 1) + shape->b, = shape->a * 5 + input)
KIND(7, shape->a * 9 + shape->b * 7 + input, |= input & 0xff)
KIND(8, shape->b - shape->a + input, &= ~(input & 0xf))
KIND(9, shape->a * shape->a + input, = shape->b + input)
KIND(10, (shape->a | 1) * (input | 1), += shape->b ^ input)
KIND(11, shape->a + (shape->b ^ input), -= shape->b ^ input)

static const Measure measures[kinds] = {
    measure_0, measure_1, measure_2, measure_3, measure_4,  measure_5,
    measure_6, measure_7, measure_8, measure_9, measure_10, measure_11};
static const Measure changes[kinds] = {
    change_0, change_1, change_2, change_3, change_4,  change_5,
    change_6, change_7, change_8, change_9, change_10, change_11};

static Shape shapes[shape_count];

int main(void) {
  Random random = {5};
  for (int i = 0; i < shape_count; ++i) {
    const uint64_t r = random_next(&random);
    // Long runs of one kind and mixed parts: predictable and unpredictable targets.
    const uint32_t kind = i < shape_count / 2 ? (uint32_t)i / 256 % kinds : (uint32_t)(r % kinds);
    shapes[i] = (Shape){measures[kind], changes[kind], (uint32_t)r, (uint32_t)(r >> 32)};
  }
  uint32_t value = 1;
  for (uint32_t visit = 0; visit < visits; visit += 2) {
    Shape *shape = &shapes[visit % shape_count];
    value = shape->measure(shape, value);
    value ^= shape->change(shape, value >> 7);
  }
  return finish("dispatch", value);
}
