// credential AUDIENCE COUNT [HEX]: shows COUNT times to AUDIENCE that this keep has a credential of its
// Steward, each time bound to the bytes that HEX stands for. Writes a token a line to standard output.

#define _POSIX_C_SOURCE 200809L  // nanosleep
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int failed(const char* what) {
  perror(what);
  return 1;
}

int main(int count, char** words) {
  if (count != 3 && count != 4) {
    fputs("usage: credential AUDIENCE COUNT [HEX]\n", stderr);
    return 2;
  }
  int credential = open("/keep/credential", O_RDWR);
  if (credential < 0) return failed("/keep/credential");
  char said[1024];
  int size = snprintf(said, sizeof said, count == 4 ? "%s\n%s" : "%s", words[1],
                      count == 4 ? words[3] : "");
  if (size < 0 || (size_t)size >= sizeof said) return 2;
  for (long left = strtol(words[2], NULL, 10); left > 0; --left) {
    // The Steward may be busy, or its answer got lost: then the same once more is right.
    int tries = 3;
    const struct timespec pause = {.tv_nsec = 100000000};
    while (write(credential, said, (size_t)size) != size) {
      if (errno != EBUSY || --tries == 0) return failed("no token");
      nanosleep(&pause, NULL);
    }
    char token[32768];
    ssize_t got;
    while ((got = read(credential, token, sizeof token)) > 0) {
      if (fwrite(token, 1, (size_t)got, stdout) != (size_t)got) return failed("output");
    }
    if (got < 0) return failed("no token");
    putchar('\n');
  }
  return 0;
}
