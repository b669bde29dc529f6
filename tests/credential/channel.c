// channel AUDIENCE COUNT: a TLS server on descriptor 3 that shows each of COUNT clients, on its own
// connection, that its keep has a credential: a token of /keep/connections/N/credential.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { listener = 3 };

static int serve(int fd, const char *audience) {
  char path[64];
  snprintf(path, sizeof path, "/keep/connections/%d/credential", fd);
  const int credential = open(path, O_RDWR);
  if (credential < 0) return 1;
  // What it is bound to is the connection's, and nothing that the workload says.
  if (write(credential, "x\n00", 4) >= 0) return 1;
  if (write(credential, audience, strlen(audience)) < 0) return 1;
  char token[32768];
  ssize_t got;
  if (write(fd, "token ", 6) != 6) return 1;
  while ((got = read(credential, token, sizeof token)) > 0) {
    for (ssize_t sent = 0, now = 0; sent < got; sent += now) {
      if ((now = write(fd, token + sent, (size_t)(got - sent))) < 0) return 1;
    }
  }
  close(credential);
  return got < 0 || write(fd, "\n", 1) != 1;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  fcntl(listener, F_SETFL, 0);  // accept waits
  for (long left = strtol(words[2], NULL, 10); left > 0; --left) {
    const int fd = accept4(listener, NULL, NULL, 0);
    if (fd < 0 || serve(fd, words[1]) != 0) {
      perror("channel");
      return 1;
    }
    char rest[256];
    shutdown(fd, SHUT_WR);
    while (read(fd, rest, sizeof rest) > 0) {
    }
    close(fd);
  }
  return 0;
}
