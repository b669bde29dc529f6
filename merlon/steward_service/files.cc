#include "merlon/steward_service/files.h"


#include "merlon/base/text.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"

namespace merlon::steward_service {

using base::concat;

namespace {

constexpr std::size_t max_endorsement_size = 8U << 20U;

std::string joined(const std::string& directory, const std::string& name) {
  return concat(directory, directory.ends_with('/') ? "" : "/", name);
}

std::string in_words(const core::Error& error) {
  return error.detail == 0 ? std::string(error.what) : concat(error.what, " (", error.detail, ")");
}

Outcome<void> add_file(GivenEndorsements& given, const std::string& path, bool named) {
  const auto bytes = TRY(read_file(path, max_endorsement_size));
  const auto added = given.all.add(bytes, path);
  if (added) return {};
  const std::string line = concat(base::printable(path), ": ", in_words(added.error()));
  // Malformed: nothing of it is known, so it is something else that lies there.
  if (named || added.error().code != core::ErrorCode::Malformed || path.ends_with(".crl")) {
    return line;
  }
  given.warnings.push_back(concat(line, "; it counts for nothing"));
  return {};
}

void add_status(std::vector<std::string>& to, const std::string& path) {
  const auto file = os::open_file(path);
  const auto status = file ? os::status(*file) : os::Result<os::FileStatus>(file.error());
  to.push_back(status ? concat(path, " ", status->size, " ", status->inode, " ", status->modified,
                               " ", status->changed)
                      : concat(path, " ", os::describe(status.error())));
}

}  // namespace

Outcome<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_size) {
  const auto file = os::open_file(path);
  auto bytes =
      file ? os::read_all(*file, max_size) : os::Result<std::vector<std::uint8_t>>(file.error());
  if (bytes) return *std::move(bytes);
  return concat(base::printable(path), ": cannot be read: ",
                bytes.error() == os::Errno::Fbig ? concat("it is larger than ", max_size, " bytes")
                                                 : std::string(os::describe(bytes.error())));
}

Outcome<std::vector<std::string>> names_in(const std::string& path) {
  constexpr std::size_t most = evidence::Endorsements::max_artefacts;
  auto names = os::visible_files_in(path, most);
  if (names) return *std::move(names);
  const os::Errno reason = names.error();
  if (reason == os::Errno::Overflow) {
    return concat(base::printable(path), ": has more than ", most, " files");
  }
  return concat(base::printable(path), ": cannot be read: ", os::describe(reason));
}

Outcome<GivenEndorsements> read_endorsements(const std::vector<std::string>& paths) {
  GivenEndorsements given;
  for (const std::string& path : paths) {
    if (!os::open_directory(path)) {
      TRY(add_file(given, path, true));
      continue;
    }
    const std::size_t before = given.all.size();
    for (const std::string& name : TRY(names_in(path))) {
      TRY(add_file(given, joined(path, name), false));
    }
    if (given.all.size() == before) {
      given.warnings.push_back(
          concat(base::printable(path), ": no endorsements in it; folders in it are not read"));
    }
  }
  return given;
}

void add_fingerprint(std::vector<std::string>& to, const std::string& path) {
  if (path.empty()) return;
  if (!os::open_directory(path)) {
    add_status(to, path);
    return;
  }
  const auto names = names_in(path);
  if (!names) {
    to.push_back(names.error());
    return;
  }
  for (const std::string& name : *names) add_status(to, joined(path, name));
}

}  // namespace merlon::steward_service
