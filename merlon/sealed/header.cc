#include "merlon/sealed/header.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"

namespace merlon::sealed {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNVOLU";
constexpr std::uint32_t format_version = 1;

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

void write_common(base::ByteWriter& out, const Header& header) {
  out.text(magic);
  out.u32(format_version);
  out.u32(0);
  out.bytes(header.id.view());
  out.u8(static_cast<std::uint8_t>(header.root));
  out.u8(static_cast<std::uint8_t>(header.binding));
  out.u8(header.has_recovery ? 1 : 0);
  for (int i = 0; i < 5; ++i) out.u8(0);
  out.u64(header.epoch);
  out.u32(header.versions.svn);
  out.u32(0);
  out.u64(header.versions.fields);
  out.bytes(header.versions.tcb.view());
  out.bytes(header.platform_check.view());
  out.bytes(header.tenant_check.view());
}

Result<void> expect_zeros(core::Reader& reader, std::size_t count) {
  const ByteView bytes = TRY(reader.bytes(count));
  const bool zero = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
  return zero ? Result<void>() : malformed("reserved bytes of a volume's header are not zero");
}

/// A byte that is 0 or 1.
Result<bool> bit(core::Reader& reader, const char* what) {
  const std::uint8_t byte = TRY(reader.u8());
  if (byte > 1) return malformed(what);
  return byte == 1;
}

Result<void> read_kinds(core::Reader& reader, Header& made) {
  made.root = TRY(bit(reader, "a root of a volume that there is none of")) ? RootKind::Platform
                                                                           : RootKind::None;
  made.binding = TRY(bit(reader, "a binding of a volume that there is none of")) ? Binding::Workload
                                                                                 : Binding::Tenant;
  made.has_recovery = TRY(bit(reader, "slots of a volume that there are none of"));
  return {};
}

Result<void> read_versions(core::Reader& reader, Header& made) {
  made.epoch = TRY(reader.u64());
  made.versions.svn = TRY(reader.u32());
  TRY(expect_zeros(reader, 4));
  made.versions.fields = TRY(reader.u64());
  made.versions.tcb = TRY(Versions::Tcb::read(reader));
  return {};
}

}  // namespace

std::vector<std::uint8_t> Header::common() const {
  base::ByteWriter out;
  write_common(out, *this);
  return out.take();
}

std::vector<std::uint8_t> Header::bytes() const {
  base::ByteWriter out;
  write_common(out, *this);
  out.bytes(platform_slot.view());
  out.bytes(recovery_slot.view());
  out.bytes(salt.view());
  out.u64(index_size);
  return out.take();
}

Result<Header> Header::parse(ByteView bytes) {
  core::Reader reader(bytes);
  const ByteView word = TRY(reader.bytes(magic.size()));
  if (core::as_text(word) != magic) return malformed("no sealed volume");
  const std::uint32_t version = TRY(reader.u32());
  if (version != format_version) {
    return core::error(ErrorCode::Unsupported, "a sealed volume of another version", version);
  }
  TRY(expect_zeros(reader, 4));
  Header made;
  made.id = TRY(VolumeId::read(reader));
  TRY(read_kinds(reader, made));
  TRY(expect_zeros(reader, 5));
  TRY(read_versions(reader, made));
  made.platform_check = TRY(KeyCheck::read(reader));
  made.tenant_check = TRY(KeyCheck::read(reader));
  made.platform_slot = TRY(Slot::read(reader));
  made.recovery_slot = TRY(Slot::read(reader));
  if (!made.has_recovery && !made.recovery_slot.is_zero()) {
    return malformed("a recovery slot of a volume that has none");
  }
  made.salt = TRY(Salt::read(reader));
  made.index_size = TRY(reader.u64());
  return made;
}

}  // namespace merlon::sealed
