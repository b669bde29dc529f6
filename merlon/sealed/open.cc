// A volume is opened or made: every doubt about it is settled here, before a file of it is seen.

#include <algorithm>
#include <set>

#include "merlon/sealed/draft.h"

namespace merlon::sealed {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// More than any state and what killed keeps may have left behind it.
constexpr std::size_t most_objects = std::size_t{1} << 18U;
constexpr std::size_t max_index_object = Header::size + max_index_size + crypto::gcm_tag_size;

core::Error denied(const char* what) { return core::error(ErrorCode::Denied, what); }

Result<Secret> new_secret() {
  std::vector<std::uint8_t> bytes(secret_size);
  if (!crypto::fill_random(bytes)) return core::error(ErrorCode::Internal, "no random numbers");
  return Secret(std::move(bytes));
}

Result<crypto::AesGcmKey::Nonce> new_nonce() {
  crypto::AesGcmKey::Nonce nonce{};
  if (!crypto::fill_random(nonce)) return core::error(ErrorCode::Internal, "no random numbers");
  return nonce;
}

Result<void> check(const Wanted& wanted) {
  if (!is_volume_name(wanted.name)) return core::error(ErrorCode::Malformed, "no name of a volume");
  if (wanted.recovery_key && wanted.recovery_key->reveal().size() != recovery_key_size) {
    return core::error(ErrorCode::Malformed, "a recovery key of another size");
  }
  return {};
}

/// What is wrong with a volume whatever its keys are.
Result<void> judge(const Header& header, const Wanted& wanted, PlatformKeys& keys) {
  const RootKind root = keys.kind();
  if (header.root != root) {
    return denied(root == RootKind::None
                      ? "the volume was sealed by an attested keep, and this one is none"
                      : "the volume was sealed by a keep that nothing attests");
  }
  if (header.binding != wanted.binding) {
    return denied(
        wanted.binding == Binding::Workload
            ? "the volume is sealed for any workload of the tenant, not for this one alone"
            : "the volume is sealed for one workload alone");
  }
  if (header.epoch > wanted.epoch) {
    return denied("the volume is sealed under a later epoch than the tenant asks for");
  }
  if (!header.versions.at_least(wanted.oldest, keys.order())) {
    return denied("the volume is sealed under versions that the tenant does not accept any more");
  }
  return {};
}

/// Why the platform's key does not open it; what the checks say is a hint and no more.
core::Error why_not(const Secret& root, const Header& header, const Workload& workload,
                    std::string_view name) {
  if (platform_check(root, header.id) != header.platform_check) {
    return denied(
        "the volume was sealed on another machine, by another keep or for another tenant");
  }
  if (tenant_check(root, header.id, workload.tenant, name) != header.tenant_check) {
    return denied("the volume is another tenant's, or has another name");
  }
  return denied(header.binding == Binding::Workload
                    ? "the volume is another workload's, or its header was altered"
                    : "the header of the volume was altered");
}

Result<Index> open_index(const Header& header, const Secret& volume_key, ByteView object) {
  const auto altered = denied("the volume's index was altered");
  const ByteView behind = object.subspan(Header::size);
  if (header.index_size > max_index_size ||
      behind.size() != header.index_size + crypto::gcm_tag_size) {
    return altered;
  }
  crypto::AesGcmKey::Tag tag{};
  std::ranges::copy(behind.last(tag.size()), tag.begin());
  const auto plain =
      index_key(volume_key, header.salt)
          .open({}, object.first(Header::size), behind.first(header.index_size), tag);
  if (!plain) return altered;
  return Index::parse(*plain);
}

/// Whether it is as new as the tenant knows that there was one.
Result<void> judge_mark(const Mark& mark, const Mark& at_least) {
  if (!at_least.id.is_zero() && mark.id != at_least.id) {
    return denied("the volume is not the one that the tenant has seen under this name");
  }
  if (mark.generation < at_least.generation) {
    return denied("the volume is older than what the tenant has seen of it");
  }
  if (mark.generation == at_least.generation && mark.head != at_least.head) {
    return denied("the volume is another than what the tenant has seen of it");
  }
  return {};
}

/// A state as a commit reads it.
Contents contents_of(const std::vector<Entry>& entries, const std::vector<FileBytes>& bytes) {
  Contents contents{entries, std::vector<FileSource>(entries.size())};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (bytes[i] == nullptr) continue;
    contents.sources[i].read = [held = bytes[i]](std::uint64_t offset, core::ByteSpan into) {
      std::ranges::copy(ByteView(*held).subspan(offset, into.size()), into.begin());
    };
    contents.sources[i].file = i;
  }
  return contents;
}

}  // namespace

