#include "merlon/appraise/files.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"

namespace merlon::appraise {

using base::concat;

namespace {

constexpr std::size_t max_endorsement_size = 8U << 20U;

Failure unusable(const std::string& path, std::string_view why) {
  return {concat(base::printable(path), ": cannot be read: ", why), Status::Unusable};
}

Failure unusable_endorsement(const std::string& path, const core::Error& error) {
  Failure failure = not_parsed(path, error);
  failure.status = Status::Unusable;
  return failure;
}

/// A file of a directory may be something else. But what may be a revocation list, or more than can
/// be taken, must not be lost without a word: a policy may accept missing lists.
Result<void> add_of_directory(evidence::Endorsements& all, const std::string& path) {
  const auto bytes = TRY(read_bytes(path, max_endorsement_size));
  const auto added = all.add(bytes);
  if (added) return {};
  const bool nothing_known = added.error().code == core::ErrorCode::Malformed;
  if (nothing_known && !path.ends_with(".crl")) return {};
  return unusable_endorsement(path, added.error());
}

/// Names of a directory, sorted, so that every run sees the same order.
Result<std::vector<std::string>> names_in(const std::string& path) {
  const auto directory = os::open_directory(path);
  if (!directory) return unusable(path, os::describe(directory.error()));
  os::DirectoryReader reader;
  std::vector<std::string> names;
  for (std::uint64_t cookie = 0;;) {
    const auto entry = reader.at(*directory, cookie);
    if (!entry) return unusable(path, os::describe(entry.error()));
    if (!*entry) break;
    cookie = (*entry)->next;
    const bool file = (*entry)->type == os::FileType::Regular ||
                      (*entry)->type == os::FileType::Symlink ||
                      (*entry)->type == os::FileType::Unknown;
    if (file && !(*entry)->name.starts_with('.')) names.emplace_back((*entry)->name);
    if (names.size() > evidence::Endorsements::max_artefacts) {
      return Failure{concat(base::printable(path), ": has more than ",
                            evidence::Endorsements::max_artefacts, " files; name some of them"),
                     Status::Unusable};
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Failure not_parsed(const std::string& path, const core::Error& error) {
  std::string text = concat(base::printable(path), ": ", error.what);
  if (error.detail != 0) text += concat(" (", error.detail, ")");
  return {std::move(text), Status::NotJudged};
}

Result<std::vector<std::uint8_t>> read_bytes(const std::string& path, std::size_t max_size) {
  const auto file = os::open_file(path);
  if (!file) return unusable(path, os::describe(file.error()));
  auto bytes = os::read_all(*file, max_size);
  if (!bytes && bytes.error() == os::Errno::Fbig) {
    return unusable(path, concat("it is larger than ", max_size >> 20U, " MiB"));
  }
  if (!bytes) return unusable(path, os::describe(bytes.error()));
  return *std::move(bytes);
}

Result<evidence::Endorsements> read_endorsements(std::span<const std::string> paths) {
  evidence::Endorsements all;
  for (const std::string& path : paths) {
    if (os::open_directory(path)) {
      for (const std::string& name : TRY(names_in(path))) {
        TRY(add_of_directory(all, concat(path, "/", name)));
      }
      continue;
    }
    const auto bytes = TRY(read_bytes(path, max_endorsement_size));
    if (const auto added = all.add(bytes); !added) return unusable_endorsement(path, added.error());
  }
  return all;
}

Result<verify::Policy> read_policy(const std::string& path) {
  if (path.empty()) return verify::Policy{};
  const auto bytes = TRY(read_bytes(path, verify::max_policy_size));
  auto policy = verify::Policy::parse_any(core::as_text(bytes), path);
  if (!policy) return Failure{policy.error().text(), Status::Unusable};
  return *std::move(policy);
}

Result<codec::UnixTime> read_time(const std::string& text) {
  if (text.empty()) {
    const auto now = os::now(os::Clock::Realtime);
    if (!now) return Failure{"the clock cannot be read", Status::Unusable};
    return codec::UnixTime{static_cast<std::int64_t>(*now / 1'000'000'000)};
  }
  const auto time = codec::parse_rfc3339(text);
  if (!time) {
    return Failure{concat("--at ", base::quoted(text, 40), ": ", time.error().what),
                   Status::Unusable};
  }
  return *time;
}

}  // namespace merlon::appraise
