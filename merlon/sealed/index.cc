#include "merlon/sealed/index.h"

#include <set>
#include <utility>

#include "merlon/base/byte_writer.h"

namespace merlon::sealed {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t least_entry_size = 32;

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

bool is_name(std::string_view name) {
  constexpr std::size_t most = 255;
  return !name.empty() && name.size() <= most && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

/// What entries must be among each other, for writers and readers alike.
class Rules {
 public:
  Result<void> add(const Entry& entry) {
    const std::size_t number = kinds_.size();
    kinds_.push_back(entry.kind);
    if (number >= max_entries) return core::error(ErrorCode::Exhausted, "too many files");
    if (number == 0) return root(entry);
    if (entry.parent >= number || kinds_[entry.parent] != Entry::Kind::Directory) {
      return malformed("a file in no directory");
    }
    if (!is_name(entry.name)) return malformed("a name that no file has");
    if (!names_.emplace(entry.parent, entry.name).second) return malformed("one name for two");
    return kind(entry, number);
  }

 private:
  static Result<void> root(const Entry& entry) {
    const bool good =
        entry.kind == Entry::Kind::Directory && entry.parent == 0 && entry.name.empty();
    return good ? Result<void>() : malformed("no root directory");
  }

  Result<void> kind(const Entry& entry, std::size_t number) {
    switch (entry.kind) {
      case Entry::Kind::Directory: return {};
      case Entry::Kind::File:
        if (entry.size > max_volume_size - total_) {
          return core::error(ErrorCode::Exhausted, "a sealed volume of more than 4 GiB");
        }
        total_ += entry.size;
        return {};
      case Entry::Kind::Link:
        if (entry.target.empty() || entry.target.size() > max_link_size ||
            entry.target.find('\0') != std::string::npos) {
          return malformed("a symbolic link that says nothing");
        }
        return {};
      case Entry::Kind::Name:
        if (entry.of >= number ||
            (kinds_[entry.of] != Entry::Kind::File && kinds_[entry.of] != Entry::Kind::Link)) {
          return malformed("a further name of no file");
        }
        return {};
    }
    return malformed("an entry of another kind");
  }

  std::vector<Entry::Kind> kinds_;
  std::set<std::pair<std::uint32_t, std::string>> names_;
  std::uint64_t total_ = 0;
};

void write(base::ByteWriter& out, const Entry& entry, const Pieces& pieces) {
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u8(static_cast<std::uint8_t>(entry.name.size()));
  out.u16(0);
  out.u32(entry.parent);
  out.u64(entry.times.accessed);
  out.u64(entry.times.modified);
  out.u64(entry.times.changed);
  out.text(entry.name);
  switch (entry.kind) {
    case Entry::Kind::Directory: break;
    case Entry::Kind::File:
      out.u64(entry.size);
      for (const Piece& piece : pieces) {
        out.bytes(piece.object.view());
        out.bytes(piece.digest.view());
      }
      break;
    case Entry::Kind::Link:
      out.u16(static_cast<std::uint16_t>(entry.target.size()));
      out.text(entry.target);
      break;
    case Entry::Kind::Name: out.u32(entry.of); break;
  }
}

Result<Entry::Kind> kind_of(std::uint8_t number) {
  for (const Entry::Kind kind :
       {Entry::Kind::Directory, Entry::Kind::File, Entry::Kind::Link, Entry::Kind::Name}) {
    if (number == static_cast<std::uint8_t>(kind)) return kind;
  }
  return malformed("an entry of another kind");
}

Result<std::string> read_text(core::Reader& reader, std::size_t size) {
  const ByteView bytes = TRY(reader.bytes(size));
  return std::string(core::as_text(bytes));
}

Result<Entry> read_entry(core::Reader& reader) {
  Entry entry;
  entry.kind = TRY(kind_of(TRY(reader.u8())));
  const std::size_t name_size = TRY(reader.u8());
  if (TRY(reader.u16()) != 0) return malformed("reserved bytes of an entry are not zero");
  entry.parent = TRY(reader.u32());
  entry.times.accessed = TRY(reader.u64());
  entry.times.modified = TRY(reader.u64());
  entry.times.changed = TRY(reader.u64());
  entry.name = TRY(read_text(reader, name_size));
  switch (entry.kind) {
    case Entry::Kind::Directory: break;
    case Entry::Kind::File: entry.size = TRY(reader.u64()); break;
    case Entry::Kind::Link: {
      const std::size_t size = TRY(reader.u16());
      entry.target = TRY(read_text(reader, size));
      break;
    }
    case Entry::Kind::Name: entry.of = TRY(reader.u32()); break;
  }
  return entry;
}

/// The size has been checked.
Result<Pieces> read_pieces(core::Reader& reader, std::uint64_t size) {
  const std::uint64_t count = pieces_of(size);
  if (count > reader.remaining() / (ObjectId::size + crypto::Sha256Digest::size)) {
    return malformed("unexpected end of a file's pieces");
  }
  Pieces pieces;
  pieces.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Piece piece;
    piece.object = TRY(ObjectId::read(reader));
    piece.digest = TRY(crypto::Sha256Digest::read(reader));
    if (piece.object.is_zero() && !piece.digest.is_zero()) return malformed("a piece of no object");
    pieces.push_back(piece);
  }
  return pieces;
}

}  // namespace

Result<std::vector<std::uint8_t>> Index::bytes() const {
  if (pieces.size() != entries.size()) return malformed("an index of another size");
  base::ByteWriter out;
  out.u64(generation);
  out.u32(static_cast<std::uint32_t>(entries.size()));
  out.u32(0);
  Rules rules;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    TRY(rules.add(entries[i]));
    if (pieces[i].size() != pieces_of(entries[i].size)) return malformed("a file without pieces");
    write(out, entries[i], pieces[i]);
    if (out.size() > max_index_size) return core::error(ErrorCode::Exhausted, "too many files");
  }
  if (entries.empty()) return malformed("no root directory");
  return out.take();
}

Result<Index> Index::parse(ByteView bytes) {
  core::Reader reader(bytes);
  Index made;
  made.generation = TRY(reader.u64());
  const std::uint32_t count = TRY(reader.u32());
  if (TRY(reader.u32()) != 0) return malformed("reserved bytes of an index are not zero");
  if (count == 0 || count > reader.remaining() / least_entry_size) {
    return malformed("another count of entries");
  }
  Rules rules;
  made.entries.reserve(count);
  made.pieces.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Entry entry = TRY(read_entry(reader));
    TRY(rules.add(entry));
    Pieces pieces = TRY(read_pieces(reader, entry.size));
    made.entries.push_back(std::move(entry));
    made.pieces.push_back(std::move(pieces));
  }
  if (!reader.at_end()) return malformed("bytes behind an index");
  return made;
}

}  // namespace merlon::sealed
