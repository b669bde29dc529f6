// Clocks and random bytes.
#include "say.h"

int main(void) {
  for (__wasi_clockid_t id = 0; id < 4; ++id) {
    __wasi_timestamp_t resolution = 0, first = 0, second = 0;
    say("clock_res_get", __wasi_clock_res_get(id, &resolution));
    say("clock_time_get", __wasi_clock_time_get(id, 1, &first));
    volatile uint64_t sum = 0;
    for (uint64_t i = 0; i < 1000000; ++i)
      sum += i;
    say("clock_time_get again", __wasi_clock_time_get(id, 1, &second));
    printf("clock %u: resolution %s, time %s, order %s\n", id, resolution > 0 ? "set" : "zero",
           first > 0 ? "set" : "zero", second >= first ? "kept" : "lost");
  }
  __wasi_timestamp_t time = 0;
  say("an unknown clock", __wasi_clock_time_get(7, 0, &time));
  if (__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 0, &time) == 0) {
    printf("realtime %s 2024\n", time > 1704067200000000000ULL ? "after" : "before");
  }
  uint8_t bytes[4096] = {0};
  say("random_get nothing", __wasi_random_get(bytes, 0));
  say("random_get 16", __wasi_random_get(bytes, 16));
  say("random_get 4000", __wasi_random_get(bytes + 16, 4000));
  unsigned counts[256] = {0}, seen = 0;
  for (size_t i = 0; i < 4016; ++i)
    ++counts[bytes[i]];
  for (size_t i = 0; i < 256; ++i)
    seen += counts[i] > 0;
  printf("byte values seen: %s\n", seen > 250 ? "nearly all" : "too few");
  unsigned beyond = 0;
  for (size_t i = 4016; i < sizeof(bytes); ++i)
    beyond += bytes[i];
  printf("bytes beyond: %s\n", beyond == 0 ? "untouched" : "touched");
  say("sched_yield", __wasi_sched_yield());
  return 0;
}
