#include "merlon/evidence/report_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "merlon/snp/report.h"

namespace merlon::evidence {

using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

/// How a field is written.
enum class Form : std::uint8_t {
  Number,     ///< of `size` bytes
  Bytes,      ///< an array of `size` numbers
  Tcb,        ///< an object; four of them must be of one layout
  Firmware,   ///< an object of major, minor, build
  Signature,  ///< an object of r and s
};

struct Field {
  std::string_view name;
  Form form;
  std::size_t offset;
  std::size_t size;
  const char* wrong;        ///< what is said if it is missing or is something else
  std::uint32_t since = 0;  ///< null, or not there, in reports of earlier versions
};

constexpr auto common = std::array{
    Field{"version", Form::Number, 0x000, 4, "version of a report in JSON must be a number"},
    Field{"guest_svn", Form::Number, 0x004, 4, "guest_svn of a report in JSON must be of 32 bits"},
    Field{"policy", Form::Number, 0x008, 8, "policy of a report in JSON must be of 64 bits"},
    Field{"family_id", Form::Bytes, 0x010, 16, "family_id of a report in JSON must be 16 bytes"},
    Field{"image_id", Form::Bytes, 0x020, 16, "image_id of a report in JSON must be 16 bytes"},
    Field{"vmpl", Form::Number, 0x030, 4, "vmpl of a report in JSON must be of 32 bits"},
    Field{"sig_algo", Form::Number, 0x034, 4, "sig_algo of a report in JSON must be of 32 bits"},
    Field{"current_tcb", Form::Tcb, 0x038, 8, "current_tcb of a report in JSON is missing"},
    Field{"plat_info", Form::Number, 0x040, 8, "plat_info of a report in JSON must be of 64 bits"},
    Field{"report_data", Form::Bytes, 0x050, 64,
          "report_data of a report in JSON must be 64 bytes"},
    Field{"measurement", Form::Bytes, 0x090, 48,
          "measurement of a report in JSON must be 48 bytes"},
    Field{"host_data", Form::Bytes, 0x0C0, 32, "host_data of a report in JSON must be 32 bytes"},
    Field{"id_key_digest", Form::Bytes, 0x0E0, 48,
          "id_key_digest of a report in JSON must be 48 bytes"},
    Field{"author_key_digest", Form::Bytes, 0x110, 48,
          "author_key_digest of a report in JSON must be 48 bytes"},
    Field{"report_id", Form::Bytes, 0x140, 32, "report_id of a report in JSON must be 32 bytes"},
    Field{"report_id_ma", Form::Bytes, 0x160, 32,
          "report_id_ma of a report in JSON must be 32 bytes"},
    Field{"reported_tcb", Form::Tcb, 0x180, 8, "reported_tcb of a report in JSON is missing"},
    Field{"chip_id", Form::Bytes, 0x1A0, 64, "chip_id of a report in JSON must be 64 bytes"},
    Field{"committed_tcb", Form::Tcb, 0x1E0, 8, "committed_tcb of a report in JSON is missing"},
    Field{"launch_tcb", Form::Tcb, 0x1F0, 8, "launch_tcb of a report in JSON is missing"},
    Field{"signature", Form::Signature, 0x2A0, 512, "signature of a report in JSON is missing"},
};

/// What else there is before version 6 of the crate: each byte of a report.
constexpr auto with_reserved = std::array{
    Field{"_author_key_en", Form::Number, 0x048, 4,
          "_author_key_en of a report in JSON must be of 32 bits"},
    Field{"_reserved_0", Form::Number, 0x04C, 4,
          "_reserved_0 of a report in JSON must be of 32 bits"},
    Field{"_reserved_1", Form::Bytes, 0x188, 24,
          "_reserved_1 of a report in JSON must be 24 bytes"},
    Field{"current_build", Form::Number, 0x1E8, 1,
          "current_build of a report in JSON must be of 8 bits"},
    Field{"current_minor", Form::Number, 0x1E9, 1,
          "current_minor of a report in JSON must be of 8 bits"},
    Field{"current_major", Form::Number, 0x1EA, 1,
          "current_major of a report in JSON must be of 8 bits"},
    Field{"_reserved_2", Form::Number, 0x1EB, 1,
          "_reserved_2 of a report in JSON must be of 8 bits"},
    Field{"committed_build", Form::Number, 0x1EC, 1,
          "committed_build of a report in JSON must be of 8 bits"},
    Field{"committed_minor", Form::Number, 0x1ED, 1,
          "committed_minor of a report in JSON must be of 8 bits"},
    Field{"committed_major", Form::Number, 0x1EE, 1,
          "committed_major of a report in JSON must be of 8 bits"},
    Field{"_reserved_3", Form::Number, 0x1EF, 1,
          "_reserved_3 of a report in JSON must be of 8 bits"},
    Field{"_reserved_4", Form::Bytes, 0x1F8, 168,
          "_reserved_4 of a report in JSON must be 168 bytes"},
};

/// And from version 6 on: what has a meaning.
constexpr auto without_reserved = std::array{
    Field{"key_info", Form::Number, 0x048, 4, "key_info of a report in JSON must be of 32 bits"},
    Field{"cpuid_fam_id", Form::Number, 0x188, 1,
          "cpuid_fam_id of a report in JSON must be of 8 bits, from version 3 of reports on", 3},
    Field{"cpuid_mod_id", Form::Number, 0x189, 1,
          "cpuid_mod_id of a report in JSON must be of 8 bits, from version 3 of reports on", 3},
    Field{"cpuid_step", Form::Number, 0x18A, 1,
          "cpuid_step of a report in JSON must be of 8 bits, from version 3 of reports on", 3},
    Field{"current", Form::Firmware, 0x1E8, 3, "current of a report in JSON is missing"},
    Field{"committed", Form::Firmware, 0x1EC, 3, "committed of a report in JSON is missing"},
    Field{"launch_mit_vector", Form::Number, 0x1F8, 8,
          "launch_mit_vector of a report in JSON must be of 64 bits, from version 5 of reports on",
          5},
    Field{"current_mit_vector", Form::Number, 0x200, 8,
          "current_mit_vector of a report in JSON must be of 64 bits, from version 5 of reports on",
          5},
};

constexpr const char* wrong_tcb = "a TCB version of a report in JSON is not as it must be";
constexpr auto tcb_with_reserved = std::array{
    Field{"bootloader", Form::Number, 0, 1, wrong_tcb}, Field{"tee", Form::Number, 1, 1, wrong_tcb},
    Field{"_reserved", Form::Bytes, 2, 4, wrong_tcb},   Field{"snp", Form::Number, 6, 1, wrong_tcb},
    Field{"microcode", Form::Number, 7, 1, wrong_tcb},
};
constexpr auto tcb_before_turin = std::array{
    Field{"bootloader", Form::Number, 0, 1, wrong_tcb},
    Field{"tee", Form::Number, 1, 1, wrong_tcb},
    Field{"snp", Form::Number, 6, 1, wrong_tcb},
    Field{"microcode", Form::Number, 7, 1, wrong_tcb},
};
constexpr auto tcb_of_turin = std::array{
    Field{"fmc", Form::Number, 0, 1, wrong_tcb},
    Field{"bootloader", Form::Number, 1, 1, wrong_tcb},
    Field{"tee", Form::Number, 2, 1, wrong_tcb},
    Field{"snp", Form::Number, 3, 1, wrong_tcb},
    Field{"microcode", Form::Number, 7, 1, wrong_tcb},
};

constexpr const char* wrong_firmware =
    "a firmware version of a report in JSON is no major, minor, build";
constexpr auto firmware = std::array{
    Field{"build", Form::Number, 0, 1, wrong_firmware},
    Field{"minor", Form::Number, 1, 1, wrong_firmware},
    Field{"major", Form::Number, 2, 1, wrong_firmware},
};

constexpr const char* wrong_signature = "signature of a report in JSON must be r and s of 72 bytes";
constexpr auto signature_without_reserved = std::array{
    Field{"r", Form::Bytes, 0, 72, wrong_signature},
    Field{"s", Form::Bytes, 72, 72, wrong_signature},
};
constexpr auto signature_with_reserved = std::array{
    Field{"r", Form::Bytes, 0, 72, wrong_signature},
    Field{"s", Form::Bytes, 72, 72, wrong_signature},
    Field{"_reserved", Form::Bytes, 144, 368, wrong_signature},
};

bool is_absent(const JsonValue* value) noexcept {
  return value == nullptr || value->kind() == JsonKind::Null;
}

using FieldSets = std::span<const std::span<const Field>>;

/// Every member must be in one of the sets: what is not known cannot be put in its place.
Result<void> refuse_unknown(const JsonValue& object, FieldSets sets) {
  for (std::size_t i = 0; i < object.names().size(); ++i) {
    const bool known = std::ranges::any_of(sets, [&](std::span<const Field> fields) {
      return std::ranges::find(fields, object.names()[i], &Field::name) != fields.end();
    });
    if (!known) {
      return core::error(ErrorCode::Unsupported, "a report in JSON has a field that is not known",
                         i + 1);
    }
  }
  return {};
}

/// Writes a report's bytes, one field after the other.
class Writer {
 public:
  Writer(std::uint32_t version, bool reserved) noexcept : version_(version), reserved_(reserved) {}

