#pragma once

// A guest without an engine, and a directory with something beside it that must never be reached.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/wasi/api.h"
#include "merlon/wasi/preopen.h"

namespace merlon::fuzz {

[[noreturn]] inline void found(const char* what) {
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

/// root/in is the guest's; root/out, root/secret and the list of root must stay as they are.
class GuardedTree {
 public:
  GuardedTree() {
    const ::rlimit small{1 << 20, 1 << 20};  // no input may fill a disk
    ::setrlimit(RLIMIT_FSIZE, &small);
    ::signal(SIGXFSZ, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    // In memory where possible: a guest may call fd_sync as often as it likes.
    const bool in_memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern =
        (in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
        "merlon-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) found("no scratch directory");
    root_ = pattern;
    std::filesystem::create_directory(root_ / "out");
    std::ofstream(root_ / "out/secret") << "secret";
    secret_ = state();
  }
  ~GuardedTree() { std::filesystem::remove_all(root_); }
  GuardedTree(const GuardedTree&) = delete;
  GuardedTree& operator=(const GuardedTree&) = delete;

  /// The guest's directory, as new.
  void reset() {
    std::error_code ignored;
    std::filesystem::remove_all(root_ / "in", ignored);
    std::filesystem::create_directories(root_ / "in/dir/sub");
    std::ofstream(root_ / "in/file") << "file";
    std::ofstream(root_ / "in/dir/file") << "inner";
    std::filesystem::create_symlink("dir", root_ / "in/link");
    std::filesystem::create_symlink("../out", root_ / "in/exit");
    std::filesystem::create_symlink(root_ / "out/secret", root_ / "in/absolute");
  }
  [[nodiscard]] os::Fd open_inside() const {
    return os::Fd::adopt(::open((root_ / "in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void check() const {
    if (state() != secret_) found("something outside of the directory has changed");
  }
  [[nodiscard]] bool is_inside(int fd) const {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    std::error_code error;
    const std::string path = std::filesystem::read_symlink(link, error).string();
    return path.starts_with((root_ / "in").string()) || path.find("(deleted)") != path.npos;
  }

 private:
  /// What stat(2) says of everything outside, as one text.
  [[nodiscard]] std::string state() const {
    std::string all;
    for (const char* name : {"out", "out/secret"}) {
      struct ::stat found_there{};
      if (::stat((root_ / name).c_str(), &found_there) != 0) return "gone";
      for (const auto number :
           {static_cast<long>(found_there.st_ino), static_cast<long>(found_there.st_size),
            static_cast<long>(found_there.st_nlink), found_there.st_mtim.tv_sec,
            found_there.st_mtim.tv_nsec, found_there.st_ctim.tv_nsec}) {
        all += std::to_string(number) + " ";
      }
    }
    std::size_t entries = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(root_)) {
      if (entry.path().filename() != "in") ++entries;
    }
    return all + std::to_string(entries);
  }

  std::filesystem::path root_;
  std::string secret_;
};

/// Memory and a Context.
class Guest {
 public:
  explicit Guest(const wasi::ContextOptions& options = {}, std::size_t memory_size = 65536)
      : bytes_(memory_size) {
    auto context = wasi::Context::create(options);
    if (!context.has_value()) found("no context");
    context_ = *std::move(context);
  }
  wasi::Context& context() { return *context_; }
  wasi::GuestMemory memory() { return wasi::GuestMemory(bytes_); }
  std::vector<std::uint8_t>& bytes() { return bytes_; }
  wasi::FdNumber insert(core::Result<wasi::FdEntry> entry) {
    if (!entry.has_value()) found("cannot set up a file");
    return context_->files().insert(*std::move(entry)).value();
  }
  wasi::FdNumber preopen(os::Fd directory) {
    return insert(wasi::directory(std::move(directory), "/", wasi::DirectoryAccess::ReadWrite));
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<wasi::Context> context_;
};

}  // namespace merlon::fuzz
