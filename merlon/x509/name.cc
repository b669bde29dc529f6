#include "merlon/x509/name.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/der.h"
#include "merlon/codec/oid.h"

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;

namespace {

struct Attribute {
  core::ByteView type;
  core::ByteView value;
};

/// Calls `take` with each attribute; stops quietly where the name is malformed.
template <typename Take>
void each_attribute(core::ByteView name, const Take& take) {
  const auto whole = codec::der_whole(name, DerTag::Sequence);
  if (!whole) return;
  DerReader rows(whole->content);
  while (!rows.at_end()) {
    auto row = rows.enter(DerTag::Set);
    if (!row) return;
    while (!row->at_end()) {
      auto pair = row->enter(DerTag::Sequence);
      if (!pair) return;
      const auto type = pair->oid();
      const auto value = pair->any();
      if (!type || !value) return;
      take(Attribute{*type, value->content});
    }
  }
}

constexpr codec::Oid common_name_oid{2, 5, 4, 3};

struct ShortName {
  codec::Oid oid;
  std::string_view name;
};
constexpr auto short_names = std::array{
    ShortName{common_name_oid, "CN"}, ShortName{{2, 5, 4, 10}, "O"}, ShortName{{2, 5, 4, 11}, "OU"},
    ShortName{{2, 5, 4, 7}, "L"},     ShortName{{2, 5, 4, 8}, "ST"}, ShortName{{2, 5, 4, 6}, "C"}};

}  // namespace

std::string common_name(core::ByteView name) {
  std::string text;
  each_attribute(name, [&](const Attribute& attribute) {
    if (text.empty() && common_name_oid.is(attribute.type)) text = core::as_text(attribute.value);
  });
  return text;
}

std::string name_text(core::ByteView name) {
  std::string text;
  each_attribute(name, [&](const Attribute& attribute) {
    std::string type = codec::oid_text(attribute.type);
    for (const ShortName& known : short_names) {
      if (known.oid.is(attribute.type)) type = known.name;
    }
    text += base::concat(text.empty() ? "" : ", ", type, "=",
                         base::printable(core::as_text(attribute.value), 64));
  });
  return text;
}

}  // namespace merlon::x509
