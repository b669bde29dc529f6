// Arguments and environment, by the calls and by the C library.
#include "say.h"

extern char** environ;

static int compare(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

int main(int argc, char** argv) {
  for (int i = 0; i < argc; ++i)
    printf("argument %d: [%s]\n", i, argv[i]);
  __wasi_size_t count = 0, size = 0, expected = 0;
  say("args_sizes_get", __wasi_args_sizes_get(&count, &size));
  for (int i = 0; i < argc; ++i)
    expected += strlen(argv[i]) + 1;
  printf("%zu arguments, sizes %s\n", count, size == expected ? "agree" : "differ");
  char* names[64];
  size_t variables = 0;
  for (char** at = environ; *at != NULL && variables < 64; ++at)
    names[variables++] = *at;
  qsort(names, variables, sizeof(names[0]), compare);
  for (size_t i = 0; i < variables; ++i)
    printf("variable: [%s]\n", names[i]);
  say("environ_sizes_get", __wasi_environ_sizes_get(&count, &size));
  printf("%s\n", count == variables ? "counts agree" : "counts differ");
  return 0;
}
