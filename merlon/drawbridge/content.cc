#include "merlon/drawbridge/content.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::drawbridge {

using base::concat;
using http::Response;
using registry_store::Added;
using registry_store::Blob;

KeptPieces::Bytes compared_piece(const registry_store::Outgoing& outgoing, std::uint64_t number,
                                 KeptPieces& kept) {
  const registry_store::ObjectName& object = outgoing.blob().object;
  if (auto known = kept.find(object, number)) return known;
  auto bytes = outgoing.piece(number);
  if (!bytes) return nullptr;
  auto piece = std::make_shared<const std::vector<std::uint8_t>>(*std::move(bytes));
  kept.add(object, number, piece);
  return piece;
}

NodeContent::Piece NodeContent::next() {
  Piece whole = compared_piece(outgoing_, at_ / Blob::piece_size, kept_);
  if (!whole) {
    altered_();
    return nullptr;
  }
  const auto skip = static_cast<std::size_t>(at_ % Blob::piece_size);
  if (skip >= whole->size()) return nullptr;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(whole->size() - skip, left_));
  at_ += count;
  left_ -= count;
  if (count == whole->size()) return whole;
  const core::ByteView part = core::ByteView(*whole).subspan(skip, count);
  return std::make_shared<const std::vector<std::uint8_t>>(part.begin(), part.end());
}

std::optional<Response> NodeReceiver::take(core::ByteView bytes) {
  const auto taken = incoming_->append(bytes);
  if (taken) return std::nullopt;
  if (taken.error().kind == database::Failure::Kind::Broken) {
    return response_of(refuse(400, concat("Content length mismatch, expected: ",
                                          incoming_->meta().length, ", got more")));
  }
  return response_of(refuse(taken.error()));
}

Response NodeReceiver::finish() {
  const std::uint64_t length = incoming_->length();
  const std::uint64_t told = incoming_->meta().length;
  const auto finished = incoming_->finish();
  if (!finished && finished.error().kind == database::Failure::Kind::Broken) {
    return response_of(refuse(400, finished.error().text));
  }
  if (!finished) return response_of(refuse(finished.error()));
  if (!finished->is_as_told) {
    return response_of(
        refuse(400, length == told
                        ? std::string("Content digest mismatch")
                        : concat("Content length mismatch, expected: ", told, ", got ", length)));
  }
  if (finished->added.kind == Added::Kind::Done) stored_(length);
  return response_of(finished->added);
}

Response response_of(const Added& added) {
  switch (added.kind) {
    case Added::Kind::Done: return Response{201, {}, {}};
    case Added::Kind::Exists: return response_of(refuse(409, exists));
    case Added::Kind::LooksLike:
      return response_of(refuse(409, concat("Name looks like `", added.other, "`")));
    case Added::Kind::NoRoom: return response_of(refuse(507, "No room: the quota is used up"));
    case Added::Kind::Deleted:
      return response_of(refuse(410, "Deleted: this name is not given again"));
    case Added::Kind::NoParent: return response_of(refuse(404, not_found));
    case Added::Kind::Differs:
      return response_of(refuse(400, "Content digest mismatch: not what the directory says"));
  }
  return response_of(refuse(500, backend_failure));
}

}  // namespace merlon::drawbridge
