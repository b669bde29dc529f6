#pragma once

// Objects as files of a folder, each in one of 256 folders below it, by its first two digits.

#include <cstdint>
#include <optional>
#include <string>

#include "merlon/os/fd.h"
#include "merlon/registry_store/object_store.h"

namespace merlon::registry_store {

class ObjectFolder final : public ObjectStore {
 public:
  /// Of the folder at `path`, which exists; makes those below it (mode 0700 as all files 0600).
  /// `reserve`: so many bytes of its disk stay free whatever is brought, since a database beside it
  /// can note nothing on a full one, and so could not even delete; none: 64 MiB, or an eighth of a
  /// small disk. Unavailable.
  [[nodiscard]] static core::Result<std::unique_ptr<ObjectFolder>> at(
      const std::string& path, std::optional<std::uint64_t> reserve = std::nullopt);

  [[nodiscard]] core::Result<void> room() const override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectWriter>> create(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectWriter>> resume(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::uint64_t> kept(const ObjectName& name) const override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectReader>> open(
      const ObjectName& name, std::uint64_t length) const override;
  [[nodiscard]] core::Result<void> remove(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::vector<ObjectName>> list(unsigned part) const override;

 private:
  ObjectFolder(std::vector<os::Fd> folders, std::string path, std::uint64_t reserve) noexcept
      : folders_(std::move(folders)), path_(std::move(path)), reserve_(reserve) {}
  [[nodiscard]] core::Result<os::BorrowedFd> part_of(const ObjectName& name) const;

  std::vector<os::Fd> folders_;
  std::string path_;
  std::uint64_t reserve_;
};

}  // namespace merlon::registry_store
