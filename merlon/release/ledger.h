#pragma once

// Which rows a store must have, each by what only this broker can say of it: so that a writer looks
// at the rows that it touches and not at all of them, and none is changed, taken out or put back
// unnoticed. For one thread at a time.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "merlon/crypto/hash.h"

namespace merlon::release {

class Ledger {
 public:
  using Mac = crypto::Sha256Digest;
  /// All of them together, in any order: the exclusive or of what nobody else can make.
  using Sum = std::array<std::uint8_t, Mac::size>;

  /// Changes that count once their transaction does.
  class Draft {
   public:
    explicit Draft(const Ledger& of) : of_(&of), sum_(of.sum_) {}
    /// A new row, or one of before in another state.
    void put(const std::string& name, const Mac& mac);
    void drop(const std::string& name);
    /// One more of what is looked at only all together, or one less.
    void turn(const Mac& mac) noexcept;
    [[nodiscard]] bool has(const std::string& name) const { return find(name) != nullptr; }
    /// Whether there is to be this row, in this state.
    [[nodiscard]] bool holds(const std::string& name, const Mac& mac) const;
    [[nodiscard]] const Sum& sum() const noexcept { return sum_; }

   private:
    friend class Ledger;
    [[nodiscard]] const Mac* find(const std::string& name) const;

    const Ledger* of_;
    Sum sum_;
    std::map<std::string, std::optional<Mac>> changes_;
  };

  void adopt(const Draft& draft);

 private:
  std::map<std::string, Mac> rows_;
  Sum sum_{};
};

}  // namespace merlon::release
