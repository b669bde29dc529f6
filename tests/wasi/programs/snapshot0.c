// WASI snapshot 0 beside preview 1 in one program: the four functions that differ, and some that
// do not.
#include <fcntl.h>
#include <sys/stat.h>

#include "say.h"

#define OLD(name) __attribute__((import_module("wasi_unstable"), import_name(#name)))

OLD(fd_write) int32_t old_write(int32_t, const void*, int32_t, uint32_t*);
OLD(fd_seek) int32_t old_seek(int32_t, int64_t, int32_t, uint64_t*);
OLD(fd_filestat_get) int32_t old_filestat(int32_t, void*);
OLD(path_filestat_get) int32_t old_path_filestat(int32_t, int32_t, const char*, int32_t, void*);
OLD(poll_oneoff) int32_t old_poll(const void*, void*, int32_t, uint32_t*);

struct filestat {
  uint64_t dev, ino;
  uint8_t filetype;
  uint32_t nlink;
  uint64_t size, atim, mtim, ctim;
};

struct subscription {
  uint64_t userdata;
  uint8_t type;
  union {
    struct {
      uint64_t identifier;
      uint32_t id;
      uint64_t timeout, precision;
      uint16_t flags;
    } clock;
    uint32_t fd;
  };
};

_Static_assert(sizeof(struct filestat) == 56 && sizeof(struct subscription) == 56, "the layouts");

static void poll_both(int32_t fd) {
  struct subscription subscriptions[2] = {
      {.userdata = 11, .type = 0, .clock = {.identifier = 5, .id = 1, .timeout = 3600000000000u}},
      {.userdata = 12, .type = 2, .fd = (uint32_t)fd}};
  __wasi_event_t events[2];
  uint32_t count = 0;
  say("poll", (__wasi_errno_t)old_poll(subscriptions, events, 2, &count));
  printf("%u event of %u, error %u\n", (unsigned)count, (unsigned)events[0].userdata,
         events[0].error);
  subscriptions[0].clock.timeout = 1000000;
  say("sleep", (__wasi_errno_t)old_poll(subscriptions, events, 1, &count));
  printf("%u event of %u, error %u\n", (unsigned)count, (unsigned)events[0].userdata,
         events[0].error);
}

int main(void) {
  const __wasi_ciovec_t text = {(const uint8_t*)"hi\n", 3};
  uint32_t written = 0;
  fflush(stdout);
  old_write(1, &text, 1, &written);
  const int fd = open("work/file", O_RDWR);
  uint64_t at = 0;
  say("to the end", (__wasi_errno_t)old_seek(fd, -1, 1, &at));
  printf("at %u\n", (unsigned)at);
  say("onwards", (__wasi_errno_t)old_seek(fd, -2, 0, &at));
  printf("at %u\n", (unsigned)at);
  say("from the start", (__wasi_errno_t)old_seek(fd, 3, 2, &at));
  printf("at %u\n", (unsigned)at);
  say("nowhere", (__wasi_errno_t)old_seek(fd, 3, 3, &at));
  struct filestat old, old_by_path;
  struct stat now;
  fstat(fd, &now);
  say("filestat", (__wasi_errno_t)old_filestat(fd, &old));
  say("filestat by path", (__wasi_errno_t)old_path_filestat(3, 1, "file", 4, &old_by_path));
  printf("type %u, links %u, size %u; %s, %s\n", old.filetype, (unsigned)old.nlink,
         (unsigned)old.size, old.ino == now.st_ino ? "same inode" : "another inode",
         old.mtim == old_by_path.mtim && old.ctim / 1000000000 == (uint64_t)now.st_ctim.tv_sec
             ? "same times"
             : "other times");
  poll_both(fd);
  return 0;
}