Result<Volume::Keyed> Volume::new_keys(const Surroundings& around, const Wanted& wanted,
                                       const Workload& workload, const VolumeId& id) {
  Keyed made;
  Header& header = made.header;
  header.id = id;
  header.root = around.keys.kind();
  header.binding = wanted.binding;
  header.has_recovery = wanted.recovery_key.has_value();
  header.epoch = wanted.epoch;
  header.versions = TRY(around.keys.newest());
  if (!header.versions.at_least(wanted.oldest, around.keys.order())) {
    return denied("this machine or keep has older versions than the tenant accepts");
  }
  const Secret root = TRY(around.keys.key(header.versions));
  header.platform_check = platform_check(root, id);
  header.tenant_check = tenant_check(root, id, workload.tenant, wanted.name);
  made.key = TRY(new_secret());
  const Secret slot_key = platform_slot_key(root, id, workload, wanted.name, wanted.binding);
  const auto nonce = TRY(new_nonce());
  header.platform_slot = seal_slot(slot_key, header, nonce, made.key);
  if (wanted.recovery_key) {
    const auto other = TRY(new_nonce());
    const Secret recovery = recovery_slot_key(*wanted.recovery_key, id, wanted.name);
    header.recovery_slot = seal_slot(recovery, header, other, made.key);
  }
  return made;
}

Result<Volume::Unlocked> Volume::unlock(const Surroundings& around, const Wanted& wanted,
                                        const Workload& workload, const Header& header) {
  TRY(judge(header, wanted, around.keys));
  Unlocked made;
  made.newest = TRY(around.keys.newest());
  core::Error reason =
      denied("the volume was sealed by newer versions than this machine or keep has");
  // Where only the processor can tell, it is asked: it gives no key of what it has not.
  const bool may_have = around.keys.order() == TcbOrder::ByProcessor
                            ? made.newest.svn >= header.versions.svn
                            : made.newest.at_least(header.versions, TcbOrder::ByByte);
  if (may_have) {
    const auto root = around.keys.key(header.versions);
    if (!root && root.error().code == ErrorCode::Unavailable) return root.error();
    if (root) {
      const Secret slot_key =
          platform_slot_key(*root, header.id, workload, wanted.name, header.binding);
      auto key = open_slot(slot_key, header, header.platform_slot);
      if (key) {
        made.key = *std::move(key);
        return made;
      }
      reason = why_not(*root, header, workload, wanted.name);
    }
  }
  if (!wanted.recovery_key || !header.has_recovery) return reason;
  const Secret recovery = recovery_slot_key(*wanted.recovery_key, header.id, wanted.name);
  auto key = open_slot(recovery, header, header.recovery_slot);
  if (!key) return denied("neither the platform's key nor the recovery key opens the volume");
  made.key = *std::move(key);
  made.by_recovery = true;
  return made;
}

Result<Opened> Volume::create(const Surroundings& around, const Wanted& wanted,
                              const Workload& workload) {
  if (wanted.at_least != Mark{}) {
    return denied("the volume is gone, and the tenant has seen it");
  }
  const auto objects = TRY(around.store.list(most_objects));
  if (!objects.empty()) return denied("the volume has lost its index");
  const VolumeId id = TRY(random_bytes<VolumeId>());
  Keyed keyed = TRY(new_keys(around, wanted, workload, id));
  Volume volume(around, wanted.name, std::move(keyed));
  const std::vector<Entry> root(1);
  const std::vector<FileBytes> none(1);
  TRY(volume.commit(contents_of(root, none)));
  return Opened{std::move(volume), root, none, true, false, Sealing::Kept};
}