  /// Fields of one object, at `base`.
  Result<void> write(const JsonValue& object, std::span<const Field> fields, std::size_t base) {
    for (const Field& field : fields) {
      const JsonValue* value = object.find(field.name);
      if (version_ < field.since) {
        if (!is_absent(value)) return core::error(ErrorCode::Malformed, field.wrong);
        continue;
      }
      if (value == nullptr) return core::error(ErrorCode::Malformed, field.wrong);
      TRY(write_one(*value, field, base + field.offset));
    }
    return {};
  }

  [[nodiscard]] std::optional<bool> turin() const noexcept { return turin_; }
  [[nodiscard]] Bytes bytes() && { return std::move(bytes_); }

 private:
  Result<void> write_one(const JsonValue& value, const Field& field, std::size_t at) {
    switch (field.form) {
      case Form::Number: return write_number(value, field, at);
      case Form::Bytes: return write_bytes(value, field, at);
      case Form::Tcb: return write_tcb(value, field, at);
      case Form::Firmware: return write_object(value, firmware, field, at);
      case Form::Signature:
        return reserved_ ? write_object(value, signature_with_reserved, field, at)
                         : write_object(value, signature_without_reserved, field, at);
    }
    return core::error(ErrorCode::Internal, "a form of field that is none");
  }

