#include "merlon/os/path.h"

namespace merlon::os {

Result<Path> Path::from(std::string_view text) {
  if (text.empty()) return Errno::Noent;
  if (text.size() > max_path_size) return Errno::Nametoolong;
  if (text.find('\0') != std::string_view::npos) return Errno::Inval;
  if (text.front() == '/') return Errno::Outside;
  return Path(text);
}

std::size_t Path::start_of_last() const noexcept {
  const std::size_t end = text_.find_last_not_of('/');
  const std::size_t slash = text_.rfind('/', end);
  return slash == std::string::npos ? 0 : slash + 1;
}

std::string_view Path::parent() const noexcept { return text().substr(0, start_of_last()); }

std::string_view Path::last() const noexcept { return text().substr(start_of_last()); }

bool Path::ends_in_dots() const noexcept {
  const std::string_view name = last().substr(0, last().find('/'));
  return name == "." || name == "..";
}

bool Path::is_plain_name() const noexcept {
  return text_.find('/') == std::string::npos && !ends_in_dots();
}

bool is_canonical_path(std::string_view path) noexcept {
  constexpr std::size_t most = 1024;
  constexpr std::size_t most_of_a_name = 255;
  if (!path.starts_with('/') || path.size() > most) return false;
  if (path == "/") return true;
  while (!path.empty()) {
    path.remove_prefix(1);  // a slash
    const std::string_view name = path.substr(0, path.find('/'));
    if (!is_entry_name(name) || name == "." || name == "..") return false;
    if (name.size() > most_of_a_name) return false;
    path.remove_prefix(name.size());
  }
  return true;
}

}  // namespace merlon::os
