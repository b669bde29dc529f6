#include "merlon/snp/endorsement.h"

#include "merlon/base/text.h"
#include "merlon/codec/der.h"

namespace merlon::snp {

using codec::DerReader;
using codec::DerTag;
using codec::Oid;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr Oid struct_version_oid{1, 3, 6, 1, 4, 1, 3704, 1, 1};
constexpr Oid product_name_oid{1, 3, 6, 1, 4, 1, 3704, 1, 2};
constexpr Oid bootloader_spl{1, 3, 6, 1, 4, 1, 3704, 1, 3, 1};
constexpr Oid tee_spl{1, 3, 6, 1, 4, 1, 3704, 1, 3, 2};
constexpr Oid snp_spl{1, 3, 6, 1, 4, 1, 3704, 1, 3, 3};
constexpr Oid microcode_spl{1, 3, 6, 1, 4, 1, 3704, 1, 3, 8};
constexpr Oid fmc_spl{1, 3, 6, 1, 4, 1, 3704, 1, 3, 9};
constexpr Oid hwid_oid{1, 3, 6, 1, 4, 1, 3704, 1, 4};
constexpr Oid csp_id_oid{1, 3, 6, 1, 4, 1, 3704, 1, 5};

const ExtensionView* find(std::span<const ExtensionView> all, const Oid& oid) noexcept {
  for (const ExtensionView& each : all) {
    if (oid.is(each.oid)) return &each;
  }
  return nullptr;
}

/// Out of an OCTET STRING that is all of `value`, if it is one.
ByteView unwrapped(ByteView value) noexcept {
  const auto inner = codec::der_whole(value, DerTag::OctetString);
  return inner ? inner->content : value;
}

Result<std::uint64_t> number(std::span<const ExtensionView> all, const Oid& oid,
                             std::uint64_t max) noexcept {
  const ExtensionView* extension = find(all, oid);
  if (extension == nullptr) {
    return core::error(ErrorCode::NotFound, "an extension of the endorsement is missing");
  }
  DerReader reader(unwrapped(extension->value));
  const std::uint64_t value = TRY(reader.number());
  TRY(reader.finish());
  if (value > max) return core::error(ErrorCode::Malformed, "a patch level above 255", value);
  return value;
}

Result<std::uint8_t> patch_level(std::span<const ExtensionView> all, const Oid& oid) noexcept {
  return static_cast<std::uint8_t>(TRY(number(all, oid, 255)));
}

Result<std::string> ia5_text(const ExtensionView& extension) {
  const auto element = TRY(codec::der_whole(extension.value, DerTag::Ia5String));
  return base::printable(core::as_text(element.content), 128);
}

}  // namespace

bool is_endorsement(std::span<const ExtensionView> extensions) noexcept {
  return find(extensions, product_name_oid) != nullptr;
}

Result<EndorsementExtensions> EndorsementExtensions::parse(std::span<const ExtensionView> all) {
  EndorsementExtensions made;
  made.struct_version = TRY(number(all, struct_version_oid, 255));
  const ExtensionView* name = find(all, product_name_oid);
  if (name == nullptr) return core::error(ErrorCode::NotFound, "the endorsement names no product");
  made.product_name = TRY(ia5_text(*name));
  made.product = product_of_name(made.product_name);
  made.tcb.bootloader = TRY(patch_level(all, bootloader_spl));
  made.tcb.tee = TRY(patch_level(all, tee_spl));
  made.tcb.snp = TRY(patch_level(all, snp_spl));
  made.tcb.microcode = TRY(patch_level(all, microcode_spl));
  if (find(all, fmc_spl) != nullptr || made.product == Product::Turin) {
    made.tcb.fmc = TRY(patch_level(all, fmc_spl));
  }
  if (const ExtensionView* hwid = find(all, hwid_oid)) {
    // A bare HWID of 64 bytes is no OCTET STRING of its own length, whatever its bytes are.
    const bool bare = hwid->value.size() == 64 || hwid->value.size() == 8;
    const ByteView value = bare ? hwid->value : unwrapped(hwid->value);
    if (value.size() != 64 && value.size() != 8) {
      return core::error(ErrorCode::Malformed, "a HWID has 64 or 8 bytes", value.size());
    }
    made.hwid.emplace(value.begin(), value.end());
  }
  if (const ExtensionView* csp = find(all, csp_id_oid)) made.csp_id = TRY(ia5_text(*csp));
  return made;
}

}  // namespace merlon::snp
