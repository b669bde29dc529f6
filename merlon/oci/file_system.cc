#include "merlon/oci/file_system.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/oci/artifact.h"

namespace merlon::oci {

using base::concat;

namespace {

constexpr std::size_t block = 512;
constexpr std::size_t longest_header = std::size_t{64} << 10U;

template <typename... Parts>
core::Unexpected<std::string> refusal(const Parts&... parts) {
  return core::Unexpected<std::string>(concat(parts...));
}

/// A field of a header: up to its first zero byte.
std::string_view field(core::ByteView header, std::size_t at, std::size_t size) {
  const std::string_view text = core::as_text(header.subspan(at, size));
  return text.substr(0, text.find('\0'));
}

/// Octal digits with spaces around them.
std::optional<std::uint64_t> octal(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  constexpr std::size_t most = 12;
  if (text.empty() || text.size() > most) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool has_checksum(core::ByteView header) {
  constexpr std::size_t at = 148;
  constexpr std::size_t size = 8;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    sum += i >= at && i < at + size ? std::uint64_t{' '} : header[i];
  }
  return octal(field(header, at, size)) == sum;
}

/// Without "./" in front and "/" at either end.
std::string_view plain(std::string_view path) {
  while (path.starts_with("./") || path.starts_with('/')) {
    path.remove_prefix(path.starts_with('/') ? 1 : 2);
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  return path == "." ? std::string_view() : path;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// What a header of the extended format says of the next entry.
struct Extended {
  std::optional<std::string> path{};
  std::optional<std::uint64_t> size{};
};

/// "LENGTH NAME=VALUE\n" for each.
Read<void> read_extended(std::string_view text, Extended& extended) {
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const auto length = base::parse_decimal(text.substr(0, std::min(space, text.size())));
    if (space == std::string_view::npos || !length || *length > text.size() ||
        *length < space + 3 || text[*length - 1] != '\n') {
      return refusal("an archive with an extended header that is none");
    }
    const std::string_view record = text.substr(space + 1, *length - space - 2);
    text.remove_prefix(*length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) {
      return refusal("an archive with an extended header that is none");
    }
    const std::string_view name = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (name == "path") extended.path = value;
    if (name != "size") continue;
    const auto size = base::parse_decimal(value);
    if (!size) return refusal("an archive with a size that is none");
    extended.size = *size;
  }
  return {};
}

}  // namespace

bool PathLess::operator()(std::string_view one, std::string_view other) const noexcept {
  return std::ranges::lexicographical_compare(one, other, [](char a, char b) {
    const auto weight = [](char c) {
      return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)) + 1;
    };
    return weight(a) < weight(b);
  });
}

Read<void> FileSystem::add_directory(std::string_view path) {
  if (path.empty()) return {};
  const auto found = entries_.find(path);
  if (found != entries_.end()) {
    if (found->second.is_directory) return {};
    return refusal(base::quoted(path), " is both a file and a directory");
  }
  // From the top, so that there are no more calls than names in the path.
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string_view above = path.substr(0, end);
    const auto [entry, fresh] = entries_.try_emplace(std::string(above), Entry{true, {}});
    if (!entry->second.is_directory) {
      return refusal(base::quoted(above), " is both a file and a directory");
    }
    if (fresh && entries_.size() > files::max_archive_entries) {
      return refusal("more files than a keep could be given");
    }
    if (end == std::string_view::npos) return {};
  }
}

Read<void> FileSystem::add(std::string_view path, std::vector<std::uint8_t> bytes) {
  if (!is_path(path)) return refusal(base::quoted(path), ": a name that no package has");
  if (bytes.size() > room() || entries_.size() >= files::max_archive_entries) {
    return refusal("more than a keep could be given");
  }
  TRY(add_directory(parent_of(path)));
  const std::uint64_t size = bytes.size();
  const auto [entry, fresh] = entries_.try_emplace(std::string(path), Entry{false, {}});
  if (!fresh) return refusal(base::quoted(path), " is there twice");
  entry->second.bytes = std::move(bytes);
  bytes_ += size;
  return {};
}

void FileSystem::remove(std::string_view path, bool only_below) {
  auto at = entries_.lower_bound(path);
  const auto is_below = [&](std::string_view each) {
    return path.empty() ||
           (each.size() > path.size() && each.starts_with(path) && each[path.size()] == '/');
  };
  while (at != entries_.end() && (at->first == path || is_below(at->first))) {
    if (only_below && at->first == path) {
      ++at;
      continue;
    }
    bytes_ -= at->second.bytes.size();
    at = entries_.erase(at);
  }
}

