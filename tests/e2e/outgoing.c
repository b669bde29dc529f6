// outgoing HOST PORT [HOW]: opens a connection to a host, says "hello" and prints what comes back,
// up to its end. The functions are WAMR's, declared by hand. HOW: "6" for an address of IPv6,
// "later" connects without waiting and polls, "literal" takes HOST for an IPv4 address, "both"
// has two connections under way at once, "peer" tells what /keep has of the connection. Exit status: the errno of what failed; its name is printed.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

struct address {
  uint32_t kind;  // 0: IPv4
  union {
    struct {
      uint8_t bytes[4];
      uint16_t port;
    } ip4;
    struct {
      uint16_t numbers[8];
      uint16_t port;
    } ip6;
  } in;
};
struct info {
  struct address address;
  uint32_t type;
};
struct hints {
  uint32_t type, family;
  uint8_t enabled;
};

IMPORT("sock_open") int32_t sock_open(int32_t pool, int32_t family, int32_t type, int32_t *opened);
IMPORT("sock_connect") int32_t sock_connect(int32_t fd, const struct address *to);
IMPORT("sock_addr_resolve")
int32_t sock_addr_resolve(const char *host, const char *service, const struct hints *hints,
                          struct info *found, uint32_t room, uint32_t *count);
IMPORT("sock_addr_remote") int32_t sock_addr_remote(int32_t fd, struct address *peer);
IMPORT("sock_addr_local") int32_t sock_addr_local(int32_t fd, struct address *own);
IMPORT("sock_bind") int32_t sock_bind(int32_t fd, const struct address *to);
IMPORT("sock_listen") int32_t sock_listen(int32_t fd, uint32_t backlog);
IMPORT("sock_set_keep_alive") int32_t sock_set_keep_alive(int32_t fd, int32_t on);
IMPORT("sock_set_recv_timeout") int32_t sock_set_recv_timeout(int32_t fd, int64_t microseconds);

static void check(const char *what, int32_t error) {
  if (error == 0) return;
  printf("%s: %s\n", what, strerror(error));
  fflush(stdout);
  exit(error);
}

static struct address find(const char *host, const char *port, int family) {
  const struct hints hints = {1, (uint32_t)family, 1};
  struct info found = {0};
  uint32_t count = 0;
  check("resolve", sock_addr_resolve(host, port, &hints, &found, 1, &count));
  if (count != 1 || found.type != 1 || found.address.kind != (uint32_t)family) exit(99);
  return found.address;
}

static struct address literal(const char *host, const char *port) {
  struct address to = {0};
  unsigned bytes[4];
  if (sscanf(host, "%u.%u.%u.%u", &bytes[0], &bytes[1], &bytes[2], &bytes[3]) != 4) exit(99);
  for (int i = 0; i < 4; ++i) to.in.ip4.bytes[i] = (uint8_t)bytes[i];
  to.in.ip4.port = (uint16_t)atoi(port);
  return to;
}

static int open_socket(int family) {
  int32_t fd = -1;
  check("open", sock_open(-1, family, 1, &fd));
  return fd;
}

static void wait_until_writable(int fd) {
  struct pollfd one = {fd, POLLOUT, 0};
  if (poll(&one, 1, 30000) != 1) exit(98);
}

// Connects without waiting: in progress, under way, then there or the reason.
static void connect_later(int fd, const struct address *to) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  char byte;
  if (send(fd, "x", 1, 0) >= 0 || errno != ENOTCONN) exit(97);
  const int32_t first = sock_connect(fd, to);
  if (first != EINPROGRESS) check("connect", first);
  if (first == EINPROGRESS) {
    if (recv(fd, &byte, 1, 0) >= 0 || (errno != EAGAIN && errno != ECONNABORTED)) exit(96);
    wait_until_writable(fd);
    const int32_t second = sock_connect(fd, to);
    if (second != EISCONN) check("connect", second);
  }
  // Nothing is there to be read yet, whatever the channel of the connection has said.
  struct pollfd one = {fd, POLLIN, 0};
  if (poll(&one, 1, 0) != 0) exit(95);
  fcntl(fd, F_SETFL, 0);
}

static void show_file(int fd, const char *name) {
  char path[64], bytes[4096];
  snprintf(path, sizeof path, "/keep/connections/%d/%s", fd, name);
  const int file = open(path, O_RDONLY);
  const ssize_t size = file < 0 ? -1 : read(file, bytes, sizeof bytes);
  printf("%s %zd\n", name, size);
  if (file >= 0) close(file);
}

// What is told of a socket that is connected, and what cannot be done with it.
static void look_at(int fd, const struct address *to) {
  struct address seen;
  check("remote", sock_addr_remote(fd, &seen));
  if (memcmp(&seen, to, to->kind == 0 ? 10 : 22) != 0) exit(94);
  check("local", sock_addr_local(fd, &seen));
  if (sock_connect(fd, to) != EISCONN) exit(93);
  if (sock_bind(fd, to) != ENOTCAPABLE || sock_listen(fd, 1) != ENOTCAPABLE) exit(92);
  if (sock_set_keep_alive(fd, 1) != ENOPROTOOPT) exit(91);
  if (sock_set_recv_timeout(fd, 1) != ENOPROTOOPT) exit(91);
  if (sock_bind(1, to) != ENOTSOCK) exit(90);
}

static void talk(int fd) {
  if (send(fd, "hello", 5, 0) != 5) check("send", errno);
  shutdown(fd, SHUT_WR);
  char bytes[1000];
  ssize_t size;
  while ((size = recv(fd, bytes, sizeof bytes, 0)) > 0) fwrite(bytes, 1, (size_t)size, stdout);
  if (size < 0) check("receive", errno);
  fflush(stdout);
}

// Two at once: whichever is there first is talked to first, though the other is not there yet.
static int talk_to_both(const struct address *to, int family) {
  struct pollfd both[2];
  for (int i = 0; i < 2; ++i) {
    both[i] = (struct pollfd){open_socket(family), POLLOUT, 0};
    fcntl(both[i].fd, F_SETFL, O_NONBLOCK);
    const int32_t begun = sock_connect(both[i].fd, to);
    if (begun != EINPROGRESS) check("connect", begun);
  }
  if (poll(both, 2, 30000) != 1) exit(89);
  const int first = both[0].revents != 0 ? both[0].fd : both[1].fd;
  const int second = both[0].revents != 0 ? both[1].fd : both[0].fd;
  if (sock_connect(second, to) != EALREADY) exit(88);
  fcntl(first, F_SETFL, 0);
  talk(first);
  wait_until_writable(second);
  fcntl(second, F_SETFL, 0);
  talk(second);
  return 0;
}

int main(int count, char **words) {
  const char *how = count > 3 ? words[3] : "";
  const int family = strcmp(how, "6") == 0;
  const struct address to =
      strcmp(how, "literal") == 0 ? literal(words[1], words[2]) : find(words[1], words[2], family);
  const int fd = open_socket(family);
  if (strcmp(how, "later") == 0) {
    connect_later(fd, &to);
  } else if (strcmp(how, "both") == 0) {
    return talk_to_both(&to, family);
  } else {
    check("connect", sock_connect(fd, &to));
  }
  look_at(fd, &to);
  if (strcmp(how, "peer") == 0) {
    show_file(fd, "certificate");
    show_file(fd, "exporter");
  }
  talk(fd);
  close(fd);
  return 0;
}
