#include "merlon/registry_store/shelf.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::registry_store {

using base::concat;
using core::ErrorCode;
using database::Failure;

namespace {

/// How often an upload says that it goes on.
constexpr std::int64_t touch_seconds = 60;
constexpr std::uint64_t touch_bytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t at_a_time = 100;

Failure failure(const core::Error& error) {
  const auto kind =
      error.code == ErrorCode::Exhausted ? Failure::Kind::Full : Failure::Kind::Unavailable;
  return {kind, std::string(error.message())};
}

template <typename T>
Result<T> from_store(core::Result<T> result) {
  if (!result) return failure(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

}  // namespace

// ---- in ----

Incoming::Incoming(Shelf& shelf, Place place, registry::Meta meta, ObjectName object,
                   std::unique_ptr<ObjectWriter> writer)
    : shelf_(&shelf),
      place_(std::move(place)),
      meta_(std::move(meta)),
      object_(std::move(object)),
      writer_(std::move(writer)),
      hasher_(meta_.digest),
      touched_(shelf.now_()) {}

Result<void> Incoming::append(core::ByteView bytes) {
  if (bytes.size() > meta_.length - pieces_.length()) {
    drop();
    return Failure{Failure::Kind::Broken, "more bytes than were told"};
  }
  const auto appended = writer_->append(bytes);
  if (!appended) {
    // A store that is full would stay so by what nobody can finish.
    if (appended.error().code == ErrorCode::Exhausted) drop();
    return failure(appended.error());
  }
  note(bytes);
  untouched_ += bytes.size();
  const codec::UnixTime now = shelf_->now_();
  if (now.seconds - touched_.seconds < touch_seconds && untouched_ < touch_bytes) return {};
  touched_ = now;
  untouched_ = 0;
  if (TRY(shelf_->catalogue_.touch_upload(object_, now))) return {};
  // Its bytes are in no table, and count for nobody.
  drop();
  return Failure{Failure::Kind::Unavailable, "another upload has taken the place of this one"};
}

void Incoming::note(core::ByteView bytes) {
  hasher_.add(bytes);
  pieces_.add(bytes);
  if (meta_.type == registry::directory_type) listing_ += core::as_text(bytes);
}

void Incoming::drop() {
  writer_.reset();
  // The object first: where there is no room, the catalogue may need it.
  static_cast<void>(shelf_->objects_.remove(object_));
  static_cast<void>(shelf_->catalogue_.drop_upload(object_));
}

Result<Incoming::Finished> Incoming::finish() {
  const bool whole = pieces_.length() == meta_.length;
  const registry::ContentDigest found = std::move(hasher_).finish();
  const bool is_as_told = whole && registry::agrees(meta_.digest, found);
  if (!is_as_told) {
    drop();
    return Finished{{}, false};
  }
  TRY(from_store(writer_->finish()));
  writer_.reset();
  return put(found);
}

Result<Incoming::Finished> Incoming::put(const registry::ContentDigest& digest) {
  registry::Directory children;
  if (meta_.type == registry::directory_type) {
    auto parsed = registry::parse_directory(listing_);
    if (!parsed) {
      drop();
      return Failure{Failure::Kind::Broken, concat("no directory: ", parsed.error().message())};
    }
    children = *std::move(parsed);
  }
  const auto key = BlobKey::from(digest.get(registry::DigestKind::Sha256));
  if (!key) return Failure{Failure::Kind::Broken, "no digest"};
  const Blob blob{*key, object_, meta_.length, std::move(pieces_).finish()};
  // Who brings it again may do so because what lies here was lost.
  auto lost = TRY(shelf_->catalogue_.blob(*key));
  if (lost && lost->check(shelf_->objects_)) lost.reset();
  registry::Meta meta{digest, meta_.length, meta_.type};
  std::vector<ObjectName> dropped;
  Finished finished;
  finished.added =
      TRY(shelf_->catalogue_.finish_upload(place_, meta, children, blob, lost, dropped));
  TRY(shelf_->remove(dropped));
  return finished;
}

Result<void> Shelf::room() const { return from_store(objects_.room()); }

Result<Added> Shelf::begin_tag(const Tag& tag, const registry::Meta& root) {
  std::vector<ObjectName> dropped;
  const Added added = TRY(catalogue_.begin_tag(tag, root, now_(), dropped));
  TRY(remove(dropped));
  return added;
}

Result<Shelf::Begun> Shelf::begin(const Place& place, const registry::Meta& told) {
  TRY(room());
  Begun begun;
  registry::Meta meta = told;
  begun.added = TRY(catalogue_.expects(place, meta));
  if (begun.added.kind != Added::Kind::Done) return begun;
  const Upload upload{new_object_name(), meta.digest.text()};
  std::vector<ObjectName> dropped;
  begun.added = TRY(catalogue_.begin_upload(place, upload, now_(), dropped));
  TRY(remove(dropped));
  if (begun.added.kind != Added::Kind::Done) return begun;
  auto writer = TRY(from_store(objects_.create(upload.object)));
  begun.incoming.reset(new Incoming(*this, place, meta, upload.object, std::move(writer)));
  return begun;
}

Result<Shelf::Begun> Shelf::go_on(const Place& place, const registry::Meta& told,
                                  std::uint64_t offset) {
  Begun begun;
  registry::Meta meta = told;
  begun.added = TRY(catalogue_.expects(place, meta));
  if (begun.added.kind != Added::Kind::Done) return begun;
  const auto upload = TRY(catalogue_.upload(place));
  if (!upload || upload->digest != meta.digest.text()) return begun;
  return resume(place, meta, offset, *upload);
}

Result<Shelf::Begun> Shelf::resume(const Place& place, const registry::Meta& meta,
                                   std::uint64_t offset, const Upload& upload) {
  Begun begun;
  // The lock first: afterwards nobody else appends.
  auto writer = objects_.resume(upload.object);
  const auto length = objects_.kept(upload.object);
  if (!length) return begun;
  begun.offset = *length;
  if (begun.offset != offset || offset > meta.length) return begun;
  if (!writer && writer.error().code == ErrorCode::Unsupported) {
    return resume_elsewhere(place, meta, offset, upload);
  }
  if (!writer || !TRY(catalogue_.touch_upload(upload.object, now_()))) return begun;
  std::unique_ptr<Incoming> incoming(
      new Incoming(*this, place, meta, upload.object, *std::move(writer)));
  TRY(read_kept(upload.object, offset, [&](core::ByteView bytes) -> Result<void> {
    incoming->note(bytes);
    return {};
  }));
  begun.incoming = std::move(incoming);
  return begun;
}

/// Whoever wrote the upload may still be at it, on another machine: what he has is left to him, and
/// whose copy the catalogue takes first goes on.
Result<Shelf::Begun> Shelf::resume_elsewhere(const Place& place, const registry::Meta& meta,
                                             std::uint64_t offset, const Upload& upload) {
  Begun begun;
  const ObjectName copy = new_object_name();
  begun.added = TRY(catalogue_.begin_copy(place, copy, now_()));
  if (begun.added.kind != Added::Kind::Done) return begun;
  begun.offset = offset;
  auto writer = TRY(from_store(objects_.create(copy)));
  std::unique_ptr<Incoming> incoming(new Incoming(*this, place, meta, copy, std::move(writer)));
  const auto copied = read_kept(upload.object, offset,
                                [&](core::ByteView bytes) { return incoming->append(bytes); });
  const auto taken = copied ? catalogue_.take_over(upload.object, copy) : Result<bool>(false);
  if (!taken) return taken.error();  // perhaps it was taken over: nothing may go
  if (!*taken) {
    incoming->drop();
    if (!copied) return copied.error();
    begun.offset = 0;
    return begun;
  }
  static_cast<void>(objects_.remove(upload.object));
  begun.incoming = std::move(incoming);
  return begun;
}

Result<void> Shelf::read_kept(const ObjectName& object, std::uint64_t length,
                              const std::function<Result<void>(core::ByteView)>& take) {
  const auto reader = TRY(from_store(objects_.open(object, length)));
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t at = 0; at < length; at += bytes.size()) {
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length - at, Blob::piece_size)));
    TRY(from_store(reader->read(at, bytes)));
    TRY(take(bytes));
  }
  return {};
}

