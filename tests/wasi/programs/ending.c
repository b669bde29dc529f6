// How a program ends: ending (exit N | return N | abort | raise N | trap).
#include "say.h"

__wasi_errno_t raw_proc_raise(uint32_t)
    __attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise")));

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? atoi(argv[2]) : 0;
  printf("%s %d\n", how, number);
  fflush(stdout);
  if (strcmp(how, "exit") == 0) __wasi_proc_exit((__wasi_exitcode_t)number);
  if (strcmp(how, "return") == 0) return number;
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "raise") == 0) say("proc_raise", raw_proc_raise((uint32_t)number));
  if (strcmp(how, "trap") == 0) __builtin_trap();
  return 0;
}
