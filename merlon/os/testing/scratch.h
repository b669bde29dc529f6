#pragma once

// A directory of one test's own, removed at its end.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/os/fd.h"

namespace merlon::os::testing {

class ScratchDirectory {
 public:
  ScratchDirectory() : path_(std::filesystem::temp_directory_path() / "merlon-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
    EXPECT_FALSE(path_.empty()) << "no scratch directory";
    fd_ = Fd::adopt(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] BorrowedFd fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  void make_file(const std::string& name, const std::string& content = "") const {
    std::ofstream(*this / name, std::ios::binary) << content;
  }
  void make_directory(const std::string& name) const {
    EXPECT_EQ(::mkdir((*this / name).c_str(), 0777), 0) << name;
  }
  void make_symlink(const std::string& target, const std::string& name) const {
    EXPECT_EQ(::symlink(target.c_str(), (*this / name).c_str()), 0) << name;
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(*this / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    struct ::stat ignored{};
    return ::lstat((*this / name).c_str(), &ignored) == 0;
  }

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace merlon::os::testing