Result<std::optional<std::uint64_t>> Shelf::kept(const Place& place) {
  const auto upload = TRY(catalogue_.upload(place));
  if (!upload) return std::optional<std::uint64_t>();
  const auto length = objects_.kept(upload->object);
  if (!length && length.error().code != ErrorCode::NotFound) return failure(length.error());
  if (!length) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(*length);
}

// ---- out ----

Result<Outgoing> Shelf::open(const Blob& blob) {
  auto reader = TRY(from_store(objects_.open(blob.object, blob.length)));
  return Outgoing(blob, std::move(reader));
}

// ---- upkeep ----

Result<bool> Shelf::delete_tag(const std::string& repository, const std::string& name) {
  std::vector<ObjectName> dropped;
  const bool done = TRY(catalogue_.delete_tag(repository, name, dropped));
  TRY(remove(dropped));
  return done;
}

Result<void> Shelf::remove(const std::vector<ObjectName>& names) {
  // One that stays is a stranger, which the next sweep removes.
  for (const ObjectName& each : names) static_cast<void>(objects_.remove(each));
  return {};
}

Result<std::uint64_t> Shelf::strangers(bool remove_them) {
  std::uint64_t count = 0;
  for (unsigned part = 0; part < ObjectStore::parts; ++part) {
    for (const ObjectName& name : TRY(from_store(objects_.list(part)))) {
      if (TRY(catalogue_.is_known(name))) continue;
      ++count;
      if (remove_them) TRY(from_store(objects_.remove(name)));
    }
  }
  return count;
}

