#pragma once

// For tests: writes DER, so that a test can make any certificate, good or bad.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "merlon/codec/der.h"
#include "merlon/codec/oid.h"

namespace merlon::codec::testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes der(DerTag tag, const Bytes& content) {
  Bytes out{static_cast<std::uint8_t>(tag)};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    Bytes length;
    for (std::size_t rest = content.size(); rest != 0; rest >>= 8U) {
      length.insert(length.begin(), static_cast<std::uint8_t>(rest));
    }
    out.push_back(static_cast<std::uint8_t>(0x80U | length.size()));
    out.insert(out.end(), length.begin(), length.end());
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

inline Bytes sequence(std::initializer_list<Bytes> parts) {
  return der(DerTag::Sequence, join(parts));
}
inline Bytes oid(const Oid& id) {
  return der(DerTag::ObjectIdentifier, Bytes(id.view().begin(), id.view().end()));
}
inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }
inline Bytes octets(const Bytes& content) { return der(DerTag::OctetString, content); }
inline Bytes boolean(bool value) {
  return der(DerTag::Boolean, Bytes{static_cast<std::uint8_t>(value ? 0xFF : 0)});
}

inline Bytes integer(std::uint64_t value, DerTag tag = DerTag::Integer) {
  Bytes content;
  do {
    content.insert(content.begin(), static_cast<std::uint8_t>(value));
    value >>= 8U;
  } while (value != 0);
  if ((content[0] & 0x80U) != 0) content.insert(content.begin(), 0);
  return der(tag, content);
}

/// A number given as bytes, most significant first.
inline Bytes integer(Bytes value) {
  while (value.size() > 1 && value[0] == 0) value.erase(value.begin());
  if (!value.empty() && (value[0] & 0x80U) != 0) value.insert(value.begin(), 0);
  return der(DerTag::Integer, value);
}

inline Bytes bit_string(Bytes content) {
  content.insert(content.begin(), 0);
  return der(DerTag::BitString, content);
}

/// UTCTime; `time` before 2050.
inline Bytes time(UnixTime time) {
  Bytes digits;
  const std::string text = to_rfc3339(time);
  for (const char c : text.substr(2)) {
    if (c >= '0' && c <= '9') digits.push_back(static_cast<std::uint8_t>(c));
  }
  digits.push_back('Z');
  return der(DerTag::UtcTime, digits);
}

inline Bytes name(std::string_view common_name) {
  constexpr Oid id{2, 5, 4, 3};
  return sequence(
      {der(DerTag::Set, sequence({oid(id), der(DerTag::Utf8String, bytes_of(common_name))}))});
}

}  // namespace merlon::codec::testing
