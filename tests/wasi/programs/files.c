// Open files: reading, writing, positions, attributes, rights, numbers.
#include "say.h"

static uint8_t buffer[256];

static __wasi_errno_t read_into(__wasi_fd_t fd, size_t size, __wasi_size_t* got) {
  const __wasi_iovec_t vector = {buffer, size};
  *got = 0;
  return __wasi_fd_read(fd, &vector, 1, got);
}

static void show(const char* what, __wasi_fd_t fd) {
  __wasi_size_t got = 0;
  const __wasi_errno_t number = read_into(fd, 100, &got);
  printf("%s: %s [%.*s]\n", what, name_of(number), (int)got, (const char*)buffer);
}

static void seek(const char* what, __wasi_fd_t fd, int64_t offset, __wasi_whence_t whence) {
  __wasi_filesize_t at = 0;
  const __wasi_errno_t number = __wasi_fd_seek(fd, offset, whence, &at);
  printf("%s: %s %llu\n", what, name_of(number), at);
}

static void positions(__wasi_fd_t dir) {
  __wasi_fd_t fd;
  __wasi_size_t count = 0;
  say("create", open_file(dir, "f", __WASI_OFLAGS_CREAT, REGULAR_RIGHTS, &fd));
  const __wasi_ciovec_t pieces[3] = {
      {(const uint8_t*)"one ", 4}, {(const uint8_t*)"", 0}, {(const uint8_t*)"two", 3}};
  say("fd_write of three pieces", __wasi_fd_write(fd, pieces, 3, &count));
  printf("written %zu\n", count);
  seek("to the start", fd, 0, __WASI_WHENCE_SET);
  show("fd_read", fd);
  show("fd_read at the end", fd);
  seek("back from here", fd, -3, __WASI_WHENCE_CUR);
  seek("from the end", fd, -7, __WASI_WHENCE_END);
  seek("before the start", fd, -1, __WASI_WHENCE_SET);
  seek("an unknown origin", fd, 0, 7);
  seek("beyond the end", fd, 100, __WASI_WHENCE_SET);
  show("fd_read there", fd);
  const __wasi_iovec_t into = {buffer, 3};
  say("fd_pread", __wasi_fd_pread(fd, &into, 1, 4, &count));
  printf("[%.*s]\n", (int)count, (const char*)buffer);
  const __wasi_ciovec_t from = {(const uint8_t*)"TWO", 3};
  say("fd_pwrite", __wasi_fd_pwrite(fd, &from, 1, 4, &count));
  __wasi_filesize_t at = 0;
  say("fd_tell", __wasi_fd_tell(fd, &at));
  printf("still at %llu\n", at);
  seek("to the start", fd, 0, __WASI_WHENCE_SET);
  show("both", fd);
  say("fd_close", __wasi_fd_close(fd));
  say("fd_close again", __wasi_fd_close(fd));
}

static void attributes(__wasi_fd_t dir) {
  __wasi_fd_t fd;
  __wasi_size_t count;
  __wasi_filestat_t stat;
  say("open", open_file(dir, "f", 0, REGULAR_RIGHTS, &fd));
  say("fd_filestat_get", __wasi_fd_filestat_get(fd, &stat));
  printf("type %u, links %llu, size %llu\n", stat.filetype, stat.nlink, stat.size);
  say("fd_filestat_set_size", __wasi_fd_filestat_set_size(fd, 3));
  show("cut", fd);
  say("fd_allocate", __wasi_fd_allocate(fd, 0, 10));
  if (__wasi_fd_filestat_get(fd, &stat) == 0) printf("size %llu\n", stat.size);
  say("fd_advise", __wasi_fd_advise(fd, 0, 10, __WASI_ADVICE_WILLNEED));
  say("fd_datasync", __wasi_fd_datasync(fd));
  say("fd_sync", __wasi_fd_sync(fd));
  say("fd_filestat_set_times",
      __wasi_fd_filestat_set_times(fd, 1000000000, 2000000000,
                                   __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
  if (__wasi_fd_filestat_get(fd, &stat) == 0) printf("times %llu %llu\n", stat.atim, stat.mtim);
  say("~both set and now",
      __wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW));
  say("append on", __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND));
  seek("to the start", fd, 0, __WASI_WHENCE_SET);
  say("fd_write", write_text(fd, "tail", &count));
  say("append off", __wasi_fd_fdstat_set_flags(fd, 0));
  seek("to the start", fd, 0, __WASI_WHENCE_SET);
  say("fd_write", write_text(fd, "HEAD", &count));
  if (__wasi_fd_filestat_get(fd, &stat) == 0) printf("size %llu\n", stat.size);
  say("fd_close", __wasi_fd_close(fd));
}

static void rights(__wasi_fd_t dir) {
  __wasi_fd_t reader, writer;
  __wasi_size_t count;
  __wasi_fdstat_t stat;
  say("open for reading", open_file(dir, "f", 0, __WASI_RIGHTS_FD_READ, &reader));
  say("open for writing", open_file(dir, "f", 0, __WASI_RIGHTS_FD_WRITE, &writer));
  say("write to the reader", write_text(reader, "x", &count));
  say("read from the writer", read_into(writer, 1, &count));
  __wasi_filesize_t at;
  say("seek without the right", __wasi_fd_seek(reader, 1, __WASI_WHENCE_SET, &at));
  say("more rights",
      __wasi_fd_fdstat_set_rights(reader, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE, 0));
  say("no rights", __wasi_fd_fdstat_set_rights(reader, 0, 0));
  say("read without rights", read_into(reader, 1, &count));
  say("fd_fdstat_get", __wasi_fd_fdstat_get(writer, &stat));
  printf("~type %u, flags %u, rights %llx\n", stat.fs_filetype, stat.fs_flags, stat.fs_rights_base);
  say("fd_renumber", __wasi_fd_renumber(writer, reader));
  say("the old number", write_text(writer, "x", &count));
  say("the new number", write_text(reader, "x", &count));
  say("onto a closed number", __wasi_fd_renumber(reader, writer));
  say("fd_close", __wasi_fd_close(reader));
}

static void wrong_kinds(__wasi_fd_t dir) {
  __wasi_size_t count;
  __wasi_filesize_t at;
  say("~read a directory", read_into(dir, 1, &count));
  say("~write a directory", write_text(dir, "x", &count));
  say("~seek a directory", __wasi_fd_seek(dir, 0, __WASI_WHENCE_CUR, &at));
  say("~resize a directory", __wasi_fd_filestat_set_size(dir, 0));
  say("read what is not open", read_into(99, 1, &count));
  const __wasi_iovec_t outside = {(uint8_t*)0xFFFFFFF0, 100};
  __wasi_fd_t fd;
  if (open_file(dir, "f", 0, REGULAR_RIGHTS, &fd) != 0) return;
  say("~a buffer outside of memory", __wasi_fd_read(fd, &outside, 1, &count));
  say("nothing at all", __wasi_fd_read(fd, &outside, 0, &count));
  say("fd_close", __wasi_fd_close(fd));
}

int main(void) {
  const __wasi_fd_t dir = preopened();
  positions(dir);
  attributes(dir);
  rights(dir);
  wrong_kinds(dir);
  say("unlink", __wasi_path_unlink_file(dir, "f"));
  return 0;
}
