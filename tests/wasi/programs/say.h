// What every test program prints: one line for each call, "what: errno". A line that starts with
// "~" tells something on which node's WASI differs; only the expected output knows it.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

static const char* const errno_names[] = {
    "success",     "2big",           "acces",       "addrinuse",   "addrnotavail",
    "afnosupport", "again",          "already",     "badf",        "badmsg",
    "busy",        "canceled",       "child",       "connaborted", "connrefused",
    "connreset",   "deadlk",         "destaddrreq", "dom",         "dquot",
    "exist",       "fault",          "fbig",        "hostunreach", "idrm",
    "ilseq",       "inprogress",     "intr",        "inval",       "io",
    "isconn",      "isdir",          "loop",        "mfile",       "mlink",
    "msgsize",     "multihop",       "nametoolong", "netdown",     "netreset",
    "netunreach",  "nfile",          "nobufs",      "nodev",       "noent",
    "noexec",      "nolck",          "nolink",      "nomem",       "nomsg",
    "noprotoopt",  "nospc",          "nosys",       "notconn",     "notdir",
    "notempty",    "notrecoverable", "notsock",     "notsup",      "notty",
    "nxio",        "overflow",       "ownerdead",   "perm",        "pipe",
    "proto",       "protonosupport", "prototype",   "range",       "rofs",
    "spipe",       "srch",           "stale",       "timedout",    "txtbsy",
    "xdev",        "notcapable"};

static inline const char* name_of(__wasi_errno_t number) {
  return number < sizeof(errno_names) / sizeof(errno_names[0]) ? errno_names[number] : "unknown";
}

static inline void say(const char* what, __wasi_errno_t number) {
  printf("%s: %s\n", what, name_of(number));
}

/// The first preopened directory.
static inline __wasi_fd_t preopened(void) {
  for (__wasi_fd_t fd = 3; fd < 64; ++fd) {
    __wasi_prestat_t prestat;
    if (__wasi_fd_prestat_get(fd, &prestat) == 0 && prestat.tag == __WASI_PREOPENTYPE_DIR) {
      return fd;
    }
  }
  printf("no preopened directory\n");
  exit(1);
}

/// What may be asked of a file or directory below `directory` at most.
static inline __wasi_rights_t inheriting(__wasi_fd_t directory) {
  __wasi_fdstat_t stat;
  if (__wasi_fd_fdstat_get(directory, &stat) != 0) exit(1);
  return stat.fs_rights_inheriting;
}

#define REGULAR_RIGHTS                                                                 \
  (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK |            \
   __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_FD_SYNC | \
   __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_ALLOCATE |   \
   __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE |                \
   __WASI_RIGHTS_FD_FILESTAT_SET_TIMES | __WASI_RIGHTS_POLL_FD_READWRITE)

static inline __wasi_errno_t open_file(__wasi_fd_t directory, const char* path,
                                       __wasi_oflags_t oflags, __wasi_rights_t rights,
                                       __wasi_fd_t* opened) {
  return __wasi_path_open(directory, 0, path, oflags, rights, 0, 0, opened);
}

static inline __wasi_errno_t write_text(__wasi_fd_t fd, const char* text, __wasi_size_t* written) {
  const __wasi_ciovec_t vector = {(const uint8_t*)text, strlen(text)};
  return __wasi_fd_write(fd, &vector, 1, written);
}

static inline void make_file(__wasi_fd_t directory, const char* path, const char* text) {
  __wasi_fd_t fd;
  __wasi_size_t written = 0;
  if (open_file(directory, path, __WASI_OFLAGS_CREAT, REGULAR_RIGHTS, &fd) != 0 ||
      write_text(fd, text, &written) != 0 || __wasi_fd_close(fd) != 0) {
    printf("cannot make %s\n", path);
    exit(1);
  }
}
