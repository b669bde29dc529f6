// "out": pieces of 64 KiB to standard output for a given time. "in": standard input to its end.
#include "membrane.h"

static uint8_t buffer[piece_size];

static void out(void) {
  const uint64_t started = now();
  uint64_t bytes = 0;
  uint64_t ended;
  do {
    bytes += write_some(standard_output, buffer, sizeof buffer);
    ended = now();
  } while (ended - started < stream_nanoseconds);
  figure("out", bytes, ended - started);
}

// The time begins with the first bytes: until then it was the other side's.
static void in(void) {
  uint64_t bytes = read_some(standard_input, buffer, sizeof buffer);
  const uint64_t started = now();
  for (size_t taken = 1; taken > 0; bytes += taken) {
    taken = read_some(standard_input, buffer, sizeof buffer);
  }
  figure("in", bytes, now() - started);
}

int main(int argument_count, char **arguments) {
  if (argument_count == 2 && strcmp(arguments[1], "out") == 0) out();
  else if (argument_count == 2 && strcmp(arguments[1], "in") == 0) in();
  else return 2;
  return 0;
}
