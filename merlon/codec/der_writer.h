#pragma once

// Writes DER [X690], one value around the others: der_sequence({der_oid(…), der_octets(…)}). For
// structures of our own making, which are small: each value is a copy. Pure.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "merlon/codec/der.h"
#include "merlon/codec/oid.h"
#include "merlon/codec/time.h"

namespace merlon::codec {

using DerBytes = std::vector<std::uint8_t>;

[[nodiscard]] DerBytes der_value(DerTag tag, core::ByteView content);
[[nodiscard]] DerBytes der_join(std::initializer_list<DerBytes> parts);
[[nodiscard]] DerBytes der_sequence(std::initializer_list<DerBytes> parts);
[[nodiscard]] DerBytes der_set(std::initializer_list<DerBytes> parts);
/// [number], constructed.
[[nodiscard]] DerBytes der_explicit(std::uint8_t number, const DerBytes& inner);
[[nodiscard]] DerBytes der_oid(const Oid& id);
[[nodiscard]] DerBytes der_boolean(bool value);
[[nodiscard]] DerBytes der_integer(std::uint64_t value);
/// A number without sign, given as bytes, most significant first; zeros in front do not matter.
[[nodiscard]] DerBytes der_integer(core::ByteView value);
[[nodiscard]] DerBytes der_octets(core::ByteView content);
/// Whole bytes: no unused bits.
[[nodiscard]] DerBytes der_bits(core::ByteView content);
/// A text as the caller gives it: Utf8String, Ia5String, PrintableString.
[[nodiscard]] DerBytes der_text(DerTag tag, std::string_view text);
/// UTCTime before 2050 and GeneralizedTime from then on, as certificates want it [RFC5280
/// §4.1.2.5]. From 1950 to 9999.
[[nodiscard]] DerBytes der_time(UnixTime time);

}  // namespace merlon::codec
