#pragma once

// For tests: codec/der_writer.h under short names, and what only a test wants to write.

#include "merlon/codec/der_writer.h"

namespace merlon::codec::testing {

using Bytes = DerBytes;

inline Bytes join(std::initializer_list<Bytes> parts) { return der_join(parts); }
inline Bytes der(DerTag tag, const Bytes& content) { return der_value(tag, content); }
inline Bytes sequence(std::initializer_list<Bytes> parts) { return der_sequence(parts); }
inline Bytes oid(const Oid& id) { return der_oid(id); }
inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }
inline Bytes octets(const Bytes& content) { return der_octets(content); }
inline Bytes boolean(bool value) { return der_boolean(value); }
inline Bytes integer(std::uint64_t value) { return der_integer(value); }
inline Bytes bit_string(const Bytes& content) { return der_bits(content); }
inline Bytes time(UnixTime time) { return der_time(time); }

/// A number under another tag.
inline Bytes integer(std::uint64_t value, DerTag tag) {
  Bytes made = der_integer(value);
  made[0] = static_cast<std::uint8_t>(tag);
  return made;
}

/// A number given as bytes, most significant first.
inline Bytes integer(const Bytes& value) { return der_integer(core::ByteView(value)); }

inline Bytes name(std::string_view common_name) {
  constexpr Oid id{2, 5, 4, 3};
  return der_sequence(
      {der_set({der_sequence({der_oid(id), der_text(DerTag::Utf8String, common_name)})})});
}

}  // namespace merlon::codec::testing
