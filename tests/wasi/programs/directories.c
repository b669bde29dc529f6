// Directories: made, listed in small pieces, renamed, removed.
#include "say.h"

static uint8_t buffer[200];

static int compare(const void* a, const void* b) {
  return strcmp(a, b);
}

/// Lists by fd_readdir with a buffer that holds few entries; prints how many and some names.
static void list(const char* mark, __wasi_fd_t dir, size_t wanted) {
  static char names[600][16];
  size_t count = 0, calls = 0;
  __wasi_dircookie_t cookie = 0;
  for (;;) {
    __wasi_size_t used = 0;
    if (__wasi_fd_readdir(dir, buffer, sizeof(buffer), cookie, &used) != 0) break;
    ++calls;
    size_t at = 0;
    while (at + sizeof(__wasi_dirent_t) <= used) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + at, sizeof(entry));
      if (at + sizeof(entry) + entry.d_namlen > used) break;
      const char* name = (const char*)buffer + at + sizeof(entry);
      at += sizeof(entry) + entry.d_namlen;
      cookie = entry.d_next;
      if (name[0] == '.' || entry.d_namlen >= sizeof(names[0]) || count >= 600) continue;
      memcpy(names[count], name, entry.d_namlen);
      names[count][entry.d_namlen] = '\0';
      ++count;
    }
    if (used < sizeof(buffer)) break;
  }
  qsort(names, count, sizeof(names[0]), compare);
  size_t doubles = 0;
  for (size_t i = 1; i < count; ++i)
    doubles += strcmp(names[i - 1], names[i]) == 0;
  printf("%s%zu entries of %zu, %zu twice, first [%s], last [%s], %s\n", mark, count, wanted,
         doubles, count > 0 ? names[0] : "", count > 0 ? names[count - 1] : "",
         calls > wanted / 8 ? "in pieces" : "at once");
}

static __wasi_fd_t open_directory(__wasi_fd_t dir, const char* path) {
  __wasi_fd_t fd = 0;
  const __wasi_rights_t base = __WASI_RIGHTS_FD_READDIR | __WASI_RIGHTS_PATH_OPEN |
                               __WASI_RIGHTS_PATH_CREATE_FILE | __WASI_RIGHTS_PATH_UNLINK_FILE |
                               __WASI_RIGHTS_FD_FILESTAT_GET;
  say("open the directory", __wasi_path_open(dir, 0, path, __WASI_OFLAGS_DIRECTORY, base,
                                             REGULAR_RIGHTS & inheriting(dir), 0, &fd));
  return fd;
}

static int unlink_every_second(__wasi_fd_t dir, int first) {
  int unlinked = 0;
  for (int i = first; i < 500; i += 2) {
    char name[16];
    snprintf(name, sizeof(name), "entry%03d", i);
    unlinked += __wasi_path_unlink_file(dir, name) == 0;
  }
  return unlinked;
}

int main(void) {
  const __wasi_fd_t dir = preopened();
  say("make", __wasi_path_create_directory(dir, "d"));
  say("make again", __wasi_path_create_directory(dir, "d"));
  say("make below nothing", __wasi_path_create_directory(dir, "none/d"));
  const __wasi_fd_t sub = open_directory(dir, "d");
  char name[16];
  for (int i = 0; i < 500; ++i) {
    snprintf(name, sizeof(name), "entry%03d", i);
    make_file(sub, name, "");
  }
  list("", sub, 500);
  printf("unlinked %d\n", unlink_every_second(sub, 0));
  list("", sub, 250);
  say("remove a full directory", __wasi_path_remove_directory(dir, "d"));
  say("unlink a directory", __wasi_path_unlink_file(dir, "d"));
  say("rename", __wasi_path_rename(dir, "d", dir, "e"));
  say("rename to what is full",
      (__wasi_path_create_directory(dir, "d") != 0) ? 1 : __wasi_path_rename(dir, "d", dir, "e"));
  say("rename into itself", __wasi_path_rename(dir, "e", dir, "e/below"));
  make_file(dir, "f", "text");
  say("a directory over a file", __wasi_path_rename(dir, "d", dir, "f"));
  say("a file over a directory", __wasi_path_rename(dir, "f", dir, "d"));
  printf("~unlinked %d after the rename\n", unlink_every_second(sub, 1));
  list("~", sub, 0);
  say("~remove", __wasi_path_remove_directory(dir, "e"));
  say("remove with a slash", __wasi_path_remove_directory(dir, "d/"));
  say("remove a file", __wasi_path_remove_directory(dir, "f"));
  say("unlink with a slash", __wasi_path_unlink_file(dir, "f/"));
  say("unlink", __wasi_path_unlink_file(dir, "f"));
  __wasi_size_t used;
  say("fd_close", __wasi_fd_close(sub));
  say("list what is closed", __wasi_fd_readdir(sub, buffer, sizeof(buffer), 0, &used));
  return 0;
}
