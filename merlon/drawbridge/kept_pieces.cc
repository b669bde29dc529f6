#include "merlon/drawbridge/kept_pieces.h"

namespace merlon::drawbridge {

KeptPieces::Bytes KeptPieces::find(const registry_store::ObjectName& object, std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(Key(object, number));
  if (found == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->bytes;
}

bool KeptPieces::is_first(const Key& key) {
  const auto [place, is_new] = once_.insert(key);
  if (!is_new) return false;
  in_order_.push_back(place);
  if (in_order_.size() > most_once) {
    once_.erase(in_order_.front());
    in_order_.pop_front();
  }
  return true;
}

void KeptPieces::add(const registry_store::ObjectName& object, std::uint64_t number, Bytes bytes) {
  std::list<Entry> dropped;  // ends without the lock
  const std::scoped_lock lock(mutex_);
  Key key(object, number);
  if (bytes->size() > room_ || places_.contains(key) || is_first(key)) return;
  held_ += bytes->size();
  entries_.push_front({key, std::move(bytes)});
  places_.emplace(std::move(key), entries_.begin());
  while (held_ > room_) {
    held_ -= entries_.back().bytes->size();
    places_.erase(entries_.back().key);
    dropped.splice(dropped.begin(), entries_, std::prev(entries_.end()));
  }
}

}  // namespace merlon::drawbridge
