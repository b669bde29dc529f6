#include "merlon/registry_store/object_folder.h"

#include <algorithm>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/os/directory.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/resolver.h"

namespace merlon::registry_store {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

core::Error failed(os::Errno number, const char* what) {
  if (number == os::Errno::Noent) return core::error(ErrorCode::NotFound, "no such object");
  if (number == os::Errno::Nospc || number == os::Errno::Dquot || number == os::Errno::Fbig) {
    return core::error(ErrorCode::Exhausted, "the store is full");
  }
  core::Error error = os::to_error(number, what);
  error.code = ErrorCode::Unavailable;
  return error;
}

template <typename T>
Result<T> made(os::Result<T> result, const char* what) {
  if (!result) return failed(result.error(), what);
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

unsigned part_number(const ObjectName& name) noexcept {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  return digit(name[0]) * 16 + digit(name[1]);
}

/// Of a disk that cannot be asked, writing says whether it is full.
Result<void> leaves(const std::string& path, std::uint64_t reserve) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(path, error);
  if (error || space.available >= reserve) return {};
  return core::error(ErrorCode::Exhausted, "the store is full", space.available);
}

class FileWriter final : public ObjectWriter {
 public:
  FileWriter(os::Fd file, os::BorrowedFd folder, const ObjectFolder& store) noexcept
      : file_(std::move(file)), folder_(folder), store_(store) {}

  [[nodiscard]] Result<void> append(core::ByteView bytes) override {
    TRY(store_.room());
    return made(os::write_all(file_, bytes), "an object cannot be written");
  }
  [[nodiscard]] Result<void> finish() override {
    TRY(made(os::sync_data(file_), "an object cannot be brought to the disk"));
    return made(os::sync(folder_), "an object's name cannot be brought to the disk");
  }

 private:
  os::Fd file_;
  os::BorrowedFd folder_;
  const ObjectFolder& store_;
};

class FileReader final : public ObjectReader {
 public:
  FileReader(os::Fd file, std::uint64_t size) noexcept : file_(std::move(file)), size_(size) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] Result<void> read(std::uint64_t offset, core::ByteSpan into) const override {
    while (!into.empty()) {
      const ::iovec vector{into.data(), into.size()};
      const auto size = os::read_at(file_, std::span(&vector, 1), offset);
      if (!size && size.error() == os::Errno::Intr) continue;
      if (!size) return failed(size.error(), "an object cannot be read");
      if (*size == 0) return core::error(ErrorCode::Unavailable, "an object is too short");
      offset += *size;
      into = into.subspan(*size);
    }
    return {};
  }

 private:
  os::Fd file_;
  std::uint64_t size_;
};

}  // namespace

Result<void> ObjectFolder::room() const { return leaves(path_, reserve_); }

Result<std::unique_ptr<ObjectFolder>> ObjectFolder::at(const std::string& path,
                                                       std::optional<std::uint64_t> reserve) {
  std::vector<os::Fd> folders;
  for (unsigned i = 0; i < parts; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    const std::string each = concat(path, "/", base::hex({&number, 1}));
    const auto made_now = os::make_private_directory(each);
    if (!made_now && made_now.error() != os::Errno::Exist) {
      return failed(made_now.error(), "a folder of objects cannot be made");
    }
    folders.push_back(TRY(made(os::open_directory(each), "a folder of objects cannot be opened")));
  }
  const auto whole = TRY(made(os::open_directory(path), "the folder cannot be opened"));
  TRY(made(os::sync(whole), "the folder cannot be brought to the disk"));
  constexpr std::uint64_t usual = std::uint64_t{64} << 20U;
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(path, error);
  const std::uint64_t own = error ? usual : std::min<std::uint64_t>(usual, space.capacity / 8);
  return std::unique_ptr<ObjectFolder>(
      new ObjectFolder(std::move(folders), path, reserve.value_or(own)));
}

Result<os::BorrowedFd> ObjectFolder::part_of(const ObjectName& name) const {
  if (!is_object_name(name)) return core::error(ErrorCode::Malformed, "no name of an object");
  return os::BorrowedFd(folders_[part_number(name)]);
}

Result<std::unique_ptr<ObjectWriter>> ObjectFolder::create(const ObjectName& name) {
  const os::BorrowedFd folder = TRY(part_of(name));
  const os::Path path = TRY(made(os::Path::from(name), "no name of an object"));
  os::OpenHow how;
  how.access = os::Access::Write;
  how.create = true;
  how.exclusive = true;
  os::Fd file = TRY(made(os::Resolver().open(folder, path, how), "an object cannot be made"));
  TRY(made(os::try_lock(file), "an object cannot be locked"));
  return std::unique_ptr<ObjectWriter>(
      std::make_unique<FileWriter>(std::move(file), folder, *this));
}

Result<std::unique_ptr<ObjectWriter>> ObjectFolder::resume(const ObjectName& name) {
  const os::BorrowedFd folder = TRY(part_of(name));
  const os::Path path = TRY(made(os::Path::from(name), "no name of an object"));
  os::OpenHow how;
  how.access = os::Access::Write;
  how.append = true;
  os::Fd file = TRY(made(os::Resolver().open(folder, path, how), "an object cannot be opened"));
  const auto locked = os::try_lock(file);
  if (!locked && locked.error() == os::Errno::Again) {
    return core::error(ErrorCode::Denied, "another upload writes this object");
  }
  TRY(made(locked, "an object cannot be locked"));
  return std::unique_ptr<ObjectWriter>(
      std::make_unique<FileWriter>(std::move(file), folder, *this));
}

Result<std::uint64_t> ObjectFolder::kept(const ObjectName& name) const {
  const auto reader = TRY(open(name, 0));
  return reader->size();
}

Result<std::unique_ptr<ObjectReader>> ObjectFolder::open(const ObjectName& name,
                                                         std::uint64_t /*length*/) const {
  const os::BorrowedFd folder = TRY(part_of(name));
  os::Fd file = TRY(made(os::open_file_in(folder, name.c_str()), "an object cannot be opened"));
  const os::FileStatus status = TRY(made(os::status(file), "an object cannot be opened"));
  return std::unique_ptr<ObjectReader>(std::make_unique<FileReader>(std::move(file), status.size));
}

Result<void> ObjectFolder::remove(const ObjectName& name) {
  const os::BorrowedFd folder = TRY(part_of(name));
  const os::Path path = TRY(made(os::Path::from(name), "no name of an object"));
  const auto removed = os::Resolver().unlink(folder, path);
  if (!removed && removed.error() != os::Errno::Noent) {
    return failed(removed.error(), "an object cannot be removed");
  }
  return {};
}

Result<std::vector<ObjectName>> ObjectFolder::list(unsigned part) const {
  std::vector<ObjectName> names;
  // The descriptor's position is the reader's, and others may list too.
  const os::Fd own =
      TRY(made(os::Resolver().open(folders_.at(part), *os::Path::from("."), {.directory = true}),
               "a folder of objects cannot be opened"));
  os::DirectoryReader reader;
  std::uint64_t place = 0;
  for (;;) {
    const auto entry = TRY(made(reader.at(own, place), "a folder of objects cannot be read"));
    if (!entry) return names;
    place = entry->next;
    if (is_object_name(entry->name)) names.emplace_back(entry->name);
  }
}

}  // namespace merlon::registry_store
