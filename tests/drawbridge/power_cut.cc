// Loaded before the C library into a program whose disk is to be as after a power cut: notes what a
// disk must have kept. At each fsync and fdatasync, a copy of the file goes to
// $MERLON_POWER_CUT/INODE; of a directory, its names and their inodes. registry.py puts a store
// together of it.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

void copy_file(int from, int to) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", from);
  const int again = ::open(path, O_RDONLY | O_CLOEXEC);  // with a position of its own
  if (again < 0) return;
  while (::sendfile(to, again, nullptr, std::size_t{1} << 20U) > 0) {
  }
  ::close(again);
}

void list_directory(int from, int to) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", from);
  DIR* const directory = ::opendir(path);
  if (directory == nullptr) return;
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string line = std::to_string(entry->d_ino) + " " + entry->d_name + "\n";
    if (entry->d_name[0] != '.' && ::write(to, line.data(), line.size()) < 0) break;
  }
  ::closedir(directory);
}

/// One at a time, of all threads and processes: else a copy that was begun earlier could take the
/// place of a later one, whose writer has been told that it is on the disk.
class Turn {
 public:
  explicit Turn(const std::string& folder)
      : lock_(::open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    while (lock_ >= 0 && ::flock(lock_, LOCK_EX) != 0) {
    }
  }
  ~Turn() { ::close(lock_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int lock_;
};

void note(int fd) {
  const char* const folder = std::getenv("MERLON_POWER_CUT");
  struct stat status{};
  if (folder == nullptr || ::fstat(fd, &status) != 0) return;
  const Turn turn(folder);
  const std::string name = std::string(folder) + "/" + std::to_string(status.st_ino);
  const std::string half = name + "." + std::to_string(::gettid());
  const int to = ::open(half.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (to < 0) return;
  S_ISDIR(status.st_mode) ? list_directory(fd, to) : copy_file(fd, to);
  ::close(to);
  // In one step, since a kill may come at any moment.
  ::rename(half.c_str(), name.c_str());
}

}  // namespace

extern "C" int fsync(int fd) {
  note(fd);
  return 0;
}

extern "C" int fdatasync(int fd) {
  note(fd);
  return 0;
}
