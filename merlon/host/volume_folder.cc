#include "merlon/host/volume_folder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/os/directory.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/resolver.h"

namespace merlon::host {

using base::concat;
using launch::ObjectName;
using launch::StoreOutcome;
using launch::StoreRequest;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

constexpr std::string_view index_file = "index";
constexpr std::string_view half_written = ".new";

std::string file_of(const std::optional<ObjectName>& name) {
  return name ? base::hex(*name) : std::string(index_file);
}

std::optional<ObjectName> name_of(std::string_view file) {
  ObjectName name{};
  if (file.size() != 2 * name.size()) return std::nullopt;
  for (std::size_t i = 0; i < file.size(); ++i) {
    const char c = file[i];
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    const auto value = static_cast<unsigned>(digit ? c - '0' : c - 'a' + 10);
    name[i / 2] = static_cast<std::uint8_t>(unsigned{name[i / 2]} << 4U | value);
  }
  return name;
}

/// Nothing if there is no such file.
std::optional<std::uint64_t> size_of(os::BorrowedFd folder, const std::string& file) {
  os::Resolver resolver;
  const auto path = os::Path::from(file);
  if (!path) return std::nullopt;
  const auto status = resolver.status(folder, *path, os::Follow::No);
  if (!status || status->type != os::FileType::Regular) return std::nullopt;
  return status->size;
}

/// As os::replace_file, and without a path from the root: who confines himself to the folder has
/// nothing else.
os::Result<void> replace(os::BorrowedFd folder, const std::string& file, core::ByteView bytes) {
  os::Resolver resolver;
  const auto beside = TRY(os::Path::from(file + std::string(half_written)));
  const auto place = TRY(os::Path::from(file));
  const os::Fd made = TRY(resolver.open(
      folder, beside, {.access = os::Access::Write, .create = true, .truncate = true}));
  TRY(os::write_all(made, bytes));
  TRY(os::sync(made));
  TRY(resolver.rename(folder, beside, folder, place));
  return os::sync(folder);
}

HostError trouble(const std::string& path, std::string_view what, os::Errno number) {
  return {os::to_error(number, "").code, concat(path, ": ", what, ": ", os::describe(number))};
}

/// A keep that has just ended may still have it.
Result<void> take(const std::string& path, os::BorrowedFd folder,
                  std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds pause{20};
  for (std::chrono::milliseconds waited{0};; waited += pause) {
    const auto locked = os::try_lock(folder);
    if (locked) return {};
    if (locked.error() != os::Errno::Again)
      return trouble(path, "cannot be locked", locked.error());
    if (waited >= patience) break;
    static_cast<void>(os::poll({}, pause));
  }
  return HostError{core::ErrorCode::Denied, concat(path, ": another keep has this volume")};
}

bool is_same(os::BorrowedFd one, os::BorrowedFd other) {
  const auto first = os::status(one);
  const auto second = os::status(other);
  return first && second && first->device == second->device && first->inode == second->inode;
}

KeptVolume look_at(const std::string& path, std::string name) {
  KeptVolume volume{std::move(name)};
  const auto folder = os::open_directory(path);
  if (!folder) return volume;
  const auto locked = os::try_lock(*folder);
  volume.in_use = !locked && locked.error() == os::Errno::Again;
  os::Resolver resolver;
  const auto names = os::names_in(*folder);
  for (const std::string& file : names ? *names : std::vector<std::string>()) {
    if (file != index_file && !name_of(file)) continue;
    const auto at = os::Path::from(file);
    const auto status = at ? resolver.status(*folder, *at, os::Follow::No) : at.error();
    if (!status || status->type != os::FileType::Regular) continue;
    volume.bytes += status->size;
    if (file != index_file) ++volume.objects;
    constexpr std::uint64_t nanoseconds = 1'000'000'000;
    if (file == index_file) volume.changed = status->modified / nanoseconds;
  }
  return volume;
}

StoreOutcome outcome_of(os::Errno number) noexcept {
  if (number == os::Errno::Noent) return StoreOutcome::NotFound;
  if (number == os::Errno::Fbig) return StoreOutcome::TooMuch;
  const bool full = number == os::Errno::Nospc || number == os::Errno::Dquot;
  return full ? StoreOutcome::NoRoom : StoreOutcome::Failed;
}

}  // namespace

Result<VolumeFolder> VolumeFolder::open(std::string path, VolumeLimits limits) {
  auto folder = os::open_directory(path);
  if (!folder) return trouble(path, "cannot be opened", folder.error());
  TRY(take(path, *folder, limits.patience));
  // Who had it may have taken it away.
  const auto there = os::open_directory(path);
  if (!there || !is_same(*there, *folder)) {
    return HostError{core::ErrorCode::Unavailable, concat(path, ": was removed")};
  }
  VolumeFolder volume(std::move(path), *std::move(folder), limits);
  TRY(volume.count());
  return volume;
}

