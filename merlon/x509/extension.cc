#include "merlon/x509/extension.h"

#include <algorithm>

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;
using core::ErrorCode;
using core::Result;

Result<std::vector<Extension>> parse_extensions(DerReader reader) {
  constexpr std::size_t max_extensions = 64;
  std::vector<Extension> all;
  while (!reader.at_end()) {
    if (all.size() == max_extensions) {
      return core::error(ErrorCode::Exhausted, "more than 64 extensions", reader.offset());
    }
    DerReader entry = TRY(reader.enter(DerTag::Sequence));
    Extension extension;
    extension.oid = TRY(entry.oid());
    if (entry.next_is(DerTag::Boolean)) {
      extension.critical = TRY(entry.boolean());
      if (!extension.critical) {
        return core::error(ErrorCode::Malformed, "a default is written out", reader.offset());
      }
    }
    extension.value = TRY(entry.content(DerTag::OctetString));
    TRY(entry.finish());
    const bool twice = std::ranges::any_of(
        all, [&](const Extension& other) { return std::ranges::equal(other.oid, extension.oid); });
    if (twice) return core::error(ErrorCode::Malformed, "an extension twice", reader.offset());
    all.push_back(extension);
  }
  return all;
}

const Extension* find_extension(const std::vector<Extension>& all, const codec::Oid& oid) noexcept {
  const auto found =
      std::ranges::find_if(all, [&](const Extension& each) { return oid.is(each.oid); });
  return found == all.end() ? nullptr : &*found;
}

Result<BasicConstraints> parse_basic_constraints(core::ByteView value) noexcept {
  DerReader reader(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  BasicConstraints constraints;
  if (reader.next_is(DerTag::Boolean)) constraints.ca = TRY(reader.boolean());
  if (!reader.at_end()) constraints.path_length = TRY(reader.number());
  TRY(reader.finish());
  if (constraints.path_length && !constraints.ca) {
    return core::error(ErrorCode::Malformed, "a path length without a CA");
  }
  return constraints;
}

}  // namespace merlon::x509
