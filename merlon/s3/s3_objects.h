#pragma once

// Objects of a registry in an S3. Each is a row of chunks of one size, the last one shorter, which
// are S3's objects PREFIX/ab/NAME/000000 …: so an upload is kept as it comes, nothing is ever
// written twice but with the same bytes, and a part can be read by itself. How long an object is,
// whoever names it knows; listings are asked only for what is kept of an upload and for a sweep,
// and may lag. One object has one writer for ever: an upload that goes on does so in an object of
// its own.

#include <atomic>
#include <memory>

#include "merlon/registry_store/object_store.h"
#include "merlon/s3/client.h"

namespace merlon::s3 {

struct Sizes {
  std::size_t chunk = std::size_t{4} << 20U;
  /// Of all uploads together, until a chunk of theirs is full.
  std::size_t most_in_memory = std::size_t{512} << 20U;
};

class S3Objects final : public registry_store::ObjectStore {
 public:
  /// `prefix` is empty, or names with "/" between them and none at its ends; Malformed.
  [[nodiscard]] static core::Result<std::unique_ptr<S3Objects>> of(Client client,
                                                                   const std::string& prefix,
                                                                   Sizes sizes = {});

  [[nodiscard]] core::Result<std::unique_ptr<registry_store::ObjectWriter>> create(
      const registry_store::ObjectName& name) override;
  /// Unsupported.
  [[nodiscard]] core::Result<std::unique_ptr<registry_store::ObjectWriter>> resume(
      const registry_store::ObjectName& name) override;
  [[nodiscard]] core::Result<std::uint64_t> kept(
      const registry_store::ObjectName& name) const override;
  [[nodiscard]] core::Result<std::unique_ptr<registry_store::ObjectReader>> open(
      const registry_store::ObjectName& name, std::uint64_t length) const override;
  [[nodiscard]] core::Result<void> remove(const registry_store::ObjectName& name) override;
  [[nodiscard]] core::Result<std::vector<registry_store::ObjectName>> list(
      unsigned part) const override;

 private:
  S3Objects(Client client, const std::string& prefix, Sizes sizes);
  [[nodiscard]] std::string folder_of(const registry_store::ObjectName& name) const;
  /// All chunks that are listed, by their numbers' order.
  [[nodiscard]] core::Result<std::vector<Listing::Object>> chunks(
      const registry_store::ObjectName& name) const;

  Client client_;
  std::string prefix_;  ///< with "/" at its end, or empty
  Sizes sizes_;
  std::atomic<std::size_t> in_memory_ = 0;  ///< of all writers
};

}  // namespace merlon::s3
