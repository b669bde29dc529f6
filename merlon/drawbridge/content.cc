#include "merlon/drawbridge/content.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::drawbridge {

using base::concat;
using http::Response;
using registry_store::Added;
using registry_store::Blob;

NodeContent::Piece NodeContent::next() {
  auto bytes = outgoing_.piece(at_ / Blob::piece_size);
  if (!bytes) {
    altered_();
    return nullptr;
  }
  const auto skip = static_cast<std::size_t>(at_ % Blob::piece_size);
  if (skip >= bytes->size()) return nullptr;
  if (skip > 0) bytes->erase(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(skip));
  if (bytes->size() > left_) bytes->resize(static_cast<std::size_t>(left_));
  at_ += bytes->size();
  left_ -= bytes->size();
  return std::make_shared<const std::vector<std::uint8_t>>(*std::move(bytes));
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
