// C++ as it is written: maps, vectors and strings of the standard library, virtual calls, lambdas.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench.h"

namespace {

class Expression {
 public:
  virtual ~Expression() = default;
  virtual std::uint64_t value(std::uint64_t x) const = 0;
};

class Constant final : public Expression {
 public:
  explicit Constant(std::uint64_t value) : value_(value) {}
  std::uint64_t value(std::uint64_t) const override { return value_; }

 private:
  std::uint64_t value_;
};

class Variable final : public Expression {
 public:
  std::uint64_t value(std::uint64_t x) const override { return x; }
};

class Binary final : public Expression {
 public:
  using Operation = std::function<std::uint64_t(std::uint64_t, std::uint64_t)>;
  Binary(Operation operation, std::unique_ptr<Expression> left, std::unique_ptr<Expression> right)
      : operation_(std::move(operation)), left_(std::move(left)), right_(std::move(right)) {}
  std::uint64_t value(std::uint64_t x) const override {
    return operation_(left_->value(x), right_->value(x));
  }

 private:
  Operation operation_;
  std::unique_ptr<Expression> left_;
  std::unique_ptr<Expression> right_;
};

std::unique_ptr<Expression> grow(Random& random, int depth) {
  const std::uint64_t r = random_next(&random);
  if (depth == 0) {
    if (r % 2 == 0) return std::make_unique<Variable>();
    return std::make_unique<Constant>(r >> 40);
  }
  auto left = grow(random, depth - 1);
  auto right = grow(random, depth - 1);
  Binary::Operation operation;
  switch (r >> 62) {
    case 0: operation = [](std::uint64_t a, std::uint64_t b) { return a + b; }; break;
    case 1: operation = [](std::uint64_t a, std::uint64_t b) { return a * (b | 1); }; break;
    case 2: operation = [](std::uint64_t a, std::uint64_t b) { return a ^ (b << 3); }; break;
    default: operation = [r](std::uint64_t a, std::uint64_t b) { return a - b + (r & 15); };
  }
  return std::make_unique<Binary>(std::move(operation), std::move(left), std::move(right));
}

std::uint64_t evaluate(Random& random) {
  const auto expression = grow(random, 12);
  std::uint64_t checksum = 0;
  for (std::uint64_t x = 0; x < 1500; ++x) checksum = mix(checksum, expression->value(x));
  return checksum;
}

std::uint64_t index_words(Random& random) {
  std::map<std::string, std::vector<std::uint32_t>> index;
  std::unordered_map<std::uint64_t, std::string> names;
  for (std::uint32_t position = 0; position < 400000; ++position) {
    const std::uint64_t r = random_next(&random) >> 32;
    std::string word = "w";
    for (std::uint64_t rest = r % 20011; rest != 0; rest /= 7) {
      word += static_cast<char>('a' + rest % 7);
    }
    names[r % 30011] = word;
    index[std::move(word)].push_back(position);
  }
  std::uint64_t checksum = names.size();
  for (const auto& [word, positions] : index) {
    checksum = mix(checksum, word.size() + positions.back() + positions.size());
  }
  std::vector<std::pair<std::size_t, std::string>> ranking;
  for (const auto& [word, positions] : index) ranking.emplace_back(positions.size(), word);
  std::sort(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (std::size_t i = 0; i < 100; ++i) {
    for (const char letter : ranking[i].second)
      checksum = mix(checksum, static_cast<uint8_t>(letter));
  }
  return checksum;
}

}  // namespace

int main() {
  Random random = {71};
  std::uint64_t checksum = evaluate(random);
  for (int round = 0; round < 2; ++round) checksum = mix(checksum, index_words(random));
  return finish("containers", checksum);
}