Result<Opened> Volume::open(const Surroundings& around, const Wanted& wanted,
                            const Workload& workload) {
  TRY(check(wanted));
  const auto object = around.store.get_index(max_index_object);
  if (!object && object.error().code == ErrorCode::NotFound) {
    return create(around, wanted, workload);
  }
  if (!object) return object.error();
  Header header = TRY(Header::parse(*object));
  Unlocked unlocked = TRY(unlock(around, wanted, workload, header));
  Index index = TRY(open_index(header, unlocked.key, *object));
  const Mark mark{index.generation, crypto::sha256({*object}), header.id};
  TRY(judge_mark(mark, wanted.at_least));
  Keyed keyed{std::move(header), std::move(unlocked.key)};
  Volume volume(around, wanted.name, std::move(keyed));
  volume.mark_ = mark;
  volume.last_generation_ = mark.generation;
  auto bytes = TRY(volume.read(index));
  TRY(volume.remove_strangers());
  Sealing sealing = TRY(volume.plan_sealing(unlocked, around, wanted, workload));
  if (around.counter != nullptr) around.counter->opened(wanted.name, mark);
  if (volume.next_) {
    const auto done = volume.commit(contents_of(index.entries, bytes));
    if (!done && done.error().code != ErrorCode::Exhausted) return done.error();
    if (!done) sealing = Sealing::NoRoom;
    volume.next_.reset();
  }
  return Opened{std::move(volume),    std::move(index.entries),
                std::move(bytes),     false,
                unlocked.by_recovery, sealing};
}

/// Under a higher epoch or higher versions all of it gets other keys: whoever has broken the old
/// versions knows the old ones.
Result<Sealing> Volume::plan_sealing(const Unlocked& unlocked, const Surroundings& around,
                                     const Wanted& wanted, const Workload& workload) {
  const Header& header = current_.header;
  const bool has_risen = header.epoch != wanted.epoch || header.versions != unlocked.newest;
  const bool wants_slot = wanted.recovery_key.has_value() && !header.has_recovery;
  if (!has_risen && !unlocked.by_recovery && !wants_slot) return Sealing::Kept;
  if (header.has_recovery && !wanted.recovery_key) return Sealing::WantsRecoveryKey;
  next_ = TRY(new_keys(around, wanted, workload, header.id));
  return Sealing::Anew;
}

Result<std::vector<FileBytes>> Volume::read(const Index& index) {
  std::vector<FileBytes> all(index.entries.size());
  std::uint64_t total = 0;
  for (const Entry& entry : index.entries) total += entry.size;  // each was judged
  if (total > around_.max_bytes) {
    return core::error(ErrorCode::Exhausted, "the sealed volume is larger than this keep allows");
  }
  for (std::size_t i = 0; i < index.entries.size(); ++i) {
    if (index.entries[i].kind != Entry::Kind::File) continue;
    all[i] = TRY(read_file(index.entries[i].size, index.pieces[i]));
    for (const Piece& piece : index.pieces[i]) {
      if (!piece.object.is_zero()) objects_.emplace(piece.digest, piece.object);
    }
  }
  return all;
}

Result<FileBytes> Volume::read_file(std::uint64_t size, const Pieces& pieces) const {
  auto bytes = std::make_shared<std::vector<std::uint8_t>>(size);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.object.is_zero()) continue;
    const std::size_t offset = i * piece_size;
    const core::ByteSpan into =
        core::ByteSpan(*bytes).subspan(offset, std::min(piece_size, size - offset));
    const auto sealed = around_.store.get(piece.object, sealed_size(piece_size));
    if (!sealed && sealed.error().code == ErrorCode::NotFound) {
      return denied("an object of the sealed volume is gone");
    }
    if (!sealed) return sealed.error();
    TRY(open_object(current_.key, current_.header.id, piece.object, *sealed, into));
    if (crypto::sha256({into}) != piece.digest) {
      return denied("an object of the sealed volume was altered");
    }
  }
  return FileBytes(std::move(bytes));
}

/// What a keep that was killed had put and not yet told of, or not yet removed.
Result<void> Volume::remove_strangers() {
  std::set<ObjectId> known;
  for (const auto& [digest, id] : objects_) known.insert(id);
  for (const ObjectId& id : TRY(around_.store.list(most_objects))) {
    if (!known.contains(id)) TRY(around_.store.remove(id));
  }
  return {};
}

}  // namespace merlon::sealed
