#pragma once

// For tests: the extensions of a VCEK or VLEK, in any shape. Header only.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "merlon/codec/testing/der_writer.h"
#include "merlon/snp/endorsement.h"

namespace merlon::snp::testing {

using codec::testing::Bytes;

struct EndorsementShape {
  std::string product = "Milan-B0";
  TcbComponents tcb{0, 3, 0, 8, 115};
  std::optional<Bytes> hwid{};
  std::optional<std::string> csp_id{};
  bool wrapped = false;  ///< values once more in an OCTET STRING
};

/// Identifier and value of each extension.
inline std::vector<std::pair<Bytes, Bytes>> endorsement_extensions(const EndorsementShape& shape) {
  using codec::testing::bytes_of;
  using codec::testing::der;
  using codec::testing::integer;
  std::vector<std::pair<Bytes, Bytes>> all;
  const auto add = [&](std::initializer_list<std::uint8_t> arcs, const Bytes& value) {
    constexpr codec::Oid base{1, 3, 6, 1, 4, 1, 3704, 1};
    Bytes oid(base.view().begin(), base.view().end());
    oid.insert(oid.end(), arcs);
    all.emplace_back(oid, value);
  };
  const auto level = [&](std::uint8_t value) {
    return shape.wrapped ? codec::testing::octets(integer(value)) : integer(value);
  };
  add({1}, integer(shape.product.starts_with("Turin") ? 1 : 0));
  add({2}, der(codec::DerTag::Ia5String, bytes_of(shape.product)));
  add({3, 1}, level(shape.tcb.bootloader));
  add({3, 2}, level(shape.tcb.tee));
  add({3, 3}, level(shape.tcb.snp));
  add({3, 8}, level(shape.tcb.microcode));
  if (shape.product.starts_with("Turin")) add({3, 9}, level(shape.tcb.fmc));
  if (shape.hwid) add({4}, shape.wrapped ? codec::testing::octets(*shape.hwid) : *shape.hwid);
  if (shape.csp_id) add({5}, der(codec::DerTag::Ia5String, bytes_of(*shape.csp_id)));
  return all;
}

}  // namespace merlon::snp::testing
