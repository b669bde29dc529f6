#include "merlon/snp/report.h"

#include <concepts>

namespace merlon::snp {

using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

Result<void> zeros(Reader& reader, std::size_t count) noexcept {
  const std::size_t offset = reader.offset();
  for (const std::uint8_t byte : TRY(reader.bytes(count))) {
    if (byte != 0) {
      return core::error(ErrorCode::Malformed, "reserved bytes of the report are not zero", offset);
    }
  }
  return {};
}

/// Moves to `offset` over bytes that must be zero.
Result<void> zeros_up_to(Reader& reader, std::size_t offset) noexcept {
  return zeros(reader, offset - reader.offset());
}

Result<void> read_key_info(Reader& reader, Report& report) noexcept {
  const std::uint32_t bits = TRY(reader.u32());
  if (bits >> 5U != 0) {
    return core::error(ErrorCode::Malformed, "reserved bits of KEY_INFO are not zero", 0x48);
  }
  report.author_key_enabled = (bits & 1U) != 0;
  report.chip_key_masked = (bits & 2U) != 0;
  switch (bits >> 2U) {
    case 0: report.signing_key = SigningKey::Vcek; break;
    case 1: report.signing_key = SigningKey::Vlek; break;
    case 7: report.signing_key = SigningKey::None; break;
    default: report.signing_key = SigningKey::Unknown; break;
  }
  return {};
}

Result<FirmwareVersion> read_firmware(Reader& reader) noexcept {
  FirmwareVersion version;
  version.build = TRY(reader.u8());
  version.minor = TRY(reader.u8());
  version.major = TRY(reader.u8());
  TRY(zeros(reader, 1));
  return version;
}

/// 72 bytes, least significant first, of which the upper 24 must be zero.
Result<void> read_number(Reader& reader, std::uint8_t* out) noexcept {
  const core::ByteView number = TRY(reader.bytes(48));
  for (std::size_t i = 0; i < 48; ++i) out[i] = number[47 - i];
  return zeros(reader, 24);
}

/// 0x000 to 0x050.
Result<void> read_head(Reader& reader, Report& report) noexcept {
  report.version = TRY(reader.u32());
  if (report.version < 2 || report.version > 5) {
    return core::error(ErrorCode::Unsupported, "report version is not 2, 3, 4 or 5",
                       report.version);
  }
  report.guest_svn = TRY(reader.u32());
  report.policy.bits = TRY(reader.u64());
  if (!report.policy.has_reserved_bits_right()) {
    return core::error(ErrorCode::Malformed, "reserved bits of POLICY are not as they must be", 8);
  }
  report.family_id = TRY(FamilyId::read(reader));
  report.image_id = TRY(ImageId::read(reader));
  report.vmpl = TRY(reader.u32());
  report.signature_algorithm = TRY(reader.u32());
  report.current_tcb = TRY(TcbVersion::read(reader));
  report.platform_info = TRY(reader.u64());
  TRY(read_key_info(reader, report));
  return zeros_up_to(reader, 0x50);
}

/// 0x180 to 0x2A0.
Result<void> read_platform(Reader& reader, Report& report) noexcept {
  report.reported_tcb = TRY(TcbVersion::read(reader));
  if (report.version >= 3) {
    Cpuid cpuid;
    cpuid.family = TRY(reader.u8());
    cpuid.model = TRY(reader.u8());
    cpuid.stepping = TRY(reader.u8());
    report.cpuid = cpuid;
  }
  TRY(zeros_up_to(reader, 0x1A0));
  report.chip_id = TRY(ChipId::read(reader));
  report.committed_tcb = TRY(TcbVersion::read(reader));
  report.current = TRY(read_firmware(reader));
  report.committed = TRY(read_firmware(reader));
  report.launch_tcb = TRY(TcbVersion::read(reader));
  if (report.version >= 5) {
    report.launch_mitigations = TRY(reader.u64());
    report.current_mitigations = TRY(reader.u64());
  }
  return zeros_up_to(reader, Report::signed_size);
}

/// Fills a report from its first byte on; what is passed over stays zero.
class ReportWriter {
 public:
  void at(std::size_t offset) noexcept { offset_ = offset; }
  template <std::unsigned_integral T>
  void little(std::type_identity_t<T> value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_[offset_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
  void put(core::ByteView view) noexcept {
    for (const std::uint8_t byte : view) bytes_[offset_++] = byte;
  }
  void firmware(const FirmwareVersion& version) noexcept {
    put(std::array<std::uint8_t, 4>{version.build, version.minor, version.major, 0});
  }
  /// 72 bytes, least significant first.
  void number(core::ByteView most_significant_first) noexcept {
    for (std::size_t i = 48; i > 0; --i) bytes_[offset_++] = most_significant_first[i - 1];
    offset_ += 24;
  }
  [[nodiscard]] const std::array<std::uint8_t, Report::size>& bytes() const noexcept {
    return bytes_;
  }

 private:
  std::array<std::uint8_t, Report::size> bytes_{};
  std::size_t offset_ = 0;
};

std::uint32_t key_info(const Report& report) noexcept {
  constexpr std::uint32_t nobody_knows = 6;
  const std::uint32_t key = report.signing_key == SigningKey::Unknown
                                ? nobody_knows
                                : static_cast<std::uint32_t>(report.signing_key);
  return (report.author_key_enabled ? 1U : 0U) | (report.chip_key_masked ? 2U : 0U) | key << 2U;
}

/// 0x000 to 0x180.
void write_head(ReportWriter& writer, const Report& report) noexcept {
  writer.little<std::uint32_t>(report.version);
  writer.little<std::uint32_t>(report.guest_svn);
  writer.little<std::uint64_t>(report.policy.bits);
  writer.put(report.family_id.view());
  writer.put(report.image_id.view());
  writer.little<std::uint32_t>(report.vmpl);
  writer.little<std::uint32_t>(report.signature_algorithm);
  writer.put(report.current_tcb.view());
  writer.little<std::uint64_t>(report.platform_info);
  writer.little<std::uint32_t>(key_info(report));
  writer.at(0x50);
  writer.put(report.report_data.view());
  writer.put(report.measurement.view());
  writer.put(report.host_data.view());
  writer.put(report.id_key_digest.view());
  writer.put(report.author_key_digest.view());
  writer.put(report.report_id.view());
  writer.put(report.report_id_ma.view());
}

/// 0x180 to 0x2A0.
void write_platform(ReportWriter& writer, const Report& report) noexcept {
  writer.put(report.reported_tcb.view());
  if (report.version >= 3) {
    const Cpuid cpuid = report.cpuid.value_or(Cpuid{});
    writer.put(std::array<std::uint8_t, 3>{cpuid.family, cpuid.model, cpuid.stepping});
  }
  writer.at(0x1A0);
  writer.put(report.chip_id.view());
  writer.put(report.committed_tcb.view());
  writer.firmware(report.current);
  writer.firmware(report.committed);
  writer.put(report.launch_tcb.view());
  if (report.version >= 5) {
    writer.little<std::uint64_t>(report.launch_mitigations.value_or(0));
    writer.little<std::uint64_t>(report.current_mitigations.value_or(0));
  }
}

}  // namespace

std::string_view to_string(PlatformBit bit) noexcept {
  switch (bit) {
    case PlatformBit::Smt: return "smt";
    case PlatformBit::Tsme: return "tsme";
    case PlatformBit::Ecc: return "ecc";
    case PlatformBit::RaplDisabled: return "rapl-disabled";
    case PlatformBit::CiphertextHiding: return "ciphertext-hiding";
    case PlatformBit::AliasCheckComplete: return "alias-check";
    case PlatformBit::Tio: return "tio";
  }
  return "unknown";
}

std::string_view to_string(SigningKey key) noexcept {
  switch (key) {
    case SigningKey::Vcek: return "VCEK";
    case SigningKey::Vlek: return "VLEK";
    case SigningKey::None: return "none";
    case SigningKey::Unknown: return "unknown";
  }
  return "unknown";
}

Result<Report> Report::parse(core::ByteView bytes) noexcept {
  if (bytes.size() != size) {
    return core::error(ErrorCode::Malformed, "a report has 1184 bytes", bytes.size());
  }
  Reader reader(bytes);
  Report report;
  TRY(read_head(reader, report));
  report.report_data = TRY(ReportData::read(reader));
  report.measurement = TRY(LaunchDigest::read(reader));
  report.host_data = TRY(HostData::read(reader));
  report.id_key_digest = TRY(IdKeyDigest::read(reader));
  report.author_key_digest = TRY(AuthorKeyDigest::read(reader));
  report.report_id = TRY(ReportId::read(reader));
  report.report_id_ma = TRY(ReportIdMa::read(reader));
  TRY(read_platform(reader, report));
  std::array<std::uint8_t, 96> signature{};
  TRY(read_number(reader, signature.data()));
  TRY(read_number(reader, signature.data() + 48));
  report.signature = TRY(ReportSignature::from(signature));
  TRY(zeros_up_to(reader, size));
  return report;
}

std::array<std::uint8_t, Report::size> Report::bytes() const noexcept {
  ReportWriter writer;
  write_head(writer, *this);
  write_platform(writer, *this);
  writer.at(signed_size);
  writer.number(signature.view().first(48));
  writer.number(signature.view().subspan(48));
  return writer.bytes();
}

}  // namespace merlon::snp
