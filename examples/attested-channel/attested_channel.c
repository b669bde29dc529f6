// A TLS server that proves itself on the connection itself: whoever connects gets evidence over a
// value that only the two ends of this very connection know, so that nobody can pass it on from
// another one. Descriptor 3 is the listener (Enarx.toml). Each client gets three lines:
//
//   evidence HEX   over "merlon/connection/v1 " and the exporter in hexadecimal; "-": nobody attests
//   facts JSON     /keep/launch.json, whose hash is in the evidence
//   claims JSON    what the client's Steward says of the client; "-": nothing
//
// An argument is the number of clients before it ends; without one it serves on.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { listener = 3, largest = 65536 };

static const char prefix[] = "merlon/connection/v1 ";
static const char digits[] = "0123456789abcdef";

// All of a file, at most `size` bytes; -1 if it is not there.
static ssize_t read_file(const char *path, char *into, size_t size) {
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return -1;
  size_t filled = 0;
  ssize_t got;
  while ((got = read(fd, into + filled, size - filled)) > 0) filled += (size_t)got;
  close(fd);
  return got < 0 ? -1 : (ssize_t)filled;
}

static size_t to_hex(const char *bytes, size_t size, char *into) {
  for (size_t i = 0; i < size; ++i) {
    *into++ = digits[(unsigned char)bytes[i] >> 4];
    *into++ = digits[(unsigned char)bytes[i] & 15];
  }
  return 2 * size;
}

// Evidence over `said`; -1 if there is none.
static ssize_t evidence_over(const char *said, size_t size, char *into, size_t room) {
  const int fresh = open("/keep/fresh", O_RDWR);
  if (fresh < 0) return -1;
  ssize_t got = write(fresh, said, size) < 0 ? -1 : 0;
  size_t filled = 0;
  if (got == 0) {
    while ((got = read(fresh, into + filled, room - filled)) > 0) filled += (size_t)got;
  }
  close(fresh);
  return got < 0 ? -1 : (ssize_t)filled;
}

static int send_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = write(fd, bytes, size);
    if (sent < 0) return -1;
    bytes += sent;
    size -= (size_t)sent;
  }
  return 0;
}

// One line: a word and a text, whose own end of line is left out.
static int send_line(int fd, const char *word, const char *text, ssize_t size) {
  if (size < 0) {
    text = "-";
    size = 1;
  }
  if (size > 0 && text[size - 1] == '\n') --size;
  return send_all(fd, word, strlen(word)) || send_all(fd, " ", 1) ||
         send_all(fd, text, (size_t)size) || send_all(fd, "\n", 1);
}

static int serve(int fd) {
  static char bytes[largest], text[2 * largest];
  char path[64], said[sizeof prefix + 64];
  char exporter[32];
  snprintf(path, sizeof path, "/keep/connections/%d/exporter", fd);
  if (read_file(path, exporter, sizeof exporter) != (ssize_t)sizeof exporter) return -1;
  memcpy(said, prefix, sizeof prefix - 1);
  const size_t said_size =
      sizeof prefix - 1 + to_hex(exporter, sizeof exporter, said + sizeof prefix - 1);

  ssize_t size = evidence_over(said, said_size, bytes, sizeof bytes);
  if (size >= 0) size = (ssize_t)to_hex(bytes, (size_t)size, text);
  if (send_line(fd, "evidence", text, size)) return -1;
  if (send_line(fd, "facts", text, read_file("/keep/launch.json", text, sizeof text))) return -1;
  snprintf(path, sizeof path, "/keep/connections/%d/claims", fd);
  return send_line(fd, "claims", text, read_file(path, text, sizeof text));
}

// Says the end and waits for the client's: to close on words that were not read yet would cut off
// ours. One client at a time, as long as it likes; a server with others to serve polls.
static void end(int fd) {
  char rest[256];
  shutdown(fd, SHUT_WR);
  while (read(fd, rest, sizeof rest) > 0) {
  }
  close(fd);
}

int main(int count, char **arguments) {
  const long most = count > 1 ? atol(arguments[1]) : -1;
  fcntl(listener, F_SETFL, 0);  // accept waits
  for (long served = 0; served != most;) {
    const int fd = accept4(listener, NULL, NULL, 0);
    if (fd < 0) {
      fprintf(stderr, "attested-channel: nobody can be served: %s\n", strerror(errno));
      return 1;
    }
    if (serve(fd)) fprintf(stderr, "attested-channel: a client is gone: %s\n", strerror(errno));
    end(fd);
    ++served;
  }
  return 0;
}
