// What these programs share: the keep's clock, loops that last a given time, and figures.
// The calls of WASI are made directly: a C library in between would buffer or spare some.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

enum { standard_input = 0, standard_output = 1, piece_size = 65536, page_size = 65536 };

// Long beside a tick of any scheduler, so that one interruption does not decide a figure.
static const uint64_t loop_nanoseconds = 200000000;
static const uint64_t stream_nanoseconds = 500000000;

static inline void must(__wasi_errno_t error, const char* what) {
  if (error == 0) return;
  fprintf(stderr, "%s: errno %d\n", what, error);
  exit(1);
}

static inline uint64_t now(void) {
  __wasi_timestamp_t time = 0;
  must(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &time), "clock_time_get");
  return time;
}

// One figure: how many calls or bytes, in how many nanoseconds. On standard error, since standard
// output is what some of these programs measure.
static inline void figure(const char* name, uint64_t amount, uint64_t nanoseconds) {
  fprintf(stderr, "%s %llu %llu\n", name, (unsigned long long)amount,
          (unsigned long long)nanoseconds);
}

static inline size_t write_some(__wasi_fd_t fd, const uint8_t* bytes, size_t size) {
  const __wasi_ciovec_t piece = {bytes, size};
  __wasi_size_t written = 0;
  must(__wasi_fd_write(fd, &piece, 1, &written), "fd_write");
  return written;
}

static inline size_t read_some(__wasi_fd_t fd, uint8_t* bytes, size_t size) {
  const __wasi_iovec_t piece = {bytes, size};
  __wasi_size_t taken = 0;
  must(__wasi_fd_read(fd, &piece, 1, &taken), "fd_read");
  return taken;
}

// The clock is read once in a batch: in what is slow it costs nothing, in what is fast too little.
static inline void repeat(const char* name, void (*operation)(void)) {
  enum { batch = 256 };
  const uint64_t started = now();
  uint64_t calls = 0;
  uint64_t ended;
  do {
    for (int i = 0; i < batch; ++i) operation();
    calls += batch;
    ended = now();
  } while (ended - started < loop_nanoseconds);
  figure(name, calls, ended - started);
}
