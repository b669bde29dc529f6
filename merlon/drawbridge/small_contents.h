#pragma once

// Small contents that were read and compared a short while ago, for who asks for them again.
// Objects never change, so nothing here can be out of date; whether they may be read, and still
// belong to a tag, the catalogue says each time.

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "merlon/registry_store/object_store.h"

namespace merlon::drawbridge {

class SmallContents {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  static constexpr std::size_t largest = std::size_t{64} << 10U;  ///< of one
  static constexpr std::size_t room = std::size_t{32} << 20U;     ///< of all

  /// Null if it is not here. Any thread.
  [[nodiscard]] Bytes find(const registry_store::ObjectName& object);
  /// Whoever was asked for the longest while ago makes room. Any thread.
  void add(const registry_store::ObjectName& object, Bytes bytes);

 private:
  struct Entry {
    registry_store::ObjectName object;
    Bytes bytes;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  ///< the last one asked for first
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
  std::size_t held_ = 0;
};

}  // namespace merlon::drawbridge
