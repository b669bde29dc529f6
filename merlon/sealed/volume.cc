#include "merlon/sealed/volume.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "merlon/crypto/random.h"
#include "merlon/sealed/draft.h"

namespace merlon::sealed {

using core::ByteView;
using core::ErrorCode;
using core::Result;

std::size_t Volume::DigestHash::operator()(const crypto::Sha256Digest& digest) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.view().data(), sizeof hash);
  return hash;
}

/// After some errors nobody knows which state stands.
core::Error Volume::failed(core::Error error) {
  if (error.code == ErrorCode::Unavailable || error.code == ErrorCode::Malformed) is_lost_ = true;
  return error;
}

Result<void> Volume::commit(const Contents& contents) {
  if (is_lost_) return core::error(ErrorCode::Unavailable, "the sealed volume's store is gone");
  if (contents.entries.size() != contents.sources.size()) {
    return core::error(ErrorCode::Internal, "files without what they hold");
  }
  Draft draft;
  draft.keyed = next_ ? &*next_ : &current_;
  draft.index.entries = contents.entries;
  auto done = put_pieces(contents, draft);
  if (done) done = put_index(draft);
  if (!done) {
    const core::Error error = failed(done.error());
    if (!is_lost_) take_back(draft);
    return error;
  }
  take_over(std::move(draft), contents);
  if (around_.counter != nullptr) around_.counter->written(name_, mark_);
  return {};
}

Result<void> Volume::put_pieces(const Contents& contents, Draft& draft) {
  draft.index.pieces.resize(contents.entries.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < contents.entries.size(); ++i) {
    const Entry& entry = contents.entries[i];
    if (entry.kind != Entry::Kind::File) continue;
    if (entry.size > around_.max_bytes - std::min(total, around_.max_bytes)) {
      return core::error(ErrorCode::Exhausted, "more than the sealed volume may hold");
    }
    total += entry.size;
    draft.index.pieces[i] = TRY(pieces_of_file(entry, contents.sources[i], draft));
  }
  return {};
}

Result<Pieces> Volume::pieces_of_file(const Entry& entry, const FileSource& source, Draft& draft) {
  const auto known = files_.find(source.file);
  const bool same = known != files_.end() && known->second.version == source.version &&
                    known->second.pieces.size() == pieces_of(entry.size);
  if (same && draft.keyed == &current_) return known->second.pieces;
  Pieces pieces;
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t offset = 0; offset < entry.size; offset += piece_size) {
    bytes.resize(std::min<std::uint64_t>(piece_size, entry.size - offset));
    source.read(offset, bytes);
    pieces.push_back(TRY(put_piece(bytes, draft)));
  }
  return pieces;
}

Result<Piece> Volume::put_piece(ByteView bytes, Draft& draft) {
  if (std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; })) return Piece{};
  const auto digest = crypto::sha256({bytes});
  if (const auto made = draft.added.find(digest); made != draft.added.end()) {
    return Piece{made->second, digest};
  }
  // What lies there under other keys is of no use.
  const bool keeps_keys = draft.keyed == &current_;
  if (const auto there = objects_.find(digest); keeps_keys && there != objects_.end()) {
    return Piece{there->second, digest};
  }
  const ObjectId id = TRY(random_bytes<ObjectId>());
  const Keyed& keyed = *draft.keyed;
  draft.added.emplace(digest, id);  // before it is put: a put that failed may have been done
  TRY(around_.store.put(id, seal_object(keyed.key, keyed.header.id, id, bytes)));
  return Piece{id, digest};
}

Result<void> Volume::put_index(Draft& draft) {
  Keyed& keyed = *draft.keyed;
  draft.index.generation = ++last_generation_;
  const auto plain = TRY(draft.index.bytes());
  keyed.header.salt = TRY(random_bytes<Salt>());
  keyed.header.index_size = plain.size();
  std::vector<std::uint8_t> bytes = keyed.header.bytes();
  const auto sealed = index_key(keyed.key, keyed.header.salt).seal({}, bytes, plain);
  bytes.insert(bytes.end(), sealed.text.begin(), sealed.text.end());
  bytes.insert(bytes.end(), sealed.tag.begin(), sealed.tag.end());
  draft.mark = {draft.index.generation, crypto::sha256({bytes}), keyed.header.id};
  return around_.store.put_index(bytes);
}

/// The new state stands: what only the old one needed goes.
void Volume::take_over(Draft draft, const Contents& contents) {
  mark_ = draft.mark;
  if (next_) {
    current_ = *std::move(next_);
    next_.reset();
  }
  Objects standing;
  std::map<std::uint64_t, KnownFile> files;
  std::set<ObjectId> needed;
  for (std::size_t i = 0; i < contents.entries.size(); ++i) {
    if (contents.entries[i].kind != Entry::Kind::File) continue;
    for (const Piece& piece : draft.index.pieces[i]) {
      if (piece.object.is_zero()) continue;
      standing.emplace(piece.digest, piece.object);
      needed.insert(piece.object);
    }
    const FileSource& source = contents.sources[i];
    files[source.file] = {source.version, std::move(draft.index.pieces[i])};
  }
  for (const auto& [digest, id] : objects_) {
    if (needed.contains(id)) continue;
    // It is of no use to anybody; a store that does not remove it now is told again when the volume
    // is opened.
    if (const auto removed = around_.store.remove(id); !removed) {
      static_cast<void>(failed(removed.error()));
      if (is_lost_) break;
    }
  }
  objects_ = std::move(standing);
  files_ = std::move(files);
}

/// The old state stands: what was to be the new one's goes.
void Volume::take_back(const Draft& draft) {
  for (const auto& [digest, id] : draft.added) {
    if (const auto removed = around_.store.remove(id); !removed) {
      static_cast<void>(failed(removed.error()));
      if (is_lost_) return;
    }
  }
}

}  // namespace merlon::sealed
