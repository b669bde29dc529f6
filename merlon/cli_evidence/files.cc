#include "merlon/cli_evidence/files.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

constexpr std::size_t max_endorsement_size = 8U << 20U;

Failure unusable(const std::string& path, std::string_view why) {
  return {concat(base::printable(path), ": cannot be read: ", why), Status::Unusable};
}

/// "what (byte 7)"
std::string text_of(const core::Error& error) {
  return error.detail == 0 ? std::string(error.what) : concat(error.what, " (", error.detail, ")");
}

Failure unusable_endorsement(const std::string& path, const core::Error& error) {
  Failure failure = not_parsed(path, error);
  failure.status = Status::Unusable;
  return failure;
}

/// What is called or labelled like an endorsement, so that its owner counts on it. Evidence may
/// carry such labels among its other bytes.
bool looks_like_endorsement(std::string_view path, core::ByteView bytes) {
  constexpr std::array<std::string_view, 5> endings{".pem", ".der", ".crt", ".cer", ".json"};
  const std::string_view text = core::as_text(bytes);
  const bool labelled = text.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos &&
                        text.find('\0') == std::string_view::npos;
  return labelled ||
         std::ranges::any_of(endings, [&](std::string_view end) { return path.ends_with(end); });
}

/// The files of a directory that were taken, how many were not, and which of these look like it.
struct Tried {
  std::size_t taken = 0;
  std::size_t others = 0;
  std::vector<std::string> passed_over;
};

/// A file of a directory may be something else. But what may be a revocation list, or more than can
/// be taken, must not be lost without a word: a policy may accept missing lists.
Result<void> add_of_directory(evidence::Endorsements& all, const std::string& path, Tried& tried) {
  const auto bytes = TRY(read_bytes(path, max_endorsement_size));
  const std::size_t before = all.size();
  const auto added = all.add(bytes, path);
  if (added || all.size() > before) ++tried.taken;
  if (added) return {};
  const core::Error& error = added.error();
  const bool nothing_known = error.code == core::ErrorCode::Malformed;
  if (!nothing_known || path.ends_with(".crl")) return unusable_endorsement(path, error);
  if (all.size() == before) ++tried.others;
  if (looks_like_endorsement(path, bytes)) {
    tried.passed_over.push_back(concat(base::printable(path), ": passed over: ", text_of(error)));
  }
  return {};
}

/// Names of a directory, sorted, so that every run sees the same order.
Result<std::vector<std::string>> names_in(const std::string& path) {
  constexpr std::size_t most = evidence::Endorsements::max_artefacts;
  auto names = os::visible_files_in(path, most);
  if (names) return *std::move(names);
  if (names.error() != os::Errno::Overflow) return unusable(path, os::describe(names.error()));
  return Failure{
      concat(base::printable(path), ": has more than ", most, " files; name some of them"),
      Status::Unusable};
}

}  // namespace

Failure not_parsed(const std::string& path, const core::Error& error) {
  return {concat(base::printable(path), ": ", text_of(error)), Status::NotJudged};
}

Result<std::vector<std::uint8_t>> read_bytes(const std::string& path, std::size_t max_size) {
  const auto file = os::open_file(path == "-" ? "/dev/stdin" : path);
  if (!file) return unusable(path, os::describe(file.error()));
  auto bytes = os::read_all(*file, max_size);
  if (!bytes && bytes.error() == os::Errno::Fbig) {
    return unusable(path, concat("it is larger than ", max_size >> 20U, " MiB"));
  }
  if (!bytes) return unusable(path, os::describe(bytes.error()));
  return *std::move(bytes);
}

namespace {

Result<void> read_directory(GivenEndorsements& given, const std::string& path, Tried& tried) {
  const std::size_t taken = tried.taken;
  for (const std::string& name : TRY(names_in(path))) {
    TRY(add_of_directory(given.all, concat(path, path.ends_with('/') ? "" : "/", name), tried));
  }
  if (given.directory.empty()) given.directory = path;
  if (tried.taken == taken) {
    given.remarks.push_back(
        concat(base::printable(path), ": no endorsements in it; folders in it are not read"));
  }
  return {};
}

/// Whether every line is empty or a comment.
bool says_nothing(std::string_view toml) {
  if (toml.starts_with("\xEF\xBB\xBF")) toml.remove_prefix(3);
  while (!toml.empty()) {
    const std::size_t start = toml.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return true;
    if (toml[start] != '#') return false;
    const std::size_t end = toml.find('\n', start);
    toml.remove_prefix(end == std::string_view::npos ? toml.size() : end);
  }
  return true;
}

}  // namespace

Result<GivenEndorsements> read_endorsements(std::span<const std::string> paths) {
  constexpr std::size_t most_remarks = 8;
  GivenEndorsements given;
  Tried tried;
  for (const std::string& path : paths) {
    if (os::open_directory(path)) {
      TRY(read_directory(given, path, tried));
      continue;
    }
    const auto bytes = TRY(read_bytes(path, max_endorsement_size));
    if (const auto added = given.all.add(bytes, path); !added) {
      return unusable_endorsement(path, added.error());
    }
  }
  given.passed_over = tried.others;
  const std::size_t count = tried.passed_over.size();
  tried.passed_over.resize(std::min(count, most_remarks));
  std::ranges::move(tried.passed_over, std::back_inserter(given.remarks));
  if (count > most_remarks) given.remarks.push_back(concat("and ", count - most_remarks, " more"));
  return given;
}

Result<GivenPolicy> read_policy(const std::string& path) {
  if (path.empty()) return GivenPolicy{};
  const auto bytes = TRY(read_bytes(path, verify::max_policy_size));
  auto policy = verify::Policy::parse_any(core::as_text(bytes), path);
  if (!policy) return Failure{policy.error().text(), Status::Unusable};
  return GivenPolicy{*std::move(policy), !says_nothing(core::as_text(bytes))};
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

}  // namespace merlon::cli_evidence
