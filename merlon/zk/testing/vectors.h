#pragma once

// For tests: published vectors, and blindings that can be foreseen.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/zk/proof.h"

namespace merlon::zk::testing {

inline std::vector<std::uint8_t> bytes_of(std::string_view hex) {
  return codec::decode_hex(hex).value();
}

inline codec::JsonDocument vectors_of(const std::string& name) {
  const auto file = codec::testing::vector_file("zk/" + name);
  return codec::JsonDocument::parse({reinterpret_cast<const char*>(file.data()), file.size()})
      .value();
}

inline std::string_view text(const codec::JsonValue& record, std::string_view name) {
  const auto* found = record.find(name);
  return found == nullptr ? std::string_view() : found->text();
}

inline std::vector<std::uint8_t> bytes(const codec::JsonValue& record, std::string_view name) {
  return bytes_of(text(record, name));
}

/// A number as vectors have it: of JSON, or of hexadecimal digits behind 0x.
inline std::vector<std::uint8_t> big_endian(const codec::JsonValue& value) {
  std::string digits =
      value.kind() == codec::JsonKind::Number ? std::string() : std::string(value.text().substr(2));
  if (value.kind() == codec::JsonKind::Number) {
    for (std::uint64_t left = *value.number(); left > 0; left /= 16) {
      digits.insert(digits.begin(), "0123456789abcdef"[left % 16]);
    }
  }
  return bytes_of((digits.size() % 2 == 1 ? "0" : "") + digits);
}

/// TestDRNG [SIGMA §seeded-prng]
class SeededScalars final : public ScalarSource {
 public:
  explicit SeededScalars(std::string_view tag) : sponge_(session_id(core::as_bytes(tag)).view()) {}
  std::optional<P256Scalar> next() override {
    std::array<std::uint8_t, 48> drawn{};
    sponge_.squeeze(drawn);
    return P256Scalar::reduce_little_endian(drawn);
  }

 private:
  DuplexSponge sponge_;
};

/// As many as it is told of, then none.
class FewScalars final : public ScalarSource {
 public:
  explicit FewScalars(int left) : left_(left) {}
  std::optional<P256Scalar> next() override {
    return left_-- > 0 ? P256Scalar::random() : std::nullopt;
  }

 private:
  int left_;
};

}  // namespace merlon::zk::testing
