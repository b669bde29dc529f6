#include "merlon/sgx/tcb_info.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::sgx {

using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

template <typename T>
Result<T> hex_member(const JsonValue& object, std::string_view name) {
  return T::from(TRY(codec::decode_hex(TRY(object.string_member(name)))));
}

Result<TcbStatus> parse_status(const JsonValue& object) {
  const auto status = tcb_status(TRY(object.string_member("tcbStatus")));
  if (!status) return malformed("an unknown tcbStatus");
  return *status;
}

/// Version 3: an array of sixteen objects with a member svn.
Result<SvnComponents> components_array(const JsonValue& tcb, std::string_view name) {
  const auto& items = TRY(tcb.member(name, JsonKind::Array))->items();
  SvnComponents components{};
  if (items.size() != components.size()) return malformed("a TCB needs sixteen components");
  for (std::size_t i = 0; i < items.size(); ++i) {
    components[i] = static_cast<std::uint8_t>(TRY(items[i].number_member("svn", 255)));
  }
  return components;
}

/// Version 2: members sgxtcbcomp01svn to sgxtcbcomp16svn.
Result<SvnComponents> components_members(const JsonValue& tcb) {
  SvnComponents components{};
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string name = base::concat("sgxtcbcomp", i < 9 ? "0" : "", i + 1, "svn");
    components[i] = static_cast<std::uint8_t>(TRY(tcb.number_member(name, 255)));
  }
  return components;
}

Result<TcbLevel> parse_level(const JsonValue& object, const TcbInfo& info) {
  const JsonValue& tcb = *TRY(object.member("tcb", JsonKind::Object));
  TcbLevel level;
  level.sgx = info.version == 2 ? TRY(components_members(tcb))
                                : TRY(components_array(tcb, "sgxtcbcomponents"));
  if (info.is_tdx) level.tdx = TRY(components_array(tcb, "tdxtcbcomponents"));
  level.pce_svn = static_cast<std::uint16_t>(TRY(tcb.number_member("pcesvn", 65'535)));
  level.status = TRY(parse_status(object));
  level.date = TRY(codec::parse_rfc3339(TRY(object.string_member("tcbDate"))));
  level.advisories = TRY(parse_advisories(object));
  return level;
}

Result<TdxModuleIdentity> parse_module(const JsonValue& object, bool with_levels) {
  TdxModuleIdentity module;
  if (with_levels) {
    module.id = TRY(object.string_member("id"));
    module.levels = TRY(parse_isv_levels(object));
  }
  module.mr_signer = TRY(hex_member<MrSignerSeam>(object, "mrsigner"));
  module.attributes = TRY(hex_member<SeamAttributes>(object, "attributes"));
  module.attributes_mask = TRY(hex_member<SeamAttributes>(object, "attributesMask"));
  return module;
}

Result<void> parse_modules(const JsonValue& root, TcbInfo& info) {
  info.module = TRY(parse_module(*TRY(root.member("tdxModule", JsonKind::Object)), false));
  if (root.find("tdxModuleIdentities") == nullptr) return {};
  for (const JsonValue& object :
       TRY(root.member("tdxModuleIdentities", JsonKind::Array))->items()) {
    info.modules.push_back(TRY(parse_module(object, true)));
  }
  return {};
}

}  // namespace

Result<IssuePeriod> parse_period(const JsonValue& object) {
  IssuePeriod period;
  period.issued = TRY(codec::parse_rfc3339(TRY(object.string_member("issueDate"))));
  period.next_update = TRY(codec::parse_rfc3339(TRY(object.string_member("nextUpdate"))));
  return period;
}

Result<std::vector<std::string>> parse_advisories(const JsonValue& object) {
  std::vector<std::string> advisories;
  if (object.find("advisoryIDs") == nullptr) return advisories;
  for (const JsonValue& item : TRY(object.member("advisoryIDs", JsonKind::Array))->items()) {
    if (item.kind() != JsonKind::String) return malformed("an advisory that is no text");
    advisories.emplace_back(item.text());
  }
  return advisories;
}

Result<std::vector<IsvLevel>> parse_isv_levels(const JsonValue& object) {
  std::vector<IsvLevel> levels;
  for (const JsonValue& item : TRY(object.member("tcbLevels", JsonKind::Array))->items()) {
    IsvLevel level;
    const JsonValue& tcb = *TRY(item.member("tcb", JsonKind::Object));
    level.svn = static_cast<std::uint16_t>(TRY(tcb.number_member("isvsvn", 65'535)));
    level.status = TRY(parse_status(item));
    level.date = TRY(codec::parse_rfc3339(TRY(item.string_member("tcbDate"))));
    level.advisories = TRY(parse_advisories(item));
    levels.push_back(std::move(level));
  }
  return levels;
}

Result<TcbInfo> TcbInfo::parse(std::string_view body) {
  const auto document = TRY(codec::JsonDocument::parse(body));
  return parse(document.root());
}

Result<TcbInfo> TcbInfo::parse(const JsonValue& root) {
  TcbInfo info;
  info.version = static_cast<std::uint32_t>(TRY(root.number_member("version", UINT32_MAX)));
  if (info.version != 2 && info.version != 3) {
    return core::error(ErrorCode::Unsupported, "TCB info of another version than 2 or 3",
                       info.version);
  }
  // Version 2 is about SGX alone and has no id.
  if (info.version == 3) {
    const std::string_view id = TRY(root.string_member("id"));
    if (id != "SGX" && id != "TDX") return malformed("TCB info that is neither SGX nor TDX");
    info.is_tdx = id == "TDX";
  }
  info.period = TRY(parse_period(root));
  info.fmspc = TRY(hex_member<Fmspc>(root, "fmspc"));
  info.pce_id = TRY(hex_member<PceId>(root, "pceId"));
  info.tcb_type = static_cast<std::uint32_t>(TRY(root.number_member("tcbType", UINT32_MAX)));
  if (info.tcb_type != 0) {
    return core::error(ErrorCode::Unsupported, "TCB info with a tcbType that is not 0",
                       info.tcb_type);
  }
  info.evaluation_number =
      static_cast<std::uint32_t>(TRY(root.number_member("tcbEvaluationDataNumber", UINT32_MAX)));
  if (info.is_tdx) TRY(parse_modules(root, info));
  const auto& levels = TRY(root.member("tcbLevels", JsonKind::Array))->items();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    auto level = parse_level(levels[i], info);
    // Which of them: the first is 1.
    if (!level) return core::error(level.error().code, level.error().what, i + 1);
    info.levels.push_back(*std::move(level));
  }
  return info;
}

}  // namespace merlon::sgx
