// evidence WORDS: has the keep's processor sign that this workload, running as /keep/launch.json says,
// said WORDS. Writes the evidence to standard output.

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failed(const char* what) {
  perror(what);
  return 1;
}

int main(int count, char** words) {
  if (count != 2) {
    fputs("usage: evidence WORDS\n", stderr);
    return 2;
  }
  // One open file for the question and its answer.
  int fresh = open("/keep/fresh", O_RDWR);
  if (fresh < 0) return failed("/keep/fresh");
  if (write(fresh, words[1], strlen(words[1])) < 0) return failed("no evidence");
  char evidence[8192];
  ssize_t size;
  while ((size = read(fresh, evidence, sizeof evidence)) > 0) {
    if (fwrite(evidence, 1, (size_t)size, stdout) != (size_t)size) return failed("output");
  }
  return size < 0 ? failed("no evidence") : 0;
}
