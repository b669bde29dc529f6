// A listening socket at descriptor 3; the test connects, talks, and goes away.
#include "say.h"

static uint8_t buffer[64];

static void receive(const char* what, __wasi_fd_t fd, size_t size, __wasi_riflags_t flags) {
  const __wasi_iovec_t vector = {buffer, size};
  __wasi_size_t got = 0;
  __wasi_roflags_t out = 9;
  const __wasi_errno_t number = __wasi_sock_recv(fd, &vector, 1, flags, &got, &out);
  printf("%s: %s [%.*s] %u\n", what, name_of(number), (int)got, (const char*)buffer, out);
}

static void wait_for(__wasi_fd_t fd, __wasi_eventtype_t type, const char* what) {
  __wasi_subscription_t sub = {.userdata = 1, .u = {.tag = type}};
  sub.u.u.fd_read.file_descriptor = fd;
  __wasi_event_t event;
  __wasi_size_t found = 0;
  const __wasi_errno_t number = __wasi_poll_oneoff(&sub, &event, 1, &found);
  printf("%s: %s, hangup %d\n", what, name_of(number),
         (event.fd_readwrite.flags & __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP) != 0);
}

static void say_hello(__wasi_fd_t fd) {
  const __wasi_ciovec_t vector = {(const uint8_t*)"hello\n", 6};
  __wasi_size_t sent = 0;
  say("sock_send", __wasi_sock_send(fd, &vector, 1, 0, &sent));
  printf("sent %zu\n", sent);
  say("sock_send with flags", __wasi_sock_send(fd, &vector, 1, 1, &sent));
}

/// Both directions and a clock, as runtimes of languages ask; only the clock has anything to say.
static void wait_both_ways(__wasi_fd_t fd) {
  __wasi_subscription_t subs[3] = {{.userdata = 1, .u = {.tag = __WASI_EVENTTYPE_FD_READ}},
                                   {.userdata = 2, .u = {.tag = __WASI_EVENTTYPE_FD_WRITE}},
                                   {.userdata = 3, .u = {.tag = __WASI_EVENTTYPE_CLOCK}}};
  subs[0].u.u.fd_read.file_descriptor = fd;
  subs[1].u.u.fd_write.file_descriptor = fd;
  subs[2].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  subs[2].u.u.clock.timeout = 1000000;
  __wasi_event_t events[3];
  __wasi_size_t found = 0;
  say("nobody comes", __wasi_poll_oneoff(subs, events, 3, &found));
  printf("%zu event of %u: %s\n", found, (unsigned)events[0].userdata, name_of(events[0].error));
}

int main(void) {
  const __wasi_fd_t listener = 3;
  __wasi_fd_t fd = 0;
  __wasi_fdstat_t stat;
  say("fd_fdstat_get", __wasi_fd_fdstat_get(listener, &stat));
  printf("type %u\n", stat.fs_filetype);
  say("nonblocking", __wasi_fd_fdstat_set_flags(listener, __WASI_FDFLAGS_NONBLOCK));
  say("accept nobody", __wasi_sock_accept(listener, 0, &fd));
  wait_both_ways(listener);
  printf("ready\n");
  fflush(stdout);
  wait_for(listener, __WASI_EVENTTYPE_FD_READ, "somebody comes");
  say("sock_accept", __wasi_sock_accept(listener, __WASI_FDFLAGS_NONBLOCK, &fd));
  wait_for(fd, __WASI_EVENTTYPE_FD_WRITE, "it can be written");
  say_hello(fd);
  wait_for(fd, __WASI_EVENTTYPE_FD_READ, "it can be read");
  receive("peek", fd, 4, __WASI_RIFLAGS_RECV_PEEK);
  receive("receive", fd, 4, 0);
  say("blocking", __wasi_fd_fdstat_set_flags(fd, 0));
  receive("wait for all", fd, 6, __WASI_RIFLAGS_RECV_WAITALL);
  receive("unknown flags", fd, 4, 1 << 7);
  receive("the end", fd, 4, 0);
  wait_for(fd, __WASI_EVENTTYPE_FD_READ, "it is over");
  say("accept on a connection", __wasi_sock_accept(fd, 0, &fd));
  say("sock_shutdown", __wasi_sock_shutdown(fd, __WASI_SDFLAGS_RD | __WASI_SDFLAGS_WR));
  say("shutdown of nothing", __wasi_sock_shutdown(fd, 0));
  say("fd_close", __wasi_fd_close(fd));
  say("shut down what is closed", __wasi_sock_shutdown(fd, __WASI_SDFLAGS_RD));
  return 0;
}
