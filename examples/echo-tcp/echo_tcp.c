// A TCP echo server on the first `listen` entry of Enarx.toml, for several clients at once.
// The sockets come as capabilities: FD_COUNT says how many file descriptors the workload was
// given, FD_NAMES their names joined by ':'. A client that sends the line "quit" ends the server.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_clients = 32, buffer_size = 4096 };

// Bytes [sent, received) are still to be echoed. No more is read before they are gone, so a
// client that does not read its echo is slowed down and costs no memory.
struct Client {
  int fd;
  size_t sent;
  size_t received;
  size_t matched;  // leading bytes of "quit" matched on the current line; no_match if it cannot be
  char buffer[buffer_size];
};

struct Server {
  int listener;
  size_t client_count;
  struct Client clients[max_clients];
  unsigned long served;
  unsigned long long echoed;
  bool quit;
};

static const char quit_line[] = "quit";
static const size_t no_match = (size_t)-1;

static int fail(const char *what) {
  fprintf(stderr, "echo-tcp: %s: %s\n", what, strerror(errno));
  return 1;
}

// The number of the first name in FD_NAMES that is not a standard stream, or -1.
static int find_listener(void) {
  const char *count_text = getenv("FD_COUNT");
  const char *names = getenv("FD_NAMES");
  if (count_text == NULL || names == NULL) return -1;
  const int count = atoi(count_text);
  for (int fd = 0; fd < count; ++fd) {
    const size_t length = strcspn(names, ":");
    const bool is_stream = (length == 5 && memcmp(names, "stdin", 5) == 0) ||
                           (length == 6 && memcmp(names, "stdout", 6) == 0) ||
                           (length == 6 && memcmp(names, "stderr", 6) == 0);
    if (!is_stream && length > 0) {
      printf("listening on %.*s\n", (int)length, names);
      fflush(stdout);
      return fd;
    }
    names += length;
    if (*names == ':') ++names;
  }
  return -1;
}

static bool set_nonblocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static bool would_block(void) {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void drop_client(struct Server *server, size_t index) {
  close(server->clients[index].fd);
  --server->client_count;
  if (index != server->client_count) {
    server->clients[index] = server->clients[server->client_count];
  }
}

static bool accept_clients(struct Server *server) {
  while (server->client_count < max_clients) {
    const int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return would_block();
    struct Client *client = &server->clients[server->client_count++];
    client->fd = fd;
    client->sent = client->received = client->matched = 0;
    ++server->served;
  }
  return true;
}

// Follows the lines of one client across reads of any size; a '\r' before the '\n' is let pass.
static bool saw_quit_line(struct Client *client, const char *bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const char byte = bytes[i];
    if (byte == '\n') {
      if (client->matched == sizeof quit_line - 1) return true;
      client->matched = 0;
    } else if (byte == '\r') {
      continue;
    } else if (client->matched < sizeof quit_line - 1 && byte == quit_line[client->matched]) {
      ++client->matched;
    } else {
      client->matched = no_match;
    }
  }
  return false;
}

// Both return false when the connection is over.
static bool receive(struct Server *server, struct Client *client) {
  const ssize_t count = recv(client->fd, client->buffer, buffer_size, 0);
  if (count < 0) return would_block();
  if (count == 0) return false;
  client->sent = 0;
  client->received = (size_t)count;
  if (saw_quit_line(client, client->buffer, client->received)) server->quit = true;
  return true;
}

static bool echo(struct Server *server, struct Client *client) {
  while (client->sent < client->received) {
    const ssize_t count =
        send(client->fd, client->buffer + client->sent, client->received - client->sent, 0);
    if (count < 0) return would_block();
    client->sent += (size_t)count;
    server->echoed += (unsigned long long)count;
  }
  client->sent = client->received = 0;
  return true;
}

static bool serve_client(struct Server *server, struct Client *client) {
  if (client->received == 0 && !receive(server, client)) return false;
  return echo(server, client);
}

static bool turn(struct Server *server) {
  struct pollfd waiting[1 + max_clients];
  const size_t client_count = server->client_count;
  for (size_t i = 0; i < client_count; ++i) {
    const short events = server->clients[i].received > 0 ? POLLOUT : POLLIN;
    waiting[i] = (struct pollfd){.fd = server->clients[i].fd, .events = events};
  }
  size_t waiting_count = client_count;
  if (client_count < max_clients) {
    waiting[waiting_count++] = (struct pollfd){.fd = server->listener, .events = POLLIN};
  }
  if (poll(waiting, (nfds_t)waiting_count, -1) < 0) return errno == EINTR;
  // Backwards, since dropping one moves the last into its place.
  for (size_t i = client_count; i-- > 0;) {
    if (waiting[i].revents != 0 && !serve_client(server, &server->clients[i])) {
      drop_client(server, i);
    }
  }
  const bool knocked = client_count < max_clients && waiting[client_count].revents != 0;
  return !knocked || accept_clients(server);
}

int main(void) {
  static struct Server server;
  server.listener = find_listener();
  if (server.listener < 0) {
    fprintf(stderr, "echo-tcp: no listen entry: give one in Enarx.toml\n");
    return 2;
  }
  if (!set_nonblocking(server.listener)) return fail("cannot make the listener non-blocking");
  while (!server.quit) {
    if (!turn(&server)) return fail("cannot wait for clients");
  }
  while (server.client_count > 0) drop_client(&server, server.client_count - 1);
  printf("served %lu clients, echoed %llu bytes\n", server.served, server.echoed);
  return 0;
}
