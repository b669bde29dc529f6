// Memory-bound: chasing pointers through 32 MiB in random order, streaming sums, and block moves.
#include <stdlib.h>

#include "bench.h"

enum { node_count = 1 << 20, chase_steps = 3000000, stream_words = 1 << 19, stream_rounds = 120 };

typedef struct {
  uint32_t next;
  uint32_t payload[7];
} Node;

static Node nodes[node_count];
static uint64_t first[stream_words], second[stream_words], third[stream_words];

static void link_nodes(Random *random) {
  static uint32_t order[node_count];
  for (uint32_t i = 0; i < node_count; ++i) order[i] = i;
  for (uint32_t i = node_count - 1; i > 0; --i) {
    const uint32_t j = (uint32_t)(random_next(random) >> 32) % (i + 1);
    const uint32_t swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  for (uint32_t i = 0; i < node_count; ++i) {
    nodes[order[i]].next = order[(i + 1) % node_count];
    nodes[order[i]].payload[i % 7] = i;
  }
}

static uint64_t chase(void) {
  uint64_t sum = 0;
  uint32_t at = 0;
  for (int step = 0; step < chase_steps; ++step) {
    sum += nodes[at].payload[step % 7];
    at = nodes[at].next;
  }
  return sum + at;
}

static uint64_t stream(uint64_t factor) {
  uint64_t sum = 0;
  for (size_t i = 0; i < stream_words; ++i) {
    third[i] = first[i] + factor * second[i];
    sum ^= third[i];
  }
  memmove(first + 1, first, (stream_words - 1) * sizeof first[0]);
  memcpy(second, third, stream_words / 2 * sizeof second[0]);
  return sum;
}

int main(void) {
  Random random = {17};
  link_nodes(&random);
  uint64_t checksum = chase();
  for (size_t i = 0; i < stream_words; ++i) {
    first[i] = random_next(&random);
    second[i] = random_next(&random);
  }
  for (uint64_t round = 0; round < stream_rounds; ++round) checksum = mix(checksum, stream(round));
  return finish("memory", checksum);
}
