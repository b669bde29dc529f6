// A delivery as a keep's host brings it. The first byte says what it is: bytes of the host's own,
// or a genuine delivery with changes, which must not open unless nothing was changed.

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "merlon/delivery/sealed.h"

namespace {

using namespace merlon;

struct Scene {
  crypto::X25519Key keep = crypto::X25519Key::generate().value();
  delivery::Challenge challenge =
      delivery::Challenge::make(crypto::PrivateKey::generate(crypto::KeyKind::P256).value())
          .value();
  std::vector<std::uint8_t> evidence = std::vector<std::uint8_t>(100, 7);
  std::vector<std::uint8_t> sealed = seal();

  [[nodiscard]] std::vector<std::uint8_t> seal() const {
    delivery::Workload workload;
    workload.message.program = "main.wasm";
    workload.module = {1, 2, 3};
    return delivery::seal(challenge, evidence, keep.public_key(), workload).value().bytes;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scene scene;
  if (size == 0) return 0;
  const core::ByteView rest(data + 1, size - 1);
  std::vector<std::uint8_t> bytes(rest.begin(), rest.end());
  const bool changes = data[0] % 2 == 0;
  if (changes) {
    bytes = scene.sealed;
    // Pairs: where, and which bits.
    for (std::size_t i = 0; i + 1 < rest.size(); i += 2) {
      bytes[rest[i] * bytes.size() / 256] ^= rest[i + 1];
    }
  }
  const bool genuine = bytes == scene.sealed;
  const auto opened =
      delivery::open(scene.keep, {scene.evidence, scene.challenge.nonce()}, std::move(bytes));
  if (opened.has_value() != genuine) std::abort();
  return 0;
}
