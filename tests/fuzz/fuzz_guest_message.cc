// Any bytes as a message between guest and security processor: as they came, and with the tag that
// makes them genuine. What can be read is what was sealed.

#include <algorithm>
#include <cstdlib>

#include "merlon/snp/guest_message.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using namespace merlon;

/// The payload and its tag as whoever has the key would have made them for this header.
std::vector<std::uint8_t> sealed(const crypto::AesGcmKey& key, core::ByteView header,
                                 core::ByteView payload) {
  std::vector<std::uint8_t> bytes(header.begin(), header.end());
  crypto::AesGcmKey::Nonce nonce{};
  std::copy_n(header.begin() + 0x20, 8, nonce.begin());
  const auto made = key.seal(nonce, header.subspan(0x30), payload);
  std::ranges::copy(made.tag, bytes.begin());
  bytes.insert(bytes.end(), made.text.begin(), made.text.end());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::ByteView bytes(data, size);
  const crypto::AesGcmKey key(std::vector<std::uint8_t>(32, 0x5A));
  if (const auto raw = snp::open(key, bytes); !raw) fuzz::expect_no_defect(raw.error());
  if (size < snp::message_header_size) return 0;
  const core::ByteView header = bytes.first(snp::message_header_size);
  const core::ByteView payload = bytes.subspan(snp::message_header_size);
  const std::size_t length = header[0x36] | static_cast<std::size_t>(header[0x37]) << 8U;
  if (length > payload.size()) return 0;
  const auto genuine = sealed(key, header, payload.first(length));
  const auto message = snp::open(key, genuine);
  if (!message) {
    fuzz::expect_no_defect(message.error());
    if (message.error().code == core::ErrorCode::Denied) std::abort();
    return 0;
  }
  if (!std::ranges::equal(message->payload, payload.first(length))) std::abort();
  // A header has one encoding.
  if (snp::seal(key, *message) != genuine) std::abort();
  return 0;
}
