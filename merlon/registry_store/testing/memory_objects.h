#pragma once

// A store in memory that a test can make lose, alter or refuse what it holds.

#include <functional>
#include <map>
#include <mutex>

#include "merlon/registry_store/object_store.h"

namespace merlon::registry_store::testing {

class MemoryObjects final : public ObjectStore {
 public:
  using Bytes = std::shared_ptr<std::vector<std::uint8_t>>;

  [[nodiscard]] core::Result<std::unique_ptr<ObjectWriter>> create(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectWriter>> resume(const ObjectName& name) override;
  [[nodiscard]] core::Result<std::uint64_t> kept(const ObjectName& name) const override;
  [[nodiscard]] core::Result<std::unique_ptr<ObjectReader>> open(
      const ObjectName& name, std::uint64_t length) const override;
  [[nodiscard]] core::Result<void> room() const override;
  [[nodiscard]] core::Result<void> remove(const ObjectName& name) override;
  std::function<void()> before_removal{};  ///< without a lock
  [[nodiscard]] core::Result<std::vector<ObjectName>> list(unsigned part) const override;

  /// Of each object that is there now.
  void for_each(const std::function<void(const ObjectName&, std::vector<std::uint8_t>&)>& work);
  [[nodiscard]] std::size_t count() const;
  bool is_full = false;         ///< nothing more can be written
  bool has_one_writer = false;  ///< an object that was not finished stays so

 private:
  [[nodiscard]] std::shared_ptr<bool> lock(const ObjectName& name);

  mutable std::mutex mutex_;
  std::map<ObjectName, Bytes> objects_;
  std::map<ObjectName, std::weak_ptr<bool>> locks_;  ///< of those that are being written
};

}  // namespace merlon::registry_store::testing
