#pragma once

// Pieces of contents that were read and compared a short while ago, for who asks for them again:
// what is given is this copy. One that is read for the first time is not kept, so that whoever
// reads much once costs no memory. Objects never change, so nothing here can be out of date;
// whether they may be read, and still belong to a tag, the catalogue says each time.

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "merlon/registry_store/object_store.h"

namespace merlon::drawbridge {

class KeptPieces {
 public:
  using Bytes = std::shared_ptr<const std::vector<std::uint8_t>>;

  /// `room` bytes at most.
  explicit KeptPieces(std::size_t room) noexcept : room_(room) {}

  /// Null if it is not here. Any thread.
  [[nodiscard]] Bytes find(const registry_store::ObjectName& object, std::uint64_t number);
  /// If it is not the first time; who was asked for the longest while ago makes room. Any thread.
  void add(const registry_store::ObjectName& object, std::uint64_t number, Bytes bytes);

 private:
  using Key = std::pair<registry_store::ObjectName, std::uint64_t>;
  struct Entry {
    Key key;
    Bytes bytes;
  };

  static constexpr std::size_t most_once = 4096;

  /// Under the lock; notes it.
  bool is_first(const Key& key);

  const std::size_t room_;
  std::mutex mutex_;
  std::list<Entry> entries_;  ///< the last one asked for first
  std::map<Key, std::list<Entry>::iterator> places_;
  std::size_t held_ = 0;
  std::set<Key> once_;  ///< read once; at most most_once
  std::deque<std::set<Key>::iterator> in_order_;
};

}  // namespace merlon::drawbridge