Result<void> VolumeFolder::count() {
  const auto names = os::names_in(folder_);
  if (!names) return trouble(path_, "cannot be read", names.error());
  os::Resolver resolver;
  for (const std::string& name : *names) {
    if (name.ends_with(half_written)) {
      const auto file = os::Path::from(name);
      if (file) static_cast<void>(resolver.unlink(folder_, *file));  // it is only in the way
      continue;
    }
    if (name != index_file && !name_of(name)) continue;
    bytes_ += size_of(folder_, name).value_or(0);
    if (name != index_file) ++objects_;
  }
  return {};
}

VolumeFolder::Answer VolumeFolder::serve(const StoreRequest& request) {
  switch (request.what) {
    case StoreRequest::What::List: return list(request.most);
    case StoreRequest::What::Get: return get(request);
    case StoreRequest::What::Put: return put(request);
    case StoreRequest::What::Remove: return remove(request);
  }
  return {};
}

VolumeFolder::Answer VolumeFolder::list(std::uint64_t most) const {
  const auto names = os::names_in(folder_);
  if (!names) return {outcome_of(names.error())};
  Answer answer{StoreOutcome::Done};
  std::uint64_t count = 0;
  for (const std::string& file : *names) {
    const auto name = name_of(file);
    if (!name) continue;
    if (++count > std::min<std::uint64_t>(most, launch::max_objects)) {
      return {StoreOutcome::TooMuch};
    }
    answer.bytes.insert(answer.bytes.end(), name->begin(), name->end());
  }
  return answer;
}

VolumeFolder::Answer VolumeFolder::get(const StoreRequest& request) const {
  const auto file = os::open_file_in(folder_, file_of(request.name).c_str());
  if (!file) return {outcome_of(file.error())};
  const std::size_t largest = request.name ? launch::max_object_size : launch::max_index_size;
  auto bytes = os::read_all(*file, std::min<std::uint64_t>(request.most, largest));
  if (!bytes) return {outcome_of(bytes.error())};
  return {StoreOutcome::Done, *std::move(bytes)};
}

VolumeFolder::Answer VolumeFolder::put(const StoreRequest& request) {
  const std::string file = file_of(request.name);
  const auto before = size_of(folder_, file);
  const std::uint64_t others = bytes_ - std::min(bytes_, before.value_or(0));
  const bool is_another = request.name && !before;
  if (request.bytes.size() > limits_.bytes - std::min(limits_.bytes, others) ||
      (is_another && objects_ >= limits_.objects)) {
    return {StoreOutcome::NoRoom};
  }
  const auto written = replace(folder_, file, request.bytes);
  if (!written) return {outcome_of(written.error())};
  bytes_ = others + request.bytes.size();
  if (is_another) ++objects_;
  return {StoreOutcome::Done};
}

VolumeFolder::Answer VolumeFolder::remove(const StoreRequest& request) {
  const std::string file = file_of(request.name);
  const auto before = size_of(folder_, file);
  if (!before || !request.name) return {StoreOutcome::Done};
  const auto path = os::Path::from(file);
  os::Resolver resolver;
  const auto removed = path ? resolver.unlink(folder_, *path) : os::Result<void>(path.error());
  if (!removed) return {outcome_of(removed.error())};
  bytes_ -= std::min(bytes_, *before);
  objects_ -= std::min<std::uint64_t>(objects_, 1);
  return {StoreOutcome::Done};
}

Result<void> VolumeFolder::remove_all() && {
  // The index first: what is left of a volume without one nobody takes for a state of it.
  std::error_code error;
  std::filesystem::remove(concat(path_, "/", index_file), error);
  if (!error) std::filesystem::remove_all(path_, error);
  if (!error) return {};
  return HostError{core::ErrorCode::Unavailable, concat(path_, ": ", error.message())};
}

std::vector<KeptVolume> list_volumes(const std::string& folder) {
  std::vector<KeptVolume> all;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code unknown;
    if (!base::is_label(name) || !at->is_directory(unknown)) continue;
    all.push_back(look_at(at->path().string(), std::move(name)));
  }
  std::ranges::sort(all, {}, &KeptVolume::name);
  return all;
}

Result<void> remove_volume(const std::string& folder, std::string_view name) {
  const std::string path = concat(folder, "/", name);
  std::error_code error;
  if (!base::is_label(name) || !std::filesystem::is_directory(path, error)) {
    return HostError{core::ErrorCode::NotFound, "there is no such volume"};
  }
  // Long enough for one who only looks at it.
  constexpr std::chrono::milliseconds patience{200};
  auto volume = VolumeFolder::open(path, {.patience = patience});
  if (!volume && volume.error().code == core::ErrorCode::Denied) {
    return HostError{core::ErrorCode::Denied, "a keep uses the volume; stop it first"};
  }
  if (!volume) return volume.error();
  return (*std::move(volume)).remove_all();
}

}  // namespace merlon::host
