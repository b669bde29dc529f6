#pragma once

// A registry brought into another store, whatever each of them is, beside a service that runs on
// the first. Begun again it goes on where it was.
//
// What was acknowledged before the last pass began is there afterwards. Until the pass that is told
// to be the last one the new store is marked, and no service opens it: one that changed it would
// have its changes undone.

#include <functional>

#include "merlon/registry_store/catalogue.h"

namespace merlon::registry_store {

/// What a migration has done.
struct Migrated {
  std::uint64_t rows = 0;  ///< users, repositories and tokens
  std::uint64_t tags = 0;
  std::uint64_t contents = 0;
  std::uint64_t bytes = 0;        ///< of these
  std::vector<std::string> lost;  ///< a line each: contents that the old store has lost or altered
};

class Migration {
 public:
  struct Side {
    database::Database& database;
    ObjectStore& objects;
  };
  /// Is told of bytes that were copied.
  using Progress = std::function<void(std::uint64_t)>;

  Migration(Side from, Side to, Progress progress) noexcept
      : from_(from), to_(to), progress_(std::move(progress)) {}

  /// Copies until a pass finds nothing new, and rests as long as it copies. `last`: no service runs
  /// on the old store any more, so there are no rests; the new one is ready afterwards. Broken if
  /// there are packages in it that no migration has brought.
  [[nodiscard]] Result<Migrated> run(bool last);

 private:
  struct TagRow;
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<std::uint64_t> pass_tables();
  [[nodiscard]] Result<std::uint64_t> pass_tags();
  [[nodiscard]] Result<bool> copy_tag(const std::string& repository, const std::string& name);
  /// Whole, in the old store.
  [[nodiscard]] Result<bool> is_there(const std::string& repository, const std::string& name);
  [[nodiscard]] Result<void> write_tag(const TagRow& tag);
  [[nodiscard]] Result<void> remove_tag(const std::string& repository, const std::string& name);
  /// False: it is lost.
  [[nodiscard]] Result<bool> copy_blob(const std::string& key);
  [[nodiscard]] Result<bool> copy_object(const Blob& blob);

  Side from_;
  Side to_;
  Progress progress_;
  Migrated done_;
  bool last_ = false;
};

}  // namespace merlon::registry_store
