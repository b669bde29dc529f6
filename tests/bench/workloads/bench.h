// What every workload shares: a generator that gives the same numbers on every machine, and the
// one line that a workload prints, by which the runs of different engines are compared.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  uint64_t state;
} Random;

// xorshift64*
static inline uint64_t random_next(Random* random) {
  random->state ^= random->state >> 12;
  random->state ^= random->state << 25;
  random->state ^= random->state >> 27;
  return random->state * 0x2545f4914f6cdd1dU;
}

static inline uint64_t mix(uint64_t checksum, uint64_t value) {
  checksum ^= value + 0x9e3779b97f4a7c15U + (checksum << 6) + (checksum >> 2);
  return checksum;
}

static inline uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline int finish(const char* name, uint64_t checksum) {
  printf("%s %016llx\n", name, (unsigned long long)checksum);
  return 0;
}
