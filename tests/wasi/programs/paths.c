// Where paths lead, and where they must not.
#include "say.h"

__wasi_errno_t raw_path_open(__wasi_fd_t, uint32_t, const char*, size_t, uint32_t, uint64_t,
                             uint64_t, uint32_t, __wasi_fd_t*)
    __attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open")));

static void try_open(__wasi_fd_t dir, const char* mark, const char* path, uint32_t follow) {
  __wasi_fd_t fd;
  const __wasi_errno_t number =
      __wasi_path_open(dir, follow, path, 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd);
  printf("%sopen [%.40s]%s: %s\n", mark, path, follow ? " and follow" : "", name_of(number));
  if (number == 0 && __wasi_fd_close(fd) != 0) printf("cannot close\n");
}

static void inside(__wasi_fd_t dir) {
  try_open(dir, "", "file", 0);
  try_open(dir, "", "dir/inner", 0);
  try_open(dir, "", "./dir//./inner", 0);
  try_open(dir, "", "dir/../file", 0);
  try_open(dir, "", "dir/../dir/../dir/inner", 0);
  try_open(dir, "", "none", 0);
  try_open(dir, "", "file/none", 0);
  try_open(dir, "~", "file/", 0);
  try_open(dir, "", "dir/", 0);
}

static void outside(__wasi_fd_t dir) {
  try_open(dir, "", "..", 0);
  try_open(dir, "", "../secret", 0);
  try_open(dir, "", "dir/../../secret", 0);
  try_open(dir, "", "dir/../../../../../etc/passwd", 0);
  try_open(dir, "~", "/etc/passwd", 0);
  try_open(dir, "~", "up", 1);
  try_open(dir, "~", "up/secret", 0);
  try_open(dir, "~", "to-secret", 1);
  try_open(dir, "~", "absolute", 1);
  say("make a directory outside", __wasi_path_create_directory(dir, "../made"));
  say("unlink outside", __wasi_path_unlink_file(dir, "../secret"));
  say("~unlink through a link", __wasi_path_unlink_file(dir, "up/secret"));
  say("rename out", __wasi_path_rename(dir, "file", dir, "../file"));
  say("rename in", __wasi_path_rename(dir, "../secret", dir, "stolen"));
  say("link in", __wasi_path_link(dir, 0, "../secret", dir, "stolen"));
  __wasi_filestat_t stat;
  say("stat outside", __wasi_path_filestat_get(dir, 0, "../secret", &stat));
  say("~stat through a link", __wasi_path_filestat_get(dir, 1, "to-secret", &stat));
}

static void links(__wasi_fd_t dir) {
  uint8_t text[32];
  __wasi_size_t size = 0;
  __wasi_filestat_t stat;
  say("path_symlink", __wasi_path_symlink("dir/inner", dir, "link"));
  say("path_symlink again", __wasi_path_symlink("x", dir, "link"));
  say("~path_symlink to an absolute path", __wasi_path_symlink("/etc", dir, "etc"));
  say("path_readlink", __wasi_path_readlink(dir, "link", text, sizeof(text), &size));
  printf("[%.*s]\n", (int)size, (const char*)text);
  say("~path_readlink of little", __wasi_path_readlink(dir, "link", text, 3, &size));
  say("path_readlink of a file", __wasi_path_readlink(dir, "file", text, sizeof(text), &size));
  try_open(dir, "~", "link", 0);
  try_open(dir, "~", "link", 1);
  say("stat the link", __wasi_path_filestat_get(dir, 0, "link", &stat));
  printf("type %u\n", stat.filetype);
  say("~stat what it names", __wasi_path_filestat_get(dir, 1, "link", &stat));
  printf("~type %u\n", stat.filetype);
  say("a loop", __wasi_path_symlink("loop", dir, "loop"));
  try_open(dir, "~", "loop", 1);
  say("unlink the loop", __wasi_path_unlink_file(dir, "loop"));
  say("unlink the link", __wasi_path_unlink_file(dir, "link"));
  say("path_link", __wasi_path_link(dir, 0, "file", dir, "second"));
  say("path_link again", __wasi_path_link(dir, 0, "file", dir, "second"));
  if (__wasi_path_filestat_get(dir, 0, "file", &stat) == 0) printf("links %llu\n", stat.nlink);
  say("path_link of a directory", __wasi_path_link(dir, 0, "dir", dir, "dir2"));
  say("unlink", __wasi_path_unlink_file(dir, "second"));
  say("path_filestat_set_times",
      __wasi_path_filestat_set_times(dir, 0, "file", 0, 5000000000, __WASI_FSTFLAGS_MTIM));
  if (__wasi_path_filestat_get(dir, 0, "file", &stat) == 0) printf("mtim %llu\n", stat.mtim);
}

static void odd(__wasi_fd_t dir) {
  static char longest[5000];
  memset(longest, 'a', sizeof(longest) - 1);
  __wasi_fd_t fd = 0;
  const uint64_t read = __WASI_RIGHTS_FD_READ;
  try_open(dir, "~", longest, 0);
  longest[256] = '\0';
  try_open(dir, "", longest, 0);
  say("~an empty path", raw_path_open(dir, 0, "", 0, 0, read, 0, 0, &fd));
  say("~a NUL inside", raw_path_open(dir, 0, "file\0", 5, 0, read, 0, 0, &fd));
  say("no end but a size", raw_path_open(dir, 0, "filexyz", 4, 0, read, 0, 0, &fd));
  say("~a path outside of memory",
      raw_path_open(dir, 0, (const char*)0xFFFFFFF0, 100, 0, read, 0, 0, &fd));
  say("~unknown open flags", raw_path_open(dir, 0, "file", 4, 1 << 9, read, 0, 0, &fd));
  say("create and insist",
      open_file(dir, "file", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, read, &fd));
  say("a file as a directory", open_file(dir, "file", __WASI_OFLAGS_DIRECTORY, read, &fd));
  say("a directory for writing",
      open_file(dir, "dir", __WASI_OFLAGS_DIRECTORY, read | __WASI_RIGHTS_FD_WRITE, &fd));
  say("~below a file",
      (open_file(dir, "file", 0, read, &fd) != 0) ? 1 : __wasi_path_create_directory(fd, "x"));
}

int main(void) {
  const __wasi_fd_t dir = preopened();
  inside(dir);
  outside(dir);
  links(dir);
  odd(dir);
  return 0;
}
