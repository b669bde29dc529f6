#include "merlon/tls/carrier.h"

#include <algorithm>
#include <array>

namespace merlon::tls {

namespace {

Carrier& carrier_of(BIO* bio) noexcept { return *static_cast<Carrier*>(BIO_get_data(bio)); }

int read_below(BIO* bio, char* into, int size) {
  Carrier& carrier = carrier_of(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0 || carrier.broken) return -1;
  if (carrier.ended) return 0;
  const std::size_t most = std::min(static_cast<std::size_t>(size), carrier.budget);
  if (most == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::array vectors{::iovec{into, most}};
  for (;;) {
    const auto got = carrier.below->receive(vectors, {});
    if (got) {
      carrier.budget -= got->size;
      carrier.ended = got->size == 0;
      return static_cast<int>(got->size);
    }
    if (got.error() == os::Errno::Again) {
      BIO_set_retry_read(bio);
      return -1;
    }
    if (got.error() != os::Errno::Intr) break;
  }
  carrier.broken = true;
  return -1;
}

int write_below(BIO* bio, const char* from, int size) {
  Carrier& carrier = carrier_of(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0 || carrier.broken) return -1;
  if (carrier.unsent_bytes() >= Carrier::most_unsent) {
    BIO_set_retry_write(bio);
    return -1;
  }
  if (!carrier.make_room(static_cast<std::size_t>(size))) {
    carrier.broken = true;
    return -1;
  }
  // SAFETY: the library's own bytes.
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(from);
  carrier.unsent.insert(carrier.unsent.end(), bytes, bytes + size);
  return size;
}

long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return carrier_of(bio).ended ? 1 : 0;
  return 0;
}

}  // namespace

bool Carrier::make_room(std::size_t size) {
  if (size <= unsent.capacity() - unsent.size()) return true;
  // A peer that always leaves something unread must not have us keep all that was ever sent.
  unsent.erase(unsent.begin(),
               unsent.begin() + static_cast<std::ptrdiff_t>(std::exchange(sent, 0)));
  const std::size_t needed = unsent.size() + size;
  if (needed <= unsent.capacity()) return true;
  const std::size_t grown = std::max(needed, 2 * unsent.capacity());
  if (!share.resize(grown)) return false;
  unsent.reserve(grown);
  return true;
}

void Carrier::flush() {
  while (!broken && unsent_bytes() > 0) {
    const std::array vectors{::iovec{unsent.data() + sent, unsent_bytes()}};
    const auto put = below->send(vectors);
    if (put) {
      sent += *put;
    } else if (put.error() == os::Errno::Again) {
      return;
    } else if (put.error() != os::Errno::Intr) {
      broken = true;
    }
  }
  sent = 0;
  unsent.clear();
  // An idle connection keeps nothing.
  constexpr std::size_t kept = std::size_t{4} << 10U;
  if (unsent.capacity() > kept) unsent.shrink_to_fit();
  static_cast<void>(share.resize(unsent.capacity()));
}

core::Result<Owned<BIO_METHOD>> new_carrier() {
  constexpr int own_type = 0x7F;
  Owned<BIO_METHOD> method(BIO_meth_new(own_type | BIO_TYPE_SOURCE_SINK, "stream"));
  if (!method || BIO_meth_set_read(method.get(), &read_below) != 1 ||
      BIO_meth_set_write(method.get(), &write_below) != 1 ||
      BIO_meth_set_ctrl(method.get(), &control) != 1) {
    return core::error(core::ErrorCode::Internal, "no memory for TLS");
  }
  return method;
}

Owned<BIO> new_bio(const BIO_METHOD& method, Carrier& carrier) noexcept {
  Owned<BIO> bio(BIO_new(&method));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &carrier);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace merlon::tls
