// With an argument, touches what lies behind its memory; else ends as well as it began.
#include "membrane.h"

int main(int argument_count, char **arguments) {
  (void)arguments;
  volatile const uint8_t *outside = (const uint8_t *)0x7fff0000;
  return argument_count > 1 ? *outside : 0;
}
