// poll_oneoff over clocks, standard streams and files.
#include "say.h"

static __wasi_subscription_t clock_sub(uint64_t userdata, __wasi_clockid_t id, uint64_t timeout,
                                       __wasi_subclockflags_t flags) {
  __wasi_subscription_t sub = {.userdata = userdata, .u = {.tag = __WASI_EVENTTYPE_CLOCK}};
  sub.u.u.clock.id = id;
  sub.u.u.clock.timeout = timeout;
  sub.u.u.clock.flags = flags;
  return sub;
}

static __wasi_subscription_t fd_sub(uint64_t userdata, __wasi_eventtype_t type, __wasi_fd_t fd) {
  __wasi_subscription_t sub = {.userdata = userdata, .u = {.tag = type}};
  sub.u.u.fd_read.file_descriptor = fd;
  return sub;
}

static void poll(const char* what, const __wasi_subscription_t* subs, size_t count) {
  __wasi_event_t events[8];
  __wasi_size_t found = 0;
  memset(events, 0, sizeof(events));
  const __wasi_errno_t number = __wasi_poll_oneoff(subs, events, count, &found);
  printf("%s: %s", what, name_of(number));
  for (size_t i = 0; i < found && number == 0; ++i) {
    printf(", %llu type %u %s", events[i].userdata, events[i].type, name_of(events[i].error));
  }
  printf("\n");
}

static uint64_t now(__wasi_clockid_t id) {
  __wasi_timestamp_t time = 0;
  return __wasi_clock_time_get(id, 0, &time) == 0 ? time : 0;
}

int main(void) {
  const uint64_t ms = 1000000;
  __wasi_subscription_t subs[8];
  poll("nothing", subs, 0);
  const uint64_t before = now(__WASI_CLOCKID_MONOTONIC);
  subs[0] = clock_sub(1, __WASI_CLOCKID_MONOTONIC, 30 * ms, 0);
  poll("sleep", subs, 1);
  const uint64_t slept = now(__WASI_CLOCKID_MONOTONIC) - before;
  printf("slept %s\n", slept >= 30 * ms && slept < 2000 * ms ? "as asked" : "wrongly");
  subs[0] = clock_sub(2, __WASI_CLOCKID_REALTIME, now(__WASI_CLOCKID_REALTIME) + 10 * ms,
                      __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
  poll("until a time", subs, 1);
  printf("~the time has %s\n",
         now(__WASI_CLOCKID_REALTIME) >= subs[0].u.u.clock.timeout ? "come" : "not come");
  subs[0] = clock_sub(3, __WASI_CLOCKID_MONOTONIC, 5, 1);
  poll("a time long ago", subs, 1);
  subs[0] = clock_sub(4, __WASI_CLOCKID_MONOTONIC, 3600000 * ms, 0);
  subs[1] = clock_sub(5, __WASI_CLOCKID_MONOTONIC, 10 * ms, 0);
  poll("the earlier of two", subs, 2);
  subs[0] = fd_sub(6, __WASI_EVENTTYPE_FD_WRITE, 1);
  subs[1] = clock_sub(7, __WASI_CLOCKID_MONOTONIC, 3600000 * ms, 0);
  poll("stdout can be written", subs, 2);
  subs[0] = fd_sub(8, __WASI_EVENTTYPE_FD_READ, 0);
  subs[1] = fd_sub(9, __WASI_EVENTTYPE_FD_WRITE, 1);
  subs[2] = fd_sub(10, __WASI_EVENTTYPE_FD_WRITE, 2);
  poll("~all three", subs, 3);
  uint8_t text[64];
  const __wasi_iovec_t vector = {text, sizeof(text)};
  __wasi_size_t got = 0;
  say("what stdin holds", __wasi_fd_read(0, &vector, 1, &got));
  printf("[%.*s]\n", (int)got, (const char*)text);
  const __wasi_fd_t dir = preopened();
  make_file(dir, "f", "12345");
  __wasi_fd_t file;
  say("open", open_file(dir, "f", 0, REGULAR_RIGHTS, &file));
  subs[0] = fd_sub(11, __WASI_EVENTTYPE_FD_READ, file);
  subs[1] = clock_sub(12, __WASI_CLOCKID_MONOTONIC, 0, 0);
  subs[2] = fd_sub(13, __WASI_EVENTTYPE_FD_READ, 77);
  subs[3] = clock_sub(14, 9, 0, 0);
  poll("~a file, a clock, what is not open, no clock", subs, 4);
  subs[0].u.tag = 9;
  poll("~an unknown type", subs, 1);
  return 0;
}
