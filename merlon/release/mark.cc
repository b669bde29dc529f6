#include "merlon/release/mark.h"

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::release {

using base::concat;
using core::Result;

namespace {

constexpr std::size_t longest = 32;

}  // namespace

Result<Mark, std::string> Mark::open(std::string path) {
  if (path.empty() || !os::exists(path)) return Mark(std::move(path), 0);
  const auto file = os::open_file(path);
  if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
  const auto bytes = os::read_all(*file, longest);
  if (!bytes) return concat(base::printable(path), ": ", os::describe(bytes.error()));
  std::string_view text = core::as_text(*bytes);
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto value = base::parse_decimal(text);
  if (value) return Mark(std::move(path), *value);
  return concat(base::printable(path),
                ": is damaged: it says in one number how far the release store had come");
}

Result<void, std::string> Mark::raise(std::uint64_t value) {
  if (value <= value_) return {};
  if (!path_.empty()) {
    const std::string text = concat(value, "\n");
    const auto written = os::replace_file(path_, core::as_bytes(text));
    if (!written) return concat(base::printable(path_), ": ", os::describe(written.error()));
  }
  value_ = value;
  return {};
}

}  // namespace merlon::release
