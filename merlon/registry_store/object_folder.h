#pragma once

// Objects as files of a folder, each in one of 256 folders below it, by its first two digits.

#include <string>

#include "merlon/os/fd.h"
#include "merlon/registry_store/object_store.h"

namespace merlon::registry_store {

class ObjectFolder final : public ObjectStore {
 public:
  /// Of the folder at `path`, which exists; makes those below it (mode 0700 as all files 0600).
  /// Unavailable.
  [[nodiscard]] static core::Result<std::unique_ptr<ObjectFolder>> at(const std::string& path);

  [[nodiscard]] core::Result<std::unique_ptr<ObjectWriter>> create(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectWriter>> resume(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::uint64_t> kept(const ObjectName& name) const override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectReader>> open(
      const ObjectName& name, std::uint64_t length) const override;
  [[nodiscard]] core::Result<void> remove(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::vector<ObjectName>> list(unsigned part) const override;

 private:
  explicit ObjectFolder(std::vector<os::Fd> folders) noexcept : folders_(std::move(folders)) {}
  [[nodiscard]] core::Result<os::BorrowedFd> part_of(const ObjectName& name) const;

  std::vector<os::Fd> folders_;
};

}  // namespace merlon::registry_store
