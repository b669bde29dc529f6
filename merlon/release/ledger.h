#pragma once

// Which rows a store must have, each by what only this broker can say of it: so that a writer looks
// at the rows that it touches and not at all of them, and none is changed, taken out, put in twice
// or put back unnoticed. It says nothing of a store that was put back as a whole: that is for the
// number that goes along with it (mark.h). For one thread at a time.

#include <map>
#include <optional>
#include <string>

#include "merlon/crypto/hash.h"

namespace merlon::release {

class Ledger {
 public:
  using Mac = crypto::Sha256Digest;

  Ledger();

  /// Changes that count once their transaction does.
  class Draft {
   public:
    explicit Draft(const Ledger& of) : of_(&of) {}
    /// A new row, or one of before in another state.
    void put(const std::string& name, const Mac& mac) { changes_[name] = mac; }
    void drop(const std::string& name) { changes_[name] = std::nullopt; }
    [[nodiscard]] bool has(const std::string& name) const { return find(name) != nullptr; }
    /// Whether there is to be this row, in this state.
    [[nodiscard]] bool holds(const std::string& name, const Mac& mac) const;
    /// SHA-256 of all names and states, in the order of the names, each name once. Of one content
    /// alone, so that a MAC over it is one over the whole set.
    [[nodiscard]] crypto::Sha256Digest digest() const;

   private:
    friend class Ledger;
    [[nodiscard]] const Mac* find(const std::string& name) const;

    const Ledger* of_;
    std::map<std::string, std::optional<Mac>> changes_;
  };

  void adopt(const Draft& draft);

 private:
  std::map<std::string, Mac> rows_;
  crypto::Sha256Digest digest_;  ///< of these
};

}  // namespace merlon::release
