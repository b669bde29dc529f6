// credential AUDIENCE COUNT [HEX]: shows COUNT times to AUDIENCE that this keep has a credential of its
// Steward, each time bound to the bytes that HEX stands for. Writes a token a line to standard output.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
    if (write(credential, said, (size_t)size) != size) return failed("no token");
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