Result<Swept> Shelf::sweep(std::int64_t patience) {
  Swept swept;
  const auto dropped = TRY(catalogue_.drop_uploads({now_().seconds - patience}));
  TRY(remove(dropped));
  swept.uploads = dropped.size();
  for (;;) {
    const auto unused = TRY(catalogue_.take_unused(at_a_time));
    if (unused.empty()) break;
    TRY(remove(unused));
    swept.blobs += unused.size();
  }
  swept.strangers = TRY(strangers(true));
  return swept;
}

Result<void> Shelf::check_blob(const Blob& blob, bool repair, Findings& findings) {
  ++findings.blobs;
  findings.bytes += blob.length;
  const auto sound = blob.check(objects_);
  if (sound) return {};
  const auto places = TRY(catalogue_.places_of(blob.key));
  const auto now = TRY(catalogue_.blob(blob.key));
  if (!now || now->object != blob.object) return {};  // it went, or was brought again, meanwhile
  for (const Place& each : places) {
    findings.damaged.push_back(
        concat(each.repository, ":", each.tag, " /", each.path, ": ", sound.error().message()));
  }
  if (places.empty()) findings.damaged.push_back("a content that no tag names is lost");
  if (repair && TRY(catalogue_.expect_again(blob))) {
    static_cast<void>(objects_.remove(blob.object));
  }
  return {};
}

Result<Findings> Shelf::check(bool repair, const std::function<void(std::uint64_t)>& progress) {
  Findings findings;
  std::string after;
  for (;;) {
    const auto some = TRY(catalogue_.blobs(after, at_a_time));
    if (some.empty()) break;
    for (const Blob& each : some) {
      TRY(check_blob(each, repair, findings));
      if (progress) progress(findings.bytes);
    }
    after = base::hex(some.back().key.view());
  }
  findings.contradictions = TRY(catalogue_.contradictions());
  findings.strangers = TRY(strangers(false));
  return findings;
}

}  // namespace merlon::registry_store