/// One archive, entry by entry.
class TarReader {
 public:
  TarReader(core::ByteView tar, FileSystem& target) noexcept : rest_(tar), target_(target) {}

  Read<void> run() {
    while (!rest_.empty()) {
      if (rest_.size() < block) return refusal("an archive that ends early");
      const core::ByteView header = rest_.first(block);
      if (std::ranges::all_of(header, [](std::uint8_t byte) { return byte == 0; })) return {};
      if (!has_checksum(header)) return refusal("a layer that is no archive of tar");
      TRY(read_entry(header));
    }
    return {};
  }

 private:
  Read<void> read_entry(core::ByteView header) {
    constexpr std::size_t size_at = 124;
    constexpr std::size_t type_at = 156;
    const char type = static_cast<char>(header[type_at]);
    auto size = octal(field(header, size_at, 12));
    const bool is_header = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    if (!is_header && extended_.size) size = extended_.size;
    rest_ = rest_.subspan(block);
    if (!size || *size > rest_.size()) return refusal("an archive that ends early");
    const core::ByteView content = rest_.first(static_cast<std::size_t>(*size));
    const std::size_t padded = (content.size() + block - 1) / block * block;
    rest_ = rest_.subspan(std::min(padded, rest_.size()));
    if (is_header) return read_header(type, core::as_text(content));
    const std::string name = extended_.path.value_or(name_of(header));
    extended_ = {};
    return put(type, plain(name), content);
  }

  static std::string name_of(core::ByteView header) {
    constexpr std::size_t magic_at = 257;
    constexpr std::size_t prefix_at = 345;
    const std::string_view name = field(header, 0, 100);
    const bool posix = field(header, magic_at, 6) == "ustar";
    const std::string_view prefix = posix ? field(header, prefix_at, 155) : std::string_view();
    return concat(prefix, prefix.empty() ? "" : "/", name);
  }

  Read<void> read_header(char type, std::string_view text) {
    if (text.size() > longest_header) return refusal("an archive with a header that is too long");
    if (type == 'x') return read_extended(text, extended_);
    if (type == 'L') extended_.path = text.substr(0, text.find('\0'));
    if (type != 'g') return {};
    Extended global;
    TRY(read_extended(text, global));
    if (global.path || global.size)
      return refusal("an archive whose entries are all called the same");
    return {};
  }

  Read<void> put(char type, std::string_view path, core::ByteView content) {
    constexpr std::string_view gone = ".wh.";
    constexpr std::string_view all_gone = ".wh..wh..opq";
    if (path.empty()) return {};
    const std::string_view above = parent_of(path);
    const std::string_view name = path.substr(above.empty() ? 0 : above.size() + 1);
    if (name.starts_with(gone)) {
      const std::string_view target = name.substr(gone.size());
      const std::string whole = concat(above, above.empty() ? "" : "/", target);
      if (name == all_gone) {
        target_.remove(above, true);
      } else if (is_path(whole)) {
        target_.remove(whole, false);
      }
      return {};
    }
    switch (type) {
      case '5':
        if (!is_path(path)) return refusal(base::quoted(path), ": a name that no package has");
        if (target_.has_file(path)) target_.remove(path, false);
        return target_.add_directory(path);
      case '0':
      case '\0':
      case '7':
        target_.remove(path, false);
        return target_.add(path, {content.begin(), content.end()});
      case '1':
      case '2': return refusal(base::quoted(path), " is a link, which no package has");
      default: return refusal(base::quoted(path), " is no file and no directory");
    }
  }

  core::ByteView rest_;
  FileSystem& target_;
  Extended extended_;
};

Read<void> FileSystem::apply(core::ByteView tar) { return TarReader(tar, *this).run(); }

bool FileSystem::has_file(std::string_view path) const {
  const auto found = entries_.find(path);
  return found != entries_.end() && !found->second.is_directory;
}

bool FileSystem::make_main(std::string_view path) {
  if (!has_file(path) || entries_.contains("main.wasm")) return false;
  auto node = entries_.extract(entries_.find(path));
  node.key() = "main.wasm";
  entries_.insert(std::move(node));
  return true;
}

Read<files::Archive> FileSystem::archive() const {
  using Kind = files::ArchiveEntry::Kind;
  files::ArchiveWriter writer;
  for (const auto& [path, entry] : entries_) {
    const auto added =
        writer.add({entry.is_directory ? Kind::Directory : Kind::File, 0, path, entry.bytes});
    if (!added) return refusal(base::quoted(path), ": ", added.error().message());
  }
  auto archive =
      files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take()));
  if (!archive) return refusal(archive.error().message());
  return *std::move(archive);
}

}  // namespace merlon::oci
