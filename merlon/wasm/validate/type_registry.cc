#include "merlon/wasm/validate/type_registry.h"

namespace merlon::wasm {

namespace {

/// Writes a group down so that equal groups give equal keys: references within the group by
/// position, all others by canonical id.
class GroupKey {
 public:
  GroupKey(TypeIndex start, const std::vector<CanonicalType>& known)
      : start_(start), known_(known) {}

  void add(const DefinedType& type) {
    words_.push_back(type.final ? 1 : 0);
    words_.push_back(type.supertype ? 1 + reference(*type.supertype) : 0);
    add(type.function.params);
    add(type.function.results);
  }
  [[nodiscard]] std::vector<std::uint64_t> take() && { return std::move(words_); }

 private:
  void add(const std::vector<ValueType>& list) {
    words_.push_back(list.size());
    for (const ValueType type : list) words_.push_back(value(type));
  }
  [[nodiscard]] std::uint64_t value(ValueType type) const {
    const bool defined = type.is_reference() && type.heap().kind() == HeapType::Kind::Defined;
    if (!defined) return type.bits();
    return (reference(type.heap().index()) << 32U) |
           (type.nullable() ? 0xffff'ffffU : 0xffff'fffeU);
  }
  [[nodiscard]] std::uint64_t reference(TypeIndex index) const {
    constexpr std::uint64_t within_group = std::uint64_t{1} << 30U;
    return index >= start_ ? within_group + (index - start_) : known_[index];
  }

  TypeIndex start_;
  const std::vector<CanonicalType>& known_;
  std::vector<std::uint64_t> words_;
};

}  // namespace

std::vector<CanonicalType> TypeRegistry::add(const std::vector<DefinedType>& types) {
  std::vector<CanonicalType> ids;
  ids.reserve(types.size());
  for (TypeIndex start = 0; start < types.size();) {
    const std::uint32_t size = types[start].group_size;
    GroupKey key(start, ids);
    for (std::uint32_t i = 0; i < size; ++i) key.add(types[start + i]);
    const auto next = static_cast<CanonicalType>(entries_.size());
    const auto [found, inserted] = groups_.try_emplace(std::move(key).take(), next);
    for (std::uint32_t i = 0; i < size; ++i) ids.push_back(found->second + i);
    for (std::uint32_t i = 0; inserted && i < size; ++i) {
      const DefinedType& type = types[start + i];
      Entry entry{std::nullopt, type.final};
      if (type.supertype) entry.supertype = ids[*type.supertype];
      entries_.push_back(entry);
    }
    start += size;
  }
  return ids;
}

bool TypeRegistry::is_subtype(CanonicalType sub, CanonicalType super) const noexcept {
  std::optional<CanonicalType> type = sub;
  while (type && *type != super) type = entries_[*type].supertype;
  return type.has_value();
}

}  // namespace merlon::wasm
