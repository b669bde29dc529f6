#include "merlon/cli_registry/sealing.h"

#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/os/directory.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;
using sealed_package::ContentKey;

namespace {

Failure about(const std::string& path, std::string_view why, Status status = Status::Unusable) {
  return {concat(base::printable(path), ": ", why), status};
}

Result<LocalPackage> package_of(std::vector<std::uint8_t> bytes) {
  auto archive =
      files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes)));
  if (!archive) return Failure{std::string(archive.error().message())};
  LocalPackage package;
  package.archive = std::make_shared<const files::Archive>(*std::move(archive));
  auto nodes = registry::tree_of(*package.archive);
  if (!nodes) return Failure{std::string(nodes.error().message())};
  package.nodes = *std::move(nodes);
  return package;
}

Result<void> write(const std::string& folder, const files::ArchiveEntry& entry) {
  const std::string path = concat(folder, "/", entry.path);
  switch (entry.kind) {
    case files::ArchiveEntry::Kind::Directory: {
      const auto made = os::make_private_directory(path);
      if (!made) return about(path, os::describe(made.error()));
      return {};
    }
    case files::ArchiveEntry::Kind::File: {
      const auto file = os::create_private_file(path);
      if (!file) return about(path, os::describe(file.error()));
      const auto written = os::write_all(*file, entry.bytes);
      if (!written) return about(path, os::describe(written.error()));
      return {};
    }
    case files::ArchiveEntry::Kind::Link: break;
  }
  return about(path, "a sealed package holds no symbolic links", Status::Untrue);
}

/// In a buffer of its final size: nothing of it stays elsewhere.
crypto::SecretBytes hex_line(core::ByteView secret) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::vector<std::uint8_t> line;
  line.reserve(2 * secret.size() + 1);
  for (const std::uint8_t byte : secret) {
    line.push_back(static_cast<std::uint8_t>(digits[byte >> 4U]));
    line.push_back(static_cast<std::uint8_t>(digits[byte & 15U]));
  }
  line.push_back('\n');
  return crypto::SecretBytes(std::move(line));
}

/// Whether that file is all there is.
bool is_all(const std::string& folder) {
  const auto names = os::names_in(folder);
  return names && names->size() == 1 && names->front() == sealed_file;
}

}  // namespace

Result<ContentKey> read_content_key(const std::string& path) {
  constexpr std::size_t most = 256;
  const auto file = os::open_file(path);
  if (!file) return about(path, os::describe(file.error()));
  auto text = os::read_all(*file, most);
  if (!text) return about(path, os::describe(text.error()));
  const crypto::SecretBytes secret(*std::move(text));
  std::string_view digits = core::as_text(secret.reveal());
  while (digits.ends_with('\n') || digits.ends_with('\r')) digits.remove_suffix(1);
  auto bytes = codec::decode_hex(digits);
  const Failure none = about(path, "is no content key: 64 hexadecimal digits");
  if (!bytes) return none;
  const crypto::SecretBytes decoded(*std::move(bytes));
  auto key = ContentKey::from(decoded.reveal());
  if (!key) return none;
  return *std::move(key);
}

Result<ContentKey> content_key_at(const std::string& path) {
  if (os::exists(path)) return read_content_key(path);
  ContentKey key = ContentKey::make();
  const auto file = os::create_private_file(path);
  if (!file) return about(path, os::describe(file.error()));
  const crypto::SecretBytes text = hex_line(key.reveal());
  const auto written = os::write_all(*file, text.reveal());
  const auto kept = written ? os::sync(*file) : written;
  const auto named = kept ? os::sync_directory_of(path) : kept;
  // Without it the package could never be opened.
  if (!named) return about(path, os::describe(named.error()));
  return key;
}

Result<LocalPackage> sealed(const LocalPackage& package, const ContentKey& key) {
  const std::vector<std::uint8_t>& plain = *package.archive->bytes();
  const auto bytes = sealed_package::seal(plain, key, sealed_package::salt_of(plain, key));
  if (!bytes) return Failure{std::string(bytes.error().message())};
  files::ArchiveWriter writer;
  const auto added = writer.add({files::ArchiveEntry::Kind::File, 0, sealed_file, *bytes});
  if (!added) return Failure{std::string(added.error().message())};
  return package_of(writer.take());
}

std::optional<std::string> content_key_file(const cli::Arguments& arguments) {
  if (!arguments.has("--content-key")) return std::nullopt;
  return arguments.value("--content-key");
}

Result<void> unseal(const std::string& folder, const std::optional<std::string>& key_file) {
  if (!is_all(folder)) {
    if (!key_file) return {};
    return Failure{"--content-key: the package is not sealed", Status::Untrue};
  }
  if (!key_file) {
    return Failure{"the package is sealed: --content-key FILE opens it", Status::Usage};
  }
  const std::string path = concat(folder, "/", sealed_file);
  const ContentKey key = TRY(read_content_key(*key_file));
  const auto file = os::open_file(path);
  if (!file) return about(path, os::describe(file.error()));
  // Sealing adds a header, padding and tags.
  const auto bytes = os::read_all(*file, 2 * sealed_package::max_package_size);
  if (!bytes) return about(path, os::describe(bytes.error()));
  auto opened = sealed_package::open(*bytes, key);
  if (!opened) return Failure{std::string(opened.error().message()), Status::Untrue};
  const auto archive =
      files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(*std::move(opened)));
  if (!archive) return Failure{"the sealed package holds no package", Status::Untrue};
  std::error_code error;
  if (!std::filesystem::remove(path, error)) return about(path, error.message());
  for (const files::ArchiveEntry& each : archive->entries()) TRY(write(folder, each));
  return {};
}

}  // namespace merlon::cli_registry
