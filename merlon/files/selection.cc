#include "merlon/files/selection.h"

#include <algorithm>

namespace merlon::files {

namespace {

bool is_within(std::string_view path, std::string_view directory) noexcept {
  if (directory.empty() || path == directory) return true;
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

}  // namespace

bool is_selected(std::string_view path, std::span<const std::string> directories) {
  return std::ranges::any_of(directories, [path](const std::string& each) {
    return is_within(path, each) || is_within(each, path);
  });
}

core::Result<std::vector<std::uint8_t>> select(const Archive& package,
                                               std::span<const std::string> directories) {
  ArchiveWriter writer;
  for (ArchiveEntry entry : package.entries()) {
    if (!is_selected(entry.path, directories)) continue;
    entry.modified = 0;
    TRY(writer.add(entry));
  }
  return writer.take();
}

}  // namespace merlon::files
