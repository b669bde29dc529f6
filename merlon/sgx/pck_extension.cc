#include "merlon/sgx/pck_extension.h"

#include <bitset>

#include "merlon/codec/der.h"
#include "merlon/codec/der_writer.h"

namespace merlon::sgx {

using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// The last arc below `prefix`; nothing for identifiers that are not directly below it.
std::optional<std::uint8_t> arc_below(ByteView oid, ByteView prefix) noexcept {
  if (oid.size() != prefix.size() + 1 || (oid.back() & 0x80U) != 0) return std::nullopt;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (oid[i] != prefix[i]) return std::nullopt;
  }
  return oid.back();
}

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

template <typename T>
Result<T> octets(DerReader& reader) noexcept {
  return T::from(TRY(reader.content(DerTag::OctetString)));
}

Result<std::uint16_t> svn(DerReader& reader, std::uint64_t max) noexcept {
  const std::uint64_t value = TRY(reader.number());
  if (value > max) return malformed("a security version out of its range");
  return static_cast<std::uint16_t>(value);
}

constexpr codec::Oid tcb_oid{1, 2, 840, 113741, 1, 13, 1, 2};
constexpr codec::Oid configuration_oid{1, 2, 840, 113741, 1, 13, 1, 7};

Result<void> read_tcb(DerReader rows, PckExtension& made) {
  std::bitset<19> seen;
  while (!rows.at_end()) {
    DerReader row = TRY(rows.enter(DerTag::Sequence));
    const auto arc = arc_below(TRY(row.oid()), tcb_oid.view());
    if (!arc || *arc < 1 || *arc > 18 || seen[*arc]) return malformed("TCB of the PCK certificate");
    seen.set(*arc);
    if (*arc <= 16) {
      made.components[*arc - 1U] = static_cast<std::uint8_t>(TRY(svn(row, 255)));
    } else if (*arc == 17) {
      made.pce_svn = TRY(svn(row, 65'535));
    } else {
      made.cpu_svn = TRY(octets<CpuSvn>(row));
    }
    TRY(row.finish());
  }
  if (seen.count() != 18) return malformed("TCB of the PCK certificate has parts missing");
  return {};
}

Result<void> read_configuration(DerReader rows, PckExtension& made) {
  while (!rows.at_end()) {
    DerReader row = TRY(rows.enter(DerTag::Sequence));
    const auto arc = arc_below(TRY(row.oid()), configuration_oid.view());
    const bool value = TRY(row.boolean());
    TRY(row.finish());
    if (arc == 1) made.dynamic_platform = value;
    if (arc == 2) made.cached_keys = value;
    if (arc == 3) made.smt_enabled = value;
  }
  return {};
}

Result<void> read_part(std::uint8_t arc, DerReader& row, PckExtension& made) {
  switch (arc) {
    case 1: made.ppid = TRY(octets<Ppid>(row)); return {};
    case 2: return read_tcb(TRY(row.enter(DerTag::Sequence)), made);
    case 3: made.pce_id = TRY(octets<PceId>(row)); return {};
    case 4: made.fmspc = TRY(octets<Fmspc>(row)); return {};
    case 5: {
      const std::uint64_t type = TRY(row.number(DerTag::Enumerated));
      if (type > 2) return malformed("SGX type of the PCK certificate");
      made.sgx_type = static_cast<std::uint8_t>(type);
      return {};
    }
    case 6: made.platform_instance = TRY(octets<PlatformInstanceId>(row)); return {};
    case 7: return read_configuration(TRY(row.enter(DerTag::Sequence)), made);
    default: break;
  }
  TRY(row.any());
  return {};
}

}  // namespace

Fmspc simulator_fmspc() noexcept { return Fmspc::from(core::as_bytes("SIMSGX")).value(); }

bool is_simulator(const Fmspc& fmspc) noexcept { return fmspc == simulator_fmspc(); }

Result<PckExtension> PckExtension::parse(ByteView value) {
  DerReader rows(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  PckExtension made;
  std::bitset<128> seen;
  while (!rows.at_end()) {
    DerReader row = TRY(rows.enter(DerTag::Sequence));
    const auto arc = arc_below(TRY(row.oid()), pck_extension_oid.view());
    if (!arc || seen[*arc]) return malformed("SGX extension of the PCK certificate");
    seen.set(*arc);
    TRY(read_part(*arc, row, made));
    TRY(row.finish());
  }
  for (const std::size_t part : std::initializer_list<std::size_t>{1U, 2U, 3U, 4U, 5U}) {
    if (!seen[part]) return malformed("SGX extension of the PCK certificate has parts missing");
  }
  return made;
}

std::vector<std::uint8_t> PckExtension::to_der() const {
  using codec::der_octets;
  const auto part = [](const codec::Oid& parent, std::uint8_t arc, const codec::DerBytes& value) {
    codec::DerBytes id(parent.view().begin(), parent.view().end());
    id.push_back(arc);
    return codec::der_sequence({codec::der_value(DerTag::ObjectIdentifier, id), value});
  };
  codec::DerBytes tcb;
  const auto row = [&](std::uint8_t arc, const codec::DerBytes& value) {
    const codec::DerBytes made = part(tcb_oid, arc, value);
    tcb.insert(tcb.end(), made.begin(), made.end());
  };
  std::uint8_t arc = 0;
  for (const std::uint8_t each : components) row(++arc, codec::der_integer(std::uint64_t{each}));
  row(17, codec::der_integer(std::uint64_t{pce_svn}));
  row(18, der_octets(cpu_svn.view()));
  const std::array<std::uint8_t, 1> type{sgx_type};
  return codec::der_sequence(
      {part(pck_extension_oid, 1, der_octets(ppid.view())),
       part(pck_extension_oid, 2, codec::der_value(DerTag::Sequence, tcb)),
       part(pck_extension_oid, 3, der_octets(pce_id.view())),
       part(pck_extension_oid, 4, der_octets(fmspc.view())),
       part(pck_extension_oid, 5, codec::der_value(DerTag::Enumerated, type))});
}

}  // namespace merlon::sgx
