#include "merlon/os/walk.h"

#include <array>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace merlon::os {
namespace {

constexpr int max_links = 40;  // as the kernel's MAXSYMLINKS
/// More than any path without links can need, which is about 420,000 for one of 4095 bytes that
/// goes down and up again and again; links can make up paths that would never end.
constexpr int max_steps = 1 << 19;

/// The text of the link `name`, nothing when it is no link.
Result<std::optional<std::string>> link_text(BorrowedFd parent, const std::string& name) {
  std::array<char, max_path_size + 1> text{};
  const ::ssize_t size = ::readlinkat(parent.number(), name.c_str(), text.data(), text.size());
  if (size < 0) {
    const Errno number = last_errno();
    if (number == Errno::Inval) return std::optional<std::string>{};
    return number;
  }
  if (static_cast<std::size_t>(size) >= text.size()) return Errno::Nametoolong;
  std::string said(text.data(), static_cast<std::size_t>(size));
  if (!is_link_text(said)) return Errno::Io;
  return std::optional(std::move(said));
}

Result<Fd> step_down(BorrowedFd parent, const std::string& name) {
  const int number =
      ::openat(parent.number(), name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

class Walk {
 public:
  Walk(BorrowedFd root, const Path& path, LastLink last)
      : root_(root), last_(last), pending_(path.text()) {}

  Result<Place> run() {
    for (;;) {
      const Component next = take();
      if (next.name == ".." || next.name == ".") {
        if (next.name == "..") TRY(step_up());
        if (next.is_last) return place(".", false);
        continue;
      }
      if (next.is_last) {
        const bool expanded = TRY(expand_last(next));
        if (!expanded) return place_of_last(next);
      } else {
        TRY(step_into(next));
      }
    }
  }

 private:
  struct Component {
    std::string name;
    std::string rest;  // with its leading slashes
    bool is_last;
  };

  /// Cuts the next component off; pending_ becomes what stands behind it.
  Component take() {
    const std::size_t start = std::min(pending_.find_first_not_of('/'), pending_.size());
    const std::size_t end = std::min(pending_.find('/', start), pending_.size());
    Component next{pending_.substr(start, end - start), pending_.substr(end), false};
    next.is_last = next.rest.find_first_not_of('/') == std::string::npos;
    if (next.name.empty()) next.name = ".";
    pending_ = next.rest;
    return next;
  }

  [[nodiscard]] BorrowedFd here() const { return held_.is_open() ? BorrowedFd(held_) : root_; }

  Place place(std::string name, bool must_be_directory) {
    const BorrowedFd parent = here();  // the number stays the same when the owner moves
    return Place{std::move(held_), parent, std::move(name), must_be_directory};
  }

  Place place_of_last(const Component& last) {
    const bool slash = !last.rest.empty();
    if (last_ == LastLink::Keep) return place(slash ? last.name + "/" : last.name, false);
    return place(last.name, slash);
  }

  /// ".." means the parent by the names we came through, so a directory that is moved away while
  /// we stand in it cannot lift us out. Costs a walk from the root but holds a single descriptor.
  Result<void> step_up() {
    if (names_.empty()) return Errno::Outside;
    names_.pop_back();
    held_.close();
    for (const std::string& name : names_) held_ = TRY(step(name));
    return {};
  }

  Result<Fd> step(const std::string& name) {
    if (steps_++ >= max_steps) return Errno::Loop;
    return step_down(here(), name);
  }

  Result<void> step_into(const Component& next) {
    Result<Fd> below = step(next.name);
    if (below.has_value()) {
      held_ = *std::move(below);
      names_.push_back(next.name);
      return {};
    }
    if (below.error() != Errno::Notdir) return below.error();
    const std::optional<std::string> text = TRY(link_text(here(), next.name));
    if (!text.has_value()) return Errno::Notdir;
    return follow(*text, next.rest);
  }

  /// True when the last component was a link to be followed; pending_ is then its text.
  Result<bool> expand_last(const Component& next) {
    if (last_ == LastLink::Keep) return false;
    if (last_ == LastLink::FollowIfSlash && next.rest.empty()) return false;
    Result<std::optional<std::string>> text = link_text(here(), next.name);
    if (!text.has_value()) {
      if (text.error() == Errno::Noent) return false;  // it may be about to be created
      return text.error();
    }
    if (!text->has_value()) return false;
    TRY(follow(**text, next.rest));
    return true;
  }

  Result<void> follow(const std::string& text, const std::string& rest) {
    if (links_++ >= max_links) return Errno::Loop;
    if (text.empty()) return Errno::Noent;
    if (text.front() == '/') return Errno::Outside;
    pending_ = text + rest;
    return {};
  }

  BorrowedFd root_;
  LastLink last_;
  std::string pending_;
  Fd held_;
  std::vector<std::string> names_;
  int links_ = 0;
  int steps_ = 0;
};

}  // namespace

Result<Place> walk(BorrowedFd root, const Path& path, LastLink last) {
  return Walk(root, path, last).run();
}

}  // namespace merlon::os
