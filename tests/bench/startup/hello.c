// The native program against which the start of hello in a keep is measured.
#include <stdio.h>

int main(void) {
  puts("Hello from native code!");
  return 0;
}
