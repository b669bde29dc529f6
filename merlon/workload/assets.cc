#include "merlon/workload/assets.h"

#include <algorithm>
#include <string_view>

#include "merlon/base/text.h"
#include "merlon/files/archive.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"
#include "merlon/os/resolver.h"

namespace merlon::workload {

using base::concat;
using files::ArchiveEntry;

namespace {

template <typename T>
using Result = core::Result<T, PackageError>;

/// Whether `path` is `directory` or lies below it.
bool is_within(std::string_view path, std::string_view directory) noexcept {
  if (directory.empty() || path == directory) return true;
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

/// One package as it is being read, in the archive's order.
class Collector {
 public:
  Collector(const std::string& name, const std::vector<std::string>& wanted)
      : name_(name), wanted_(wanted) {}

  /// All that is wanted of `directory`, which is at `path` in the package, "" or with a slash at
  /// its end.
  Result<void> add_all(os::BorrowedFd directory, const std::string& path) {
    const auto names = os::names_in(directory);
    if (!names) return trouble(names.error(), path);
    for (const std::string& name : *names) {
      const std::string below = path + name;
      const auto is_in = [&](const std::string& each) { return is_within(below, each); };
      const auto leads_to = [&](const std::string& each) { return is_within(each, below); };
      const bool all = std::ranges::any_of(wanted_, is_in);
      if (!all && std::ranges::none_of(wanted_, leads_to)) continue;
      TRY(add(directory, name, below, all));
    }
    return {};
  }

  std::vector<std::uint8_t> take() { return writer_.take(); }

 private:
  PackageError trouble(core::ErrorCode code, const std::string& path, std::string_view what) const {
    return {code, concat(name_, "/", base::printable(path), ": ", what)};
  }
  PackageError trouble(os::Errno number, const std::string& path) const {
    return trouble(os::to_error(number, "").code, path,
                   concat("cannot be read: ", os::describe(number)));
  }

  Result<void> add(os::BorrowedFd directory, const std::string& name, const std::string& path,
                   bool wanted) {
    const auto where = os::Path::from(name);
    if (!where) return trouble(where.error(), path);
    const auto status = resolver_.status(directory, *where, os::Follow::No);
    if (!status) return trouble(status.error(), path);
    if (status->type == os::FileType::Directory) {
      return add_directory(directory, *where, path, status->modified);
    }
    if (!wanted) return trouble(core::ErrorCode::NotFound, path, "is no directory");
    if (status->type == os::FileType::Symlink) {
      return add_link(directory, *where, path, status->modified);
    }
    if (status->type == os::FileType::Regular) {
      return add_file(directory, *where, path, status->modified);
    }
    return trouble(core::ErrorCode::Unsupported, path,
                   "is neither file, directory nor symbolic link");
  }

  Result<void> add_directory(os::BorrowedFd parent, const os::Path& name, const std::string& path,
                             std::uint64_t modified) {
    const auto opened = resolver_.open(parent, name, {.directory = true});
    if (!opened) return trouble(opened.error(), path);
    TRY(put({ArchiveEntry::Kind::Directory, modified, path, {}}));
    return add_all(*opened, path + "/");
  }

  Result<void> add_link(os::BorrowedFd parent, const os::Path& name, const std::string& path,
                        std::uint64_t modified) {
    std::vector<std::uint8_t> target(os::max_path_size);
    const auto size = resolver_.read_link(parent, name, target);
    if (!size) return trouble(size.error(), path);
    return put({ArchiveEntry::Kind::Link, modified, path, core::ByteView(target).first(*size)});
  }

  Result<void> add_file(os::BorrowedFd parent, const os::Path& name, const std::string& path,
                        std::uint64_t modified) {
    const auto opened = resolver_.open(parent, name, {});
    if (!opened) return trouble(opened.error(), path);
    const auto bytes = os::read_all(*opened, files::max_archive_size);
    if (!bytes) return trouble(bytes.error(), path);
    return put({ArchiveEntry::Kind::File, modified, path, *bytes});
  }

  Result<void> put(const ArchiveEntry& entry) {
    const auto added = writer_.add(entry);
    if (added) return {};
    return trouble(added.error().code, std::string(entry.path), added.error().message());
  }

  const std::string& name_;
  const std::vector<std::string>& wanted_;
  os::Resolver resolver_;
  files::ArchiveWriter writer_;
};

}  // namespace

Result<std::vector<std::uint8_t>> read_assets(os::BorrowedFd package, const std::string& path,
                                              const std::vector<std::string>& directories) {
  os::Resolver resolver;
  for (const std::string& directory : directories) {
    if (directory.empty()) continue;
    const auto name = os::Path::from(directory);
    const auto found = name ? resolver.open(package, *name, {.directory = true})
                            : os::Result<os::Fd>(name.error());
    if (!found) {
      return PackageError{os::to_error(found.error(), "").code,
                          concat(path, "/", base::printable(directory),
                                 ": cannot be mounted: ", os::describe(found.error()))};
    }
  }
  Collector collector(path, directories);
  TRY(collector.add_all(package, ""));
  return collector.take();
}

}  // namespace merlon::workload
