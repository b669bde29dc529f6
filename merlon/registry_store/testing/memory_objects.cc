#include "merlon/registry_store/testing/memory_objects.h"

#include <algorithm>

namespace merlon::registry_store::testing {

using core::ErrorCode;
using core::Result;

namespace {

class Writer final : public ObjectWriter {
 public:
  Writer(MemoryObjects::Bytes bytes, const bool& is_full, std::shared_ptr<bool> lock) noexcept
      : bytes_(std::move(bytes)), is_full_(is_full), lock_(std::move(lock)) {}
  [[nodiscard]] Result<void> append(core::ByteView bytes) override {
    if (is_full_) return core::error(ErrorCode::Exhausted, "the store is full");
    bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
    return {};
  }
  [[nodiscard]] Result<void> finish() override { return {}; }

 private:
  MemoryObjects::Bytes bytes_;
  const bool& is_full_;
  std::shared_ptr<bool> lock_;  ///< as long as it is
};

class Reader final : public ObjectReader {
 public:
  explicit Reader(MemoryObjects::Bytes bytes) noexcept : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_->size(); }
  [[nodiscard]] Result<void> read(std::uint64_t offset, core::ByteSpan into) const override {
    if (offset > bytes_->size() || into.size() > bytes_->size() - offset) {
      return core::error(ErrorCode::Unavailable, "too short");
    }
    std::copy_n(bytes_->begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  }

 private:
  MemoryObjects::Bytes bytes_;
};

}  // namespace

std::shared_ptr<bool> MemoryObjects::lock(const ObjectName& name) {
  auto made = std::make_shared<bool>(true);
  locks_[name] = made;
  return made;
}

Result<std::unique_ptr<ObjectWriter>> MemoryObjects::create(const ObjectName& name) {
  const std::scoped_lock guard(mutex_);
  const auto [at, is_new] =
      objects_.try_emplace(name, std::make_shared<std::vector<std::uint8_t>>());
  if (!is_new) return core::error(ErrorCode::Denied, "it is there");
  return std::unique_ptr<ObjectWriter>(std::make_unique<Writer>(at->second, is_full, lock(name)));
}

Result<std::unique_ptr<ObjectWriter>> MemoryObjects::resume(const ObjectName& name) {
  if (has_one_writer) return core::error(ErrorCode::Unsupported, "it has one writer");
  const std::scoped_lock guard(mutex_);
  const auto found = objects_.find(name);
  if (found == objects_.end()) return core::error(ErrorCode::NotFound, "no such object");
  if (!locks_[name].expired()) return core::error(ErrorCode::Denied, "somebody writes it");
  return std::unique_ptr<ObjectWriter>(
      std::make_unique<Writer>(found->second, is_full, lock(name)));
}

Result<std::uint64_t> MemoryObjects::kept(const ObjectName& name) const {
  const auto reader = TRY(open(name, 0));
  return reader->size();
}

Result<std::unique_ptr<ObjectReader>> MemoryObjects::open(const ObjectName& name,
                                                          std::uint64_t /*length*/) const {
  const std::scoped_lock guard(mutex_);
  const auto found = objects_.find(name);
  if (found == objects_.end()) return core::error(ErrorCode::NotFound, "no such object");
  return std::unique_ptr<ObjectReader>(std::make_unique<Reader>(found->second));
}

Result<void> MemoryObjects::room() const {
  if (is_full) return core::error(ErrorCode::Exhausted, "the store is full");
  return {};
}

Result<void> MemoryObjects::remove(const ObjectName& name) {
  if (before_removal) before_removal();
  const std::scoped_lock guard(mutex_);
  objects_.erase(name);
  return {};
}

Result<std::vector<ObjectName>> MemoryObjects::list(unsigned part) const {
  const std::scoped_lock guard(mutex_);
  std::vector<ObjectName> names;
  for (const auto& [name, bytes] : objects_) {
    if (std::stoul(name.substr(0, 2), nullptr, 16) == part) names.push_back(name);
  }
  return names;
}

void MemoryObjects::for_each(
    const std::function<void(const ObjectName&, std::vector<std::uint8_t>&)>& work) {
  const std::scoped_lock guard(mutex_);
  for (auto& [name, bytes] : objects_) {
    bytes = std::make_shared<std::vector<std::uint8_t>>(*bytes);  // readers keep what they have
    work(name, *bytes);
  }
}

std::size_t MemoryObjects::count() const {
  const std::scoped_lock guard(mutex_);
  return objects_.size();
}

}  // namespace merlon::registry_store::testing
