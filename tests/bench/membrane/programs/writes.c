// Small writes to standard output, whatever that is.
#include "membrane.h"

static const uint8_t bytes[64];

static void write_1(void) { write_some(standard_output, bytes, 1); }

static void write_64(void) { write_some(standard_output, bytes, 64); }

int main(void) {
  repeat("1", write_1);
  repeat("64", write_64);
  return 0;
}
