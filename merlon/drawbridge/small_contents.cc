#include "merlon/drawbridge/small_contents.h"

namespace merlon::drawbridge {

SmallContents::Bytes SmallContents::find(const registry_store::ObjectName& object) {
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(object);
  if (found == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->bytes;
}

void SmallContents::add(const registry_store::ObjectName& object, Bytes bytes) {
  const std::scoped_lock lock(mutex_);
  if (bytes->size() > largest || places_.contains(object)) return;
  held_ += bytes->size();
  entries_.push_front({object, std::move(bytes)});
  places_[object] = entries_.begin();
  while (held_ > room) {
    held_ -= entries_.back().bytes->size();
    places_.erase(entries_.back().object);
    entries_.pop_back();
  }
}

}  // namespace merlon::drawbridge
