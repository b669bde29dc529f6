#include "merlon/credential/holder.h"

namespace merlon::credential {

using core::ByteView;
using core::ErrorCode;
using core::Result;

Result<Asking> Asking::begin(const KeyLog::Entry& entry) {
  zk::RandomScalars random;
  auto requested = TRY(zk::arc_request(request_context(entry.id), random));
  return Asking(entry, std::move(requested));
}

Result<Holder> Holder::finish(const Asking& asking, ByteView response) {
  const auto read = TRY(zk::ArcResponse::decode(response));
  auto credential = TRY(zk::arc_finalize(asking.requested_, asking.entry_.record.key, read));
  return Holder(asking.entry_, std::move(credential));
}

Result<std::string> Holder::present(std::string_view audience, ByteView bound_to) {
  if (audience.empty() || audience.size() > max_audience_size) {
    return core::error(ErrorCode::Malformed, "an audience has 1 to 255 bytes", audience.size());
  }
  auto found = presenters_.find(audience);
  if (found == presenters_.end()) {
    if (presenters_.size() >= max_audiences) {
      return core::error(ErrorCode::Exhausted, "shown to as many as one credential may be");
    }
    found = presenters_
                .try_emplace(std::string(audience), credential_,
                             presentation_context(entry_.id, audience), entry_.record.limit)
                .first;
  }
  zk::RandomScalars random;
  const auto shown = TRY(found->second.present(bound_to, random));
  return Token{entry_.id, TRY(shown.encode())}.to_text();
}

}  // namespace merlon::credential
