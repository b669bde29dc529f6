// Calls that need no host. A byte before and after the first loop lets whoever reads standard
// output compare this keep's clock with its own.
#include "membrane.h"

static void clock_call(void) {
  __wasi_timestamp_t time;
  must(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &time), "clock_time_get");
}

static void yield_call(void) { must(__wasi_sched_yield(), "sched_yield"); }

static void random_call(void) {
  uint8_t bytes[16];
  must(__wasi_random_get(bytes, sizeof bytes), "random_get");
}

int main(void) {
  write_some(standard_output, (const uint8_t *)"<", 1);
  repeat("clock", clock_call);
  write_some(standard_output, (const uint8_t *)">", 1);
  repeat("yield", yield_call);
  repeat("random", random_call);
  return 0;
}
