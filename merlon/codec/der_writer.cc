#include "merlon/codec/der_writer.h"

#include <array>

namespace merlon::codec {

DerBytes der_value(DerTag tag, core::ByteView content) {
  DerBytes out{static_cast<std::uint8_t>(tag)};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    unsigned count = 1;
    while (content.size() >> (8 * count) != 0) ++count;
    out.push_back(static_cast<std::uint8_t>(0x80U | count));
    for (unsigned i = count; i > 0; --i) {
      out.push_back(static_cast<std::uint8_t>(content.size() >> (8 * (i - 1))));
    }
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

DerBytes der_join(std::initializer_list<DerBytes> parts) {
  DerBytes all;
  for (const DerBytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

DerBytes der_sequence(std::initializer_list<DerBytes> parts) {
  return der_value(DerTag::Sequence, der_join(parts));
}

DerBytes der_set(std::initializer_list<DerBytes> parts) {
  return der_value(DerTag::Set, der_join(parts));
}

DerBytes der_explicit(std::uint8_t number, const DerBytes& inner) {
  return der_value(context_tag(number, true), inner);
}

DerBytes der_oid(const Oid& id) { return der_value(DerTag::ObjectIdentifier, id.view()); }

DerBytes der_boolean(bool value) {
  return der_value(DerTag::Boolean, std::array{static_cast<std::uint8_t>(value ? 0xFF : 0)});
}

DerBytes der_integer(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return der_integer(core::ByteView(bytes));
}

DerBytes der_integer(core::ByteView value) {
  while (!value.empty() && value[0] == 0) value = value.subspan(1);
  DerBytes content(value.begin(), value.end());
  if (content.empty() || (content[0] & 0x80U) != 0) content.insert(content.begin(), 0);
  return der_value(DerTag::Integer, content);
}

DerBytes der_octets(core::ByteView content) { return der_value(DerTag::OctetString, content); }

DerBytes der_bits(core::ByteView content) {
  DerBytes bits{0};
  bits.insert(bits.end(), content.begin(), content.end());
  return der_value(DerTag::BitString, bits);
}

DerBytes der_text(DerTag tag, std::string_view text) {
  return der_value(tag, core::as_bytes(text));
}

DerBytes der_time(UnixTime time) {
  std::string digits;
  for (const char c : to_rfc3339(time)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  const bool long_form = digits >= "2050";
  if (!long_form) digits.erase(0, 2);
  return der_text(long_form ? DerTag::GeneralizedTime : DerTag::UtcTime, digits + "Z");
}

}  // namespace merlon::codec
