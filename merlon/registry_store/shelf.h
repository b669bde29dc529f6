#pragma once

// Packages, brought and handed out: a catalogue and the objects that it names, kept in step.

#include <functional>
#include <memory>

#include "merlon/registry/content_hasher.h"
#include "merlon/registry_store/catalogue.h"

namespace merlon::registry_store {

/// What is counted since the start, for who looks after a store.
struct Trouble {
  std::uint64_t altered = 0;  ///< reads that found other bytes than were stored
  std::uint64_t lost = 0;     ///< reads that found nothing
};

class Shelf;

/// The content of one node on its way in, for one thread at a time. What has come so far is kept if
/// it goes, for Shelf::go_on().
class Incoming {
 public:
  /// Full · Unavailable, also where another upload took its place. Broken: more than was told.
  [[nodiscard]] Result<void> append(core::ByteView bytes);

  struct Finished {
    Added added;
    bool is_as_told = true;  ///< false: length or digests are others than were told
  };
  /// Compares it with what was told, and puts it where it belongs. Once it returns well, it stays.
  [[nodiscard]] Result<Finished> finish();

  [[nodiscard]] std::uint64_t length() const noexcept { return pieces_.length(); }
  [[nodiscard]] const registry::Meta& meta() const noexcept { return meta_; }

 private:
  friend class Shelf;
  Incoming(Shelf& shelf, Place place, registry::Meta meta, ObjectName object,
           std::unique_ptr<ObjectWriter> writer);

  [[nodiscard]] Result<Finished> put(const registry::ContentDigest& digest);
  /// These bytes are kept.
  void note(core::ByteView bytes);
  /// Nobody will need what has come.
  void drop();

  Shelf* shelf_;
  Place place_;
  registry::Meta meta_;  ///< as told, with all digests that are said of the place
  ObjectName object_;
  std::unique_ptr<ObjectWriter> writer_;
  registry::ContentHasher hasher_;
  PieceHasher pieces_;
  std::string listing_;  ///< of a directory
  codec::UnixTime touched_;
  std::uint64_t untouched_ = 0;  ///< bytes since then
};

/// A node's content on its way out, for one thread at a time.
class Outgoing {
 public:
  Outgoing(Blob blob, std::unique_ptr<ObjectReader> object) noexcept
      : blob_(std::move(blob)), object_(std::move(object)) {}
  [[nodiscard]] const Blob& blob() const noexcept { return blob_; }
  /// Compared with what was stored.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> piece(std::uint64_t number) const {
    return blob_.read(*object_, number);
  }

 private:
  Blob blob_;
  std::unique_ptr<ObjectReader> object_;
};

/// What a cleaning has removed.
struct Swept {
  std::uint64_t blobs = 0;      ///< that no tag names
  std::uint64_t uploads = 0;    ///< that nothing was heard of for long
  std::uint64_t strangers = 0;  ///< objects that nobody knows
};

/// What a check has found.
struct Findings {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> damaged;         ///< a line each, which tags have lost what
  std::vector<std::string> contradictions;  ///< a line each
  std::uint64_t strangers = 0;              ///< objects that nobody knows: the next sweep's
};

/// Any thread. The world's parts outlive it.
class Shelf {
 public:
  Shelf(Catalogue& catalogue, ObjectStore& objects, std::function<codec::UnixTime()> now) noexcept
      : catalogue_(catalogue), objects_(objects), now_(std::move(now)) {}

  [[nodiscard]] Catalogue& catalogue() noexcept { return catalogue_; }

  /// Full: nothing more may be brought now.
  [[nodiscard]] Result<void> room() const;

  /// As the catalogue's; what nobody needs any more goes at once.
  [[nodiscard]] Result<Added> begin_tag(const Tag& tag, const registry::Meta& root);
  [[nodiscard]] Result<bool> delete_tag(const std::string& repository, const std::string& name);

  struct Begun {
    Added added;  ///< whether it may come; if not, nothing of it was done
    std::unique_ptr<Incoming> incoming{};
    std::uint64_t offset = 0;  ///< how much of it is kept
  };
  /// What `told` says comes to that place. Drops what was kept of it.
  [[nodiscard]] Result<Begun> begin(const Place& place, const registry::Meta& told);
  /// The same, from byte `offset` on; without `incoming` if that is not how much is kept.
  [[nodiscard]] Result<Begun> go_on(const Place& place, const registry::Meta& told,
                                    std::uint64_t offset);
  /// How much is kept of an upload that broke off; nothing if there was none.
  [[nodiscard]] Result<std::optional<std::uint64_t>> kept(const Place& place);

  /// Its content; Unavailable if the store does not have it.
  [[nodiscard]] Result<Outgoing> open(const Blob& blob);

  /// Removes what nobody needs, beside whoever uses the shelf. Uploads are over after `patience`
  /// seconds without a byte.
  [[nodiscard]] Result<Swept> sweep(std::int64_t patience);
  /// Reads all there is. With `repair`, tags that have lost something wait for it again, so that
  /// the same can be brought once more. `progress` is told of bytes.
  [[nodiscard]] Result<Findings> check(bool repair,
                                       const std::function<void(std::uint64_t)>& progress);

 private:
  friend class Incoming;
  [[nodiscard]] Result<void> remove(const std::vector<ObjectName>& names);
  [[nodiscard]] Result<void> check_blob(const Blob& blob, bool repair, Findings& findings);
  [[nodiscard]] Result<Begun> resume(const Place& place, const registry::Meta& meta,
                                     std::uint64_t offset, const Upload& upload);
  [[nodiscard]] Result<Begun> resume_elsewhere(const Place& place, const registry::Meta& meta,
                                               std::uint64_t offset, const Upload& upload);
  [[nodiscard]] Result<void> read_kept(const ObjectName& object, std::uint64_t length,
                                       const std::function<Result<void>(core::ByteView)>& take);
  [[nodiscard]] Result<std::uint64_t> strangers(bool remove_them);

  Catalogue& catalogue_;
  ObjectStore& objects_;
  std::function<codec::UnixTime()> now_;
};

}  // namespace merlon::registry_store
