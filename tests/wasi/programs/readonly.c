// A directory that was given for reading only.
#include "say.h"

int main(void) {
  const __wasi_fd_t dir = preopened();
  __wasi_fd_t fd;
  __wasi_size_t count;
  uint8_t text[32];
  const __wasi_iovec_t vector = {text, sizeof(text)};
  say("open for reading", open_file(dir, "file", 0, __WASI_RIGHTS_FD_READ, &fd));
  say("read", __wasi_fd_read(fd, &vector, 1, &count));
  printf("[%.*s]\n", (int)count, (const char*)text);
  say("write", write_text(fd, "x", &count));
  say("open for writing", open_file(dir, "file", 0, __WASI_RIGHTS_FD_WRITE, &fd));
  say("truncate", open_file(dir, "file", __WASI_OFLAGS_TRUNC, 0, &fd));
  say("create", open_file(dir, "new", __WASI_OFLAGS_CREAT, 0, &fd));
  say("create what is there",
      open_file(dir, "file", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_READ, &fd));
  say("make a directory", __wasi_path_create_directory(dir, "d"));
  say("unlink", __wasi_path_unlink_file(dir, "file"));
  say("rename", __wasi_path_rename(dir, "file", dir, "g"));
  say("link", __wasi_path_link(dir, 0, "file", dir, "g"));
  say("symlink", __wasi_path_symlink("file", dir, "g"));
  say("times", __wasi_path_filestat_set_times(dir, 0, "file", 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
  __wasi_filestat_t stat;
  say("stat", __wasi_path_filestat_get(dir, 0, "file", &stat));
  FILE* file = fopen("work/file", "r");
  printf("fopen to read: %s\n", file != NULL ? "good" : "refused");
  printf("fopen to write: %s\n", fopen("work/file", "w") != NULL ? "good" : "refused");
  return 0;
}
