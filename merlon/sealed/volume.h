#pragma once

// A volume: files that outlive the keep, in a store that is not trusted. It is read as a whole when
// it is opened, and each commit() is one step: a store that dies in the middle of it has all of the
// old state or all of the new one.
//
// What a store can do: lose everything, refuse everything, go back to an older state as a whole
// or show another volume of the same name and tenant (Wanted::at_least notices both), show
// different keeps different states. Nothing else goes unnoticed.

#include <map>
#include <unordered_map>

#include "merlon/sealed/index.h"

namespace merlon::sealed {

using FileBytes = std::shared_ptr<const std::vector<std::uint8_t>>;

/// A file as a commit reads it.
struct FileSource {
  std::uint64_t file = 0;     ///< one number for each file, never another's
  std::uint64_t version = 0;  ///< another after each change of its bytes
  /// Fills all of `into` with the bytes from `offset` on, which are within the file's size.
  std::function<void(std::uint64_t offset, core::ByteSpan into)> read;
};

/// One state of all files: the root directory first, what is in a directory behind it.
struct Contents {
  std::vector<Entry> entries;
  std::vector<FileSource> sources;  ///< of each entry; unused for what is no file
};

class Volume;

/// What became of the keys of a volume that was opened.
enum class Sealing : std::uint8_t {
  Kept,              ///< under what it was
  Anew,              ///< under new keys: the versions or the epoch have risen, or it was recovered
  WantsRecoveryKey,  ///< has risen, but its recovery slot could only be made anew with that key
  NoRoom,            ///< has risen, but the store has no room for all of it twice
};

struct Opened;

class Volume {
 public:
  /// Who needs a volume, and what he knows. All borrowed, and outlive the volume.
  struct Surroundings {
    ObjectStore& store;
    PlatformKeys& keys;
    Counter* counter = nullptr;
    /// How many bytes all files together may have.
    std::uint64_t max_bytes = max_volume_size;
  };

  /// Opens it, or makes it if there is nothing. What must be sealed anew has been when this comes
  /// back, and what a killed keep left behind is removed.
  ///
  /// Errors: Denied (not for this keep, tenant, workload; older than the tenant accepts; altered;
  /// another keep has it), each with its own sentence · Malformed, Unsupported (no volume of ours)
  /// · Exhausted (more than max_bytes, no room in the store) · Unavailable (the store is gone, or
  /// the platform gives no key now) · Internal.
  [[nodiscard]] static core::Result<Opened> open(const Surroundings& around, const Wanted& wanted,
                                                 const Workload& workload);

  /// Brings this state to the store. Errors: Exhausted (no room, or more than a volume holds),
  /// Denied: the state before stands, and another commit may do better · Unavailable, Malformed
  /// (the store is gone, or answers with nonsense: one of the two states stands, and this volume
  /// can never be written again).
  [[nodiscard]] core::Result<void> commit(const Contents& contents);

  [[nodiscard]] const Mark& mark() const noexcept { return mark_; }
  [[nodiscard]] const Header& header() const noexcept { return current_.header; }

 private:
  struct Keyed {
    Header header;
    Secret key;
  };
  struct KnownFile {
    std::uint64_t version = 0;
    Pieces pieces;
  };
  struct DigestHash {
    std::size_t operator()(const crypto::Sha256Digest& digest) const noexcept;
  };
  using Objects = std::unordered_map<crypto::Sha256Digest, ObjectId, DigestHash>;
  /// What a commit makes, before it counts.
  struct Draft;
  struct Unlocked;

  Volume(const Surroundings& around, std::string name, Keyed keyed)
      : around_(around), name_(std::move(name)), current_(std::move(keyed)) {}

  [[nodiscard]] static core::Result<Opened> create(const Surroundings& around, const Wanted& wanted,
                                                   const Workload& workload);
  [[nodiscard]] static core::Result<Unlocked> unlock(const Surroundings& around,
                                                     const Wanted& wanted, const Workload& workload,
                                                     const Header& header);
  [[nodiscard]] static core::Result<Keyed> new_keys(const Surroundings& around,
                                                    const Wanted& wanted, const Workload& workload,
                                                    const VolumeId& id);
  [[nodiscard]] core::Result<std::vector<FileBytes>> read(const Index& index);
  [[nodiscard]] core::Result<FileBytes> read_file(std::uint64_t size, const Pieces& pieces) const;
  [[nodiscard]] core::Result<Sealing> plan_sealing(const Unlocked& unlocked,
                                                   const Surroundings& around, const Wanted& wanted,
                                                   const Workload& workload);
  [[nodiscard]] core::Result<void> remove_strangers();

  [[nodiscard]] core::Result<void> put_pieces(const Contents& contents, Draft& draft);
  [[nodiscard]] core::Result<Pieces> pieces_of_file(const Entry& entry, const FileSource& source,
                                                    Draft& draft);
  [[nodiscard]] core::Result<Piece> put_piece(core::ByteView bytes, Draft& draft);
  [[nodiscard]] core::Result<void> put_index(Draft& draft);
  void take_over(Draft draft, const Contents& contents);
  void take_back(const Draft& draft);
  [[nodiscard]] core::Error failed(core::Error error);

  Surroundings around_;
  std::string name_;
  Keyed current_;
  std::optional<Keyed> next_;          ///< under which the next commit seals everything anew
  std::uint64_t last_generation_ = 0;  ///< that was ever tried
  Mark mark_;
  std::map<std::uint64_t, KnownFile> files_;
  Objects objects_;  ///< of the state that stands
  bool is_lost_ = false;
};

struct Opened {
  Volume volume;
  std::vector<Entry> entries;    ///< the root directory first, what is in one behind it
  std::vector<FileBytes> bytes;  ///< of each entry; null for what is no file
  bool is_new = false;
  bool was_recovered = false;  ///< opened by the recovery key
  Sealing sealing = Sealing::Kept;
};

}  // namespace merlon::sealed
