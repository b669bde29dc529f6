#pragma once

// TCB info [PCS-V4 "Get SGX TCB Info", "Get TDX TCB Info"]: which security versions of a kind of
// platform are good. To be believed only after its signature has been checked.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/json.h"
#include "merlon/codec/time.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/sgx/tcb_status.h"

namespace merlon::sgx {

using MrSignerSeam = core::FixedBytes<struct MrSignerSeamTag, 48>;
using SeamAttributes = core::FixedBytes<struct SeamAttributesTag, 8>;

/// From when to when a signed document counts. `next_update` is the first second that does not.
struct IssuePeriod {
  codec::UnixTime issued;
  codec::UnixTime next_update;
  [[nodiscard]] bool contains(codec::UnixTime time) const noexcept {
    return issued <= time && time < next_update;
  }
};

struct TcbLevel {
  SvnComponents sgx{};
  std::optional<SvnComponents> tdx;
  std::uint16_t pce_svn = 0;
  TcbStatus status = TcbStatus::Revoked;
  codec::UnixTime date;
  std::vector<std::string> advisories;
};

/// A level of a part with one security version: a quoting enclave or a TDX module.
struct IsvLevel {
  std::uint16_t svn = 0;
  TcbStatus status = TcbStatus::Revoked;
  codec::UnixTime date;
  std::vector<std::string> advisories;
};

struct TdxModuleIdentity {
  std::string id;  ///< "TDX_03"; empty for the module that older documents describe alone
  MrSignerSeam mr_signer;
  SeamAttributes attributes;
  SeamAttributes attributes_mask;
  std::vector<IsvLevel> levels;
};

struct TcbInfo {
  bool is_tdx = false;  ///< id: SGX or TDX
  std::uint32_t version = 0;
  IssuePeriod period;
  Fmspc fmspc;
  PceId pce_id;
  std::uint32_t tcb_type = 0;
  std::uint32_t evaluation_number = 0;  ///< tcbEvaluationDataNumber
  std::vector<TcbLevel> levels;         ///< in Intel's order, best first
  std::optional<TdxModuleIdentity> module;
  std::vector<TdxModuleIdentity> modules;

  /// `body` is SignedJson::body. Versions 2 and 3. Malformed, NotFound for what is missing.
  /// Of a level that cannot be read the error's detail is its number, the first being 1.
  [[nodiscard]] static core::Result<TcbInfo> parse(std::string_view body);
  /// The same of SignedJson::value().
  [[nodiscard]] static core::Result<TcbInfo> parse(const codec::JsonValue& root);
};

/// Members that several documents share.
[[nodiscard]] core::Result<IssuePeriod> parse_period(const codec::JsonValue& object);
[[nodiscard]] core::Result<std::vector<std::string>> parse_advisories(
    const codec::JsonValue& object);
[[nodiscard]] core::Result<std::vector<IsvLevel>> parse_isv_levels(const codec::JsonValue& object);

}  // namespace merlon::sgx
