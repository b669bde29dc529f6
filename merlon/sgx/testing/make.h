#pragma once

// For tests: what Intel would have made, in any shape. Header only.

#include <string>

#include "merlon/base/text.h"
#include "merlon/codec/testing/der_writer.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/sgx/quote.h"

namespace merlon::sgx::testing {

using codec::testing::Bytes;

struct PckShape {
  SvnComponents components{5, 5, 2, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  std::uint16_t pce_svn = 11;
  Bytes fmspc{0, 0x90, 0x6E, 0xA1, 0, 0};
  Bytes pce_id{0, 0};
  int leave_out = 0;  ///< number of a part
  int twice = 0;
  std::uint8_t sgx_type = 0;
  Bytes more{};      ///< parts behind the five, whole
  Bytes tcb_more{};  ///< rows behind the eighteen of the TCB, whole
};

/// SEQUENCE { OID parent.arc, value }
inline Bytes pck_part(const codec::Oid& parent, std::uint8_t arc, const Bytes& value) {
  Bytes id(parent.view().begin(), parent.view().end());
  id.push_back(arc);
  return codec::testing::sequence(
      {codec::testing::der(codec::DerTag::ObjectIdentifier, id), value});
}

inline Bytes pck_extension(const PckShape& shape) {
  using codec::testing::integer;
  using codec::testing::octets;
  constexpr codec::Oid tcb_oid{1, 2, 840, 113741, 1, 13, 1, 2};
  Bytes tcb;
  for (std::uint8_t arc = 1; arc <= 18; ++arc) {
    const Bytes value = arc <= 16   ? integer(shape.components[arc - 1U])
                        : arc == 17 ? integer(shape.pce_svn)
                                    : octets(Bytes(16, 0));
    tcb = codec::testing::join({tcb, pck_part(tcb_oid, arc, value)});
  }
  const std::array<Bytes, 5> values{
      octets(Bytes(16, 7)),
      codec::testing::der(codec::DerTag::Sequence, codec::testing::join({tcb, shape.tcb_more})),
      octets(shape.pce_id), octets(shape.fmspc),
      integer(shape.sgx_type, codec::DerTag::Enumerated)};
  Bytes parts;
  for (std::uint8_t arc = 1; arc <= 5; ++arc) {
    const Bytes part = pck_part(pck_extension_oid, arc, values[arc - 1U]);
    for (int i = 0; i < (arc == shape.leave_out ? 0 : arc == shape.twice ? 2 : 1); ++i) {
      parts = codec::testing::join({parts, part});
    }
  }
  return codec::testing::der(codec::DerTag::Sequence, codec::testing::join({parts, shape.more}));
}

inline void put(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}
inline void append(Bytes& bytes, std::uint64_t value, std::size_t size) {
  bytes.resize(bytes.size() + size);
  put(bytes, bytes.size() - size, value, size);
}
inline void append(Bytes& bytes, core::ByteView more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace merlon::sgx::testing
