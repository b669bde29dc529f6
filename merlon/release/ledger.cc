#include "merlon/release/ledger.h"

#include <utility>

#include "merlon/base/byte_writer.h"

namespace merlon::release {

namespace {

void add(crypto::Sha256Stream& all, const std::string& name, const Ledger::Mac& mac) {
  base::ByteWriter text;
  text.u64(name.size());
  text.text(name);
  text.bytes(mac.view());
  all.add(text.take());
}

}  // namespace

Ledger::Ledger() : digest_(crypto::Sha256Stream().finish()) {}

const Ledger::Mac* Ledger::Draft::find(const std::string& name) const {
  const auto changed = changes_.find(name);
  if (changed != changes_.end()) return changed->second ? &*changed->second : nullptr;
  const auto there = of_->rows_.find(name);
  return there == of_->rows_.end() ? nullptr : &there->second;
}

bool Ledger::Draft::holds(const std::string& name, const Mac& mac) const {
  const Mac* const there = find(name);
  return there != nullptr && *there == mac;
}

crypto::Sha256Digest Ledger::Draft::digest() const {
  if (changes_.empty()) return of_->digest_;
  crypto::Sha256Stream all;
  auto change = changes_.begin();
  const auto take_change = [&] {
    if (change->second) add(all, change->first, *change->second);
    ++change;
  };
  for (const auto& [name, mac] : of_->rows_) {
    while (change != changes_.end() && change->first < name) take_change();
    if (change != changes_.end() && change->first == name) {
      take_change();
    } else {
      add(all, name, mac);
    }
  }
  while (change != changes_.end()) take_change();
  return std::move(all).finish();
}

void Ledger::adopt(const Draft& draft) {
  digest_ = draft.digest();
  for (const auto& [name, mac] : draft.changes_) {
    if (mac) {
      rows_[name] = *mac;
    } else {
      rows_.erase(name);
    }
  }
}

}  // namespace merlon::release
