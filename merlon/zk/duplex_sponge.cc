#include "merlon/zk/duplex_sponge.h"

#include <array>

namespace merlon::zk {

using core::ByteView;

DuplexSponge::DuplexSponge(ByteView start) {
  constexpr std::array<std::uint8_t, crypto::Shake128::rate> zeros{};
  MERLON_CHECK(start.size() <= zeros.size());
  hash_.add(start);
  hash_.add(ByteView(zeros).first(zeros.size() - start.size()));
}

void DuplexSponge::absorb(ByteView bytes) {
  if (bytes.empty()) return;
  hash_.add(bytes);
  squeezed_ = 0;
}

void DuplexSponge::squeeze(core::ByteSpan into) {
  hash_.read(squeezed_, into);
  squeezed_ += into.size();
}

SessionId session_id(ByteView tag) {
  DuplexSponge sponge(core::as_bytes("irtf-cfrg-fiat-shamir/session-id"));
  sponge.absorb(tag);
  std::array<std::uint8_t, SessionId::size> made{};
  sponge.squeeze(made);
  return SessionId::from(made).value();
}

}  // namespace merlon::zk
