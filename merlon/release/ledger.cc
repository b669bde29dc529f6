#include "merlon/release/ledger.h"

namespace merlon::release {

namespace {

void add(Ledger::Sum& sum, const Ledger::Mac& mac) noexcept {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] = static_cast<std::uint8_t>(sum[i] ^ mac.view()[i]);
  }
}

}  // namespace

const Ledger::Mac* Ledger::Draft::find(const std::string& name) const {
  const auto changed = changes_.find(name);
  if (changed != changes_.end()) return changed->second ? &*changed->second : nullptr;
  const auto there = of_->rows_.find(name);
  return there == of_->rows_.end() ? nullptr : &there->second;
}

void Ledger::Draft::put(const std::string& name, const Mac& mac) {
  drop(name);
  add(sum_, mac);
  changes_[name] = mac;
}

void Ledger::Draft::drop(const std::string& name) {
  const Mac* const there = find(name);
  if (there == nullptr) return;
  add(sum_, *there);
  changes_[name] = std::nullopt;
}

void Ledger::Draft::turn(const Mac& mac) noexcept { add(sum_, mac); }

bool Ledger::Draft::holds(const std::string& name, const Mac& mac) const {
  const Mac* const there = find(name);
  return there != nullptr && *there == mac;
}

void Ledger::adopt(const Draft& draft) {
  for (const auto& [name, mac] : draft.changes_) {
    if (mac) {
      rows_[name] = *mac;
    } else {
      rows_.erase(name);
    }
  }
  sum_ = draft.sum_;
}

}  // namespace merlon::release
