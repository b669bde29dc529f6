// Paths from a guest: whatever they say, nothing outside of the directory is reached or changed,
// and the kernel's path resolution and ours agree.
//
// Input: lines of one letter and one or two paths with a tab between them; a NUL or any other byte
// but newline and tab may be part of a path. Capital letters go through the component walk.

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

#include "merlon/wasi/rights.h"

#include "tests/fuzz/wasi_harness.h"

namespace {

using namespace merlon;

constexpr wasi::GuestAddress first_at = 1024;
constexpr wasi::GuestAddress second_at = 20000;
constexpr wasi::GuestAddress buffer_at = 40000;
constexpr wasi::GuestAddress result_at = 8;

struct Line {
  char letter = 0;
  std::string_view first;
  std::string_view second;
};

Line parse(std::string_view text) {
  Line line;
  if (text.empty()) return line;
  line.letter = text.front();
  text.remove_prefix(1);
  line.first = text.substr(0, text.find('\t'));
  if (line.first.size() < text.size()) line.second = text.substr(line.first.size() + 1);
  line.first = line.first.substr(0, 16000);
  line.second = line.second.substr(0, 16000);
  return line;
}

class Paths {
 public:
  Paths(const fuzz::GuardedTree& tree, os::Resolver::Method method)
      : tree_(tree), guest_({.resolution = method}), dir_(guest_.preopen(tree.open_inside())) {}

  /// What the call gave, as text: two ways of resolving must give the same.
  std::string run(const Line& line) {
    put(first_at, line.first);
    put(second_at, line.second);
    const auto one = static_cast<wasi::GuestSize>(line.first.size());
    const auto two = static_cast<wasi::GuestSize>(line.second.size());
    switch (std::tolower(line.letter)) {
      case 'o': return opened(one, 1, 0);
      case 'n': return opened(one, 0, 0);
      case 'c': return opened(one, 1, 1);
      case 'x': return opened(one, 1, 1 | 4);
      case 'i': return opened(one, 1, 2);
      case 'p': return stat(one, 0);
      case 't': return stat(one, 1);
      case 'k': return link_text(one);
      case 'd': return text(call<&wasi::api::path_create_directory>(dir_, first_at, one));
      case 'r': return text(call<&wasi::api::path_remove_directory>(dir_, first_at, one));
      case 'u': return text(call<&wasi::api::path_unlink_file>(dir_, first_at, one));
      case 'm':
        return text(call<&wasi::api::path_filestat_set_times>(
            dir_, 1U, first_at, one, std::uint64_t{1}, std::uint64_t{2}, std::uint32_t{5}));
      case 's': return text(call<&wasi::api::path_symlink>(first_at, one, dir_, second_at, two));
      case 'v':
        return text(call<&wasi::api::path_rename>(dir_, first_at, one, dir_, second_at, two));
      case 'l':
        return text(call<&wasi::api::path_link>(dir_, 0U, first_at, one, dir_, second_at, two));
      default: return "";
    }
  }

 private:
  void put(wasi::GuestAddress at, std::string_view what) {
    std::copy(what.begin(), what.end(), guest_.bytes().begin() + at);
  }
  template <auto Function, typename... Arguments>
  wasi::Result<void> call(Arguments... arguments) {
    return Function(guest_.context(), guest_.memory(), arguments...);
  }
  static std::string text(const wasi::Result<void>& result) {
    return result.has_value() ? "ok" : std::string(wasi::to_string(result.error().number));
  }
  std::string opened(wasi::GuestSize size, std::uint32_t dirflags, std::uint32_t oflags) {
    const wasi::Result<void> result =
        call<&wasi::api::path_open>(dir_, dirflags, first_at, size, oflags,
                                    wasi::rights::fd_read.bits(), std::uint64_t{0}, 0U, result_at);
    if (!result.has_value()) return text(result);
    const auto fd = guest_.memory().load<wasi::FdNumber>(result_at).value();
    const int file = guest_.context().files().get(fd).value()->file.number();
    if (!tree_.is_inside(file)) fuzz::found("an open file lies outside");
    struct ::stat info{};
    ::fstat(file, &info);
    if (!guest_.context().files().close(fd).has_value()) fuzz::found("an open file is not open");
    return "inode " + std::to_string(info.st_ino);
  }
  std::string stat(wasi::GuestSize size, std::uint32_t flags) {
    const wasi::Result<void> result =
        call<&wasi::api::path_filestat_get>(dir_, flags, first_at, size, buffer_at);
    if (!result.has_value()) return text(result);
    return "inode " + std::to_string(guest_.memory().load<std::uint64_t>(buffer_at + 8).value());
  }
  std::string link_text(wasi::GuestSize size) {
    const wasi::Result<void> result = call<&wasi::api::path_readlink>(
        dir_, first_at, size, buffer_at, wasi::GuestSize{100}, result_at);
    if (!result.has_value()) return text(result);
    const auto used = guest_.memory().load<wasi::GuestSize>(result_at).value();
    const core::ByteSpan bytes = guest_.memory().at(buffer_at, used).value();
    return {bytes.begin(), bytes.end()};
  }

  const fuzz::GuardedTree& tree_;
  fuzz::Guest guest_;
  wasi::FdNumber dir_;
};

bool only_looks(char letter) { return std::strchr("onipt", std::tolower(letter)) != nullptr; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedTree tree;
  tree.reset();
  Paths kernel(tree, os::Resolver::Method::Detect);
  Paths walk(tree, os::Resolver::Method::Walk);
  std::string_view rest = core::as_text({data, size});
  for (int lines = 0; !rest.empty() && lines < 64; ++lines) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    const Line line = parse(text);
    if (line.letter == 0) continue;
    const bool by_walk = std::isupper(line.letter) != 0;
    const std::string first = (by_walk ? walk : kernel).run(line);
    if (only_looks(line.letter) && (by_walk ? kernel : walk).run(line) != first) {
      fuzz::found("two ways of resolving a path disagree");
    }
  }
  tree.check();
  return 0;
}
