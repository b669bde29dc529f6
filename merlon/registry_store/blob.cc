#include "merlon/registry_store/blob.h"

#include <algorithm>

namespace merlon::registry_store {

using core::ErrorCode;
using core::Result;

Result<std::vector<std::uint8_t>> Blob::read(const ObjectReader& reader,
                                             std::uint64_t piece) const {
  if (reader.size() != length) return core::error(ErrorCode::Denied, "an object of another size");
  if (piece >= pieces.size()) return core::error(ErrorCode::Denied, "no such piece");
  const std::uint64_t offset = piece * piece_size;
  std::vector<std::uint8_t> bytes(
      static_cast<std::size_t>(std::min<std::uint64_t>(length - offset, piece_size)));
  TRY(reader.read(offset, bytes));
  if (crypto::sha256({bytes}) != pieces[static_cast<std::size_t>(piece)]) {
    return core::error(ErrorCode::Denied, "an object has other bytes");
  }
  return bytes;
}

Result<void> Blob::check(const ObjectStore& store) const {
  const auto reader = TRY(store.open(object, length));
  if (reader->size() != length || pieces.size() != pieces_of(length)) {
    return core::error(ErrorCode::Denied, "an object of another size");
  }
  for (std::uint64_t i = 0; i < pieces.size(); ++i) TRY(read(*reader, i));
  return {};
}

void PieceHasher::add(core::ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t held = static_cast<std::size_t>(length_ % Blob::piece_size);
    const std::size_t take = std::min(bytes.size(), Blob::piece_size - held);
    piece_.add(bytes.first(take));
    length_ += take;
    bytes = bytes.subspan(take);
    if (length_ % Blob::piece_size == 0) {
      pieces_.push_back(std::move(piece_).finish());
      piece_ = crypto::Sha256Stream();
    }
  }
}

std::vector<crypto::Sha256Digest> PieceHasher::finish() && {
  if (length_ % Blob::piece_size != 0) pieces_.push_back(std::move(piece_).finish());
  return std::move(pieces_);
}

}  // namespace merlon::registry_store