  Result<void> write_number(const JsonValue& value, const Field& field, std::size_t at) {
    const auto number = value.number();
    if (!number || (field.size < 8 && *number >> (8 * field.size) != 0)) {
      return core::error(ErrorCode::Malformed, field.wrong);
    }
    for (std::size_t i = 0; i < field.size; ++i) {
      bytes_[at + i] = static_cast<std::uint8_t>(*number >> (8 * i));
    }
    return {};
  }

  Result<void> write_bytes(const JsonValue& value, const Field& field, std::size_t at) {
    if (value.kind() != JsonKind::Array || value.items().size() != field.size) {
      return core::error(ErrorCode::Malformed, field.wrong);
    }
    for (std::size_t i = 0; i < field.size; ++i) {
      const auto number = value.items()[i].number();
      if (!number || *number > 255) return core::error(ErrorCode::Malformed, field.wrong);
      bytes_[at + i] = static_cast<std::uint8_t>(*number);
    }
    return {};
  }

  /// An object of these fields and no other.
  Result<void> write_object(const JsonValue& value, std::span<const Field> fields,
                            const Field& whole, std::size_t at) {
    if (value.kind() != JsonKind::Object) return core::error(ErrorCode::Malformed, whole.wrong);
    const std::array sets{fields};
    TRY(refuse_unknown(value, sets));
    return write(value, fields, at);
  }

  Result<void> write_tcb(const JsonValue& value, const Field& field, std::size_t at) {
    if (reserved_) return write_object(value, tcb_with_reserved, field, at);
    const bool turin = !is_absent(value.find("fmc"));
    if (turin_ && *turin_ != turin) {
      return core::error(ErrorCode::Malformed,
                         "TCB versions of a report in JSON with and without fmc");
    }
    turin_ = turin;
    // An fmc that is null is no component, but may be there.
    if (turin) return write_object(value, tcb_of_turin, field, at);
    if (value.kind() != JsonKind::Object) return core::error(ErrorCode::Malformed, field.wrong);
    const std::array<std::span<const Field>, 2> sets{tcb_before_turin, tcb_of_turin};
    TRY(refuse_unknown(value, sets));
    return write(value, tcb_before_turin, at);
  }

  std::uint32_t version_;
  bool reserved_;
  std::optional<bool> turin_;  ///< whether the TCB versions have Turin's layout, once one was seen
  Bytes bytes_ = Bytes(snp::Report::size);
};

/// The layout of TCB versions is the processor's, of which a report tells from version 3 on.
Result<void> agree(const Writer& writer, const JsonValue& object) {
  const auto number_of = [&](std::string_view name) {
    const JsonValue* value = object.find(name);
    return value == nullptr ? std::nullopt : value->number();
  };
  const auto family = number_of("cpuid_fam_id");
  const auto model = number_of("cpuid_mod_id");
  if (!family || !model) return {};
  const auto product =
      snp::product_of_cpuid(static_cast<std::uint8_t>(*family), static_cast<std::uint8_t>(*model));
  if (product && (*product == snp::Product::Turin) != writer.turin()) {
    return core::error(ErrorCode::Malformed,
                       "TCB versions of a report in JSON are of another processor");
  }
  return {};
}

}  // namespace

bool is_report_fields(const JsonValue& value) noexcept {
  return value.kind() == JsonKind::Object && value.find("measurement") != nullptr &&
         value.find("report_data") != nullptr && value.find("chip_id") != nullptr &&
         value.find("reported_tcb") != nullptr && value.find("signature") != nullptr;
}

Result<Bytes> report_of_fields(const JsonValue& object) {
  const bool reserved = object.find("_author_key_en") != nullptr;
  if (!reserved && object.find("key_info") == nullptr) {
    return core::error(ErrorCode::Unsupported,
                       "a SEV-SNP report in JSON of a shape that is not known: give its bytes");
  }
  const JsonValue* version = object.find("version");
  const auto number = version == nullptr ? std::nullopt : version->number();
  if (!number) return core::error(ErrorCode::Malformed, common[0].wrong);
  if (*number < 2 || *number > 5) {
    return core::error(ErrorCode::Unsupported, "report version is not 2, 3, 4 or 5", *number);
  }
  const std::span<const Field> others =
      reserved ? std::span<const Field>(with_reserved) : std::span<const Field>(without_reserved);
  const std::array<std::span<const Field>, 2> sets{common, others};
  TRY(refuse_unknown(object, sets));
  Writer writer(static_cast<std::uint32_t>(*number), reserved);
  for (const std::span<const Field> fields : sets) TRY(writer.write(object, fields, 0));
  if (!reserved) TRY(agree(writer, object));
  return std::move(writer).bytes();
}

}  // namespace merlon::evidence
