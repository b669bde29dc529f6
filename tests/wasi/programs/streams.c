// The standard streams as pipes.
#include "say.h"

int main(void) {
  for (__wasi_fd_t fd = 0; fd < 3; ++fd) {
    __wasi_fdstat_t stat;
    printf("fd %u: ", fd);
    say("fd_fdstat_get", __wasi_fd_fdstat_get(fd, &stat));
    const __wasi_rights_t seeks = __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL;
    printf("fd %u: type %u, seeks %d, reads %d, writes %d\n", fd, stat.fs_filetype,
           (stat.fs_rights_base & seeks) != 0, (stat.fs_rights_base & __WASI_RIGHTS_FD_READ) != 0,
           (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE) != 0);
  }
  char line[64];
  while (fgets(line, sizeof(line), stdin) != NULL)
    printf("line: %s", line);
  printf("end of input: %s\n", feof(stdin) ? "yes" : "no");
  fprintf(stderr, "to stderr\n");
  __wasi_filesize_t at;
  say("seek a pipe", __wasi_fd_seek(0, 0, __WASI_WHENCE_SET, &at));
  say("shutdown a pipe", __wasi_sock_shutdown(1, __WASI_SDFLAGS_WR));
  __wasi_prestat_t prestat;
  say("is stdin preopened", __wasi_fd_prestat_get(0, &prestat));
  fflush(stdout);
  const __wasi_errno_t renumbered = __wasi_fd_renumber(2, 0);
  fprintf(stdout, "stderr over stdin: %s\n", name_of(renumbered));
  __wasi_size_t count;
  say("write to it", write_text(0, "through 0\n", &count));
  say("write to the old number", write_text(2, "lost\n", &count));
  return 0;
}
