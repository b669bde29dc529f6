// Does one thing with one secret, so that who counts its instructions sees whether they depend on
// it.
//
//   merlon-timing-probe scalars|multiply|combine|split|control < 32 bytes

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "merlon/zk/range.h"

namespace {

using namespace merlon::zk;

/// The same numbers in each run.
class Counting final : public ScalarSource {
 public:
  std::optional<P256Scalar> next() override {
    state_ = state_ * state_ + P256Scalar(12345);
    return state_;
  }

 private:
  P256Scalar state_ = -P256Scalar(0xfedcba9876543210);
};

P256Point some_point() { return -P256Scalar(77777) * P256Point::generator(); }

/// As one must not do it: as many additions as the secret has ones.
P256Point by_its_bits(merlon::core::ByteView secret) {
  P256Point sum;
  P256Point power = some_point();
  for (std::size_t bit = 0; bit < 8 * secret.size(); ++bit) {
    if ((secret[secret.size() - 1 - bit / 8] >> (bit % 8) & 1U) != 0) sum = sum + power;
    power = power + power;
  }
  return sum;
}

bool run(std::string_view what, merlon::core::ByteView bytes) {
  const P256Scalar secret = P256Scalar::decode(bytes).value();
  if (what == "scalars") {
    const P256Scalar one = secret * secret + (secret - P256Scalar(3)).inverse();
    return one.encode().view().size() == P256Scalar::size;
  }
  if (what == "multiply") return !(secret * some_point()).is_identity();
  if (what == "combine") {
    return P256Point::combine(secret, some_point(), secret + P256Scalar(1)).encode().has_value();
  }
  if (what == "split") {
    Counting source;
    const std::uint64_t value = bytes[30] * 256U + bytes[31];
    const auto made = split(value, -P256Scalar(99), 1U << 16U, source);
    return made.has_value();
  }
  if (what == "control") return !by_its_bits(bytes).is_identity();
  return false;
}

}  // namespace

int main(int count, char** words) {
  std::array<std::uint8_t, P256Scalar::size> secret{};
  if (count != 2 || std::fread(secret.data(), 1, secret.size(), stdin) != secret.size()) return 2;
  return run(words[1], secret) ? 0 : 1;
}
