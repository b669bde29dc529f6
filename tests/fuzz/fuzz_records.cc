// The private talk as somebody carries it who changes what he likes: what is heard is a beginning
// of what was said, whatever the carrier does.

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "merlon/delivery/records.h"

namespace {

using namespace merlon;

crypto::AesGcmKey key() {
  const crypto::HpkeExporter exporter(crypto::SecretBytes(std::vector<std::uint8_t>(32, 5)));
  return delivery::record_key(exporter, delivery::Direction::FromKeep);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  delivery::RecordSealer sealer(key());
  std::vector<std::uint8_t> stream;
  constexpr std::uint8_t count = 4;
  for (std::uint8_t i = 0; i < count; ++i) {
    const std::vector<std::uint8_t> content(std::size_t{i} * 5, i);
    const auto record = sealer.seal(delivery::RecordKind::Output, content);
    stream.insert(stream.end(), record.begin(), record.end());
  }
  delivery::RecordOpener opener(key(), delivery::Direction::FromKeep);
  // Triples: which part of the stream comes next, and what is changed in it.
  std::uint8_t heard = 0;
  for (std::size_t i = 0; i + 2 < size; i += 3) {
    const std::size_t from = data[i] * stream.size() / 256;
    std::vector<std::uint8_t> piece(stream.begin() + static_cast<std::ptrdiff_t>(from),
                                    stream.end());
    piece.resize(std::min<std::size_t>(piece.size(), data[i + 1]));
    if (!piece.empty()) piece.back() ^= data[i + 2];
    opener.feed(piece);
    for (;;) {
      const auto record = opener.next();
      if (!record || !*record) break;
      if ((*record)->content != std::vector<std::uint8_t>(std::size_t{heard} * 5, heard)) {
        std::abort();
      }
      if (++heard > count) std::abort();
    }
  }
  return 0;
}
