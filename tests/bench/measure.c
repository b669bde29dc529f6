// Starts a program, waits for it and writes "seconds cpu_seconds peak_kib status" to a file:
//   measure REPORT PROGRAM ARGUMENT...
// A program of its own, since the peak that the kernel reports for a child is at least that of the
// process which started it, and Python's is larger than many a program measured here.
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argument_count, char **arguments) {
  if (argument_count < 3) {
    fprintf(stderr, "usage: measure REPORT PROGRAM ARGUMENT...\n");
    return 2;
  }
  pid_t child = 0;
  const double started = now();
  const int failure = posix_spawnp(&child, arguments[2], NULL, NULL, arguments + 2, environ);
  if (failure != 0) {
    fprintf(stderr, "measure: %s: %s\n", arguments[2], strerror(failure));
    return 2;
  }
  int status = 0;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return 2;
  }
  const double ended = now();
  FILE *report = fopen(arguments[1], "w");
  if (report == NULL) {
    fprintf(stderr, "measure: %s: %s\n", arguments[1], strerror(errno));
    return 2;
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  const double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  fprintf(report, "%.6f %.6f %ld %d\n", ended - started, cpu, usage.ru_maxrss, code);
  return fclose(report) == 0 ? 0 : 2;
}
