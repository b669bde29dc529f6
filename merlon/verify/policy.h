#pragma once

// What a relying party is willing to trust [RFC9334 §8.5, §8.3]. A Policy cannot be ill-formed, and
// the default one refuses debugging, staleness, revocation, migration, reports that a host asked
// for, firmware below AMD's bulletins, and whatever a host may choose that nobody named.

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/crypto/hash.h"
#include "merlon/evidence/binding.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/sgx/report_body.h"
#include "merlon/sgx/tcb_status.h"
#include "merlon/snp/report.h"
#include "merlon/tdx/td_report.h"

namespace merlon::verify {

/// Values that are accepted. If none is named, every value is; naming an empty list accepts none.
template <typename T>
class Accept {
 public:
  Accept() = default;
  explicit Accept(std::vector<T> values) : values_(std::move(values)) {}

  [[nodiscard]] bool is_any() const noexcept { return !values_.has_value(); }
  [[nodiscard]] bool contains(const T& value) const {
    return !values_ || std::ranges::find(*values_, value) != values_->end();
  }
  /// Empty if every value is accepted.
  [[nodiscard]] std::span<const T> values() const noexcept {
    return values_ ? std::span<const T>(*values_) : std::span<const T>();
  }
  friend bool operator==(const Accept&, const Accept&) = default;

 private:
  std::optional<std::vector<T>> values_;
};

/// Of what a host or whoever launches can set freely: nothing, unless a policy names values.
template <typename T>
[[nodiscard]] Accept<T> accept_zero() {
  return Accept<T>({T{}});
}

/// A known weakness that is accepted up to a day, by the name that its vendor gave it.
struct Waiver {
  /// As Intel and AMD write it: "INTEL-SA-00615", "AMD-SB-3030"; or one of Intel's statuses, for a
  /// platform, a quoting enclave or a TDX module that has this status and no advisory.
  std::string name;
  codec::UnixTime until;  ///< the last second of that day

  /// The Steward's file has no dates.
  static constexpr codec::UnixTime forever{std::numeric_limits<std::int64_t>::max()};
  friend bool operator==(const Waiver&, const Waiver&) = default;
};

/// The waiver of that name that still counts; null if there is none.
[[nodiscard]] const Waiver* find_waiver(std::span<const Waiver> waivers, std::string_view name,
                                        codec::UnixTime now) noexcept;

/// Missing revocation lists: a refusal, or allowed because one has no way to get them. A list that
/// is there must be fresh and signed either way.
enum class RevocationRule : std::uint8_t { Required, IfPresent };

/// The key of the certification request around the evidence. Where there is no request: anything,
/// or a refusal if there must be one.
struct BindToRequest {
  bool required = false;
  friend bool operator==(const BindToRequest&, const BindToRequest&) = default;
};
struct BindToAnything {
  friend bool operator==(const BindToAnything&, const BindToAnything&) = default;
};
struct BindToData {
  evidence::ReportData data;
  friend bool operator==(const BindToData&, const BindToData&) = default;
};
/// The key with this DER SubjectPublicKeyInfo, in Enarx's form.
struct BindToKey {
  std::vector<std::uint8_t> spki;
  friend bool operator==(const BindToKey&, const BindToKey&) = default;
};
/// A challenge of the caller's, in Merlon's form.
struct BindToChallenge {
  crypto::Sha256Digest tls_key_digest;
  crypto::Sha256Digest hpke_key_digest;
  evidence::Nonce nonce;
  friend bool operator==(const BindToChallenge&, const BindToChallenge&) = default;
};
/// What a workload said, running as these launch facts tell, in Merlon's form.
struct BindToWork {
  crypto::Sha256Digest launch_digest;
  crypto::Sha256Digest said_digest;
  friend bool operator==(const BindToWork&, const BindToWork&) = default;
};
/// A request for a credential, by the key of the certification request that comes with it, in
/// Merlon's form. No policy's text says so; a Steward does.
struct BindToCredential {
  crypto::Sha256Digest request_digest;
  friend bool operator==(const BindToCredential&, const BindToCredential&) = default;
};
using Binding = std::variant<BindToRequest, BindToAnything, BindToData, BindToKey, BindToChallenge,
                             BindToWork, BindToCredential>;

struct DcapPolicy {
  /// Beyond UpToDate a status is accepted only with a waiver for each advisory that is open, and
  /// for the status of the platform and of each part for which Intel names none.
  std::set<sgx::TcbStatus> statuses{sgx::TcbStatus::UpToDate};
  Accept<std::string> advisories;  ///< of a platform that is UpToDate
  std::vector<Waiver> waivers;
  Accept<sgx::Ppid> ppid;  ///< platforms, by the number that Intel gave each
  std::uint32_t min_evaluation_number = 0;
  bool tcb_info_v2 = false;  ///< also the older form
  friend bool operator==(const DcapPolicy&, const DcapPolicy&) = default;
};

struct SgxPolicy {
  Accept<sgx::MrEnclave> mr_enclave;
  std::vector<sgx::MrEnclave> refused_mr_enclave;
  Accept<sgx::MrSigner> mr_signer;
  std::optional<std::uint16_t> product_id;
  std::uint16_t min_svn = 0;
  bool debug = false;
  std::optional<std::uint64_t> attributes;   ///< flags that may be set
  std::optional<std::uint64_t> xfrm;         ///< bits that may be set
  std::optional<std::uint32_t> misc_select;  ///< bits that may be set
  std::optional<sgx::IsvExtProdId> ext_product_id;
  std::optional<sgx::IsvFamilyId> family_id;
  Accept<sgx::ConfigId> config_id = accept_zero<sgx::ConfigId>();
  std::uint16_t min_config_svn = 0;
  friend bool operator==(const SgxPolicy&, const SgxPolicy&) = default;
};

struct TdxPolicy {
  Accept<tdx::MrTd> mr_td;
  std::array<Accept<tdx::RtMr>, 4> rt_mr;
  Accept<tdx::MrSeam> mr_seam;
  bool debug = false;
  bool migration = false;
  std::optional<std::uint64_t> attributes;  ///< bits that may be set; if not named, all known ones
  std::uint64_t required_attributes = 0;    ///< bits that must be set
  std::optional<std::uint64_t> xfam;        ///< bits that may be set
  Accept<tdx::MrConfigId> mr_config_id = accept_zero<tdx::MrConfigId>();
  Accept<tdx::MrOwner> mr_owner = accept_zero<tdx::MrOwner>();
  Accept<tdx::MrOwnerConfig> mr_owner_config = accept_zero<tdx::MrOwnerConfig>();
  /// Of the service domains that are bound to it; zero: there is none, as in all of TDX 1.0. One
  /// that may migrate a domain has its keys.
  Accept<tdx::MrServiceTd> mr_service_td = accept_zero<tdx::MrServiceTd>();
  friend bool operator==(const TdxPolicy&, const TdxPolicy&) = default;
};

/// What is asked of a bit that the platform sets.
enum class BitRule : std::uint8_t { Any, Set, Clear };

struct SnpPolicy {
  Accept<snp::LaunchDigest> measurement;
  std::vector<snp::LaunchDigest> refused_measurement;
  /// Of the key that signed the ID block; zero: there is none. Any will do under an author key that
  /// is named, since that vouches for it.
  Accept<snp::IdKeyDigest> id_key = accept_zero<snp::IdKeyDigest>();
  std::vector<snp::IdKeyDigest> refused_id_key;
  Accept<snp::AuthorKeyDigest> author_key = accept_zero<snp::AuthorKeyDigest>();  ///< zero: none
  Accept<snp::HostData> host_data = accept_zero<snp::HostData>();
  std::optional<snp::FamilyId> family_id;
  std::optional<snp::ImageId> image_id;
  std::uint32_t min_guest_svn = 0;
  std::set<std::uint32_t> vmpl{0};  ///< of 0 to 3
  bool debug = false;
  bool migration = false;
  std::uint16_t min_abi = 0;  ///< major * 256 + minor, which the guest asked for
  std::uint16_t max_abi = 0xFFFF;
  // POLICY; guest_bits below has what they are.
  BitRule smt = BitRule::Any;
  BitRule single_socket = BitRule::Any;
  BitRule cxl = BitRule::Any;
  BitRule aes_256_xts = BitRule::Any;
  BitRule rapl_disabled = BitRule::Any;
  BitRule ciphertext_hiding = BitRule::Any;
  BitRule page_swap_disabled = BitRule::Any;
  std::array<BitRule, 64> platform{};  ///< PLATFORM_INFO, by bit
  Accept<snp::Product> product;
  Accept<snp::SigningKey> signing_key;
  Accept<std::string> provider;  ///< CSP_ID of a VLEK
  Accept<snp::ChipId> chip_id;   ///< machines, each by its processor
  std::vector<Waiver> waivers;   ///< of the bulletins in floors.def
  snp::TcbComponents min_reported_tcb;
  snp::TcbComponents min_launch_tcb;
  snp::FirmwareVersion min_firmware;
  bool provisional_firmware = false;
  std::uint64_t launch_mitigations = 0;   ///< bits that must have been set
  std::uint64_t current_mitigations = 0;  ///< bits that must be set
  friend bool operator==(const SnpPolicy&, const SnpPolicy&) = default;
};

/// A bit of POLICY that a policy can ask for: who launches sets them, and the processor enforces
/// them. [SNP-ABI 1.58 §4.3]
struct GuestBit {
  unsigned bit;
  std::string_view key;   ///< in a policy
  std::string_view text;  ///< for people
  BitRule SnpPolicy::* rule;
};
inline constexpr auto guest_bits = std::array{
    GuestBit{16, "smt", "multi-threading", &SnpPolicy::smt},
    GuestBit{20, "single_socket", "single socket", &SnpPolicy::single_socket},
    GuestBit{21, "cxl", "CXL devices", &SnpPolicy::cxl},
    GuestBit{22, "aes_256_xts", "AES-256-XTS", &SnpPolicy::aes_256_xts},
    GuestBit{23, "rapl_disabled", "RAPL disabled", &SnpPolicy::rapl_disabled},
    GuestBit{24, "ciphertext_hiding", "ciphertext hiding", &SnpPolicy::ciphertext_hiding},
    GuestBit{25, "page_swap_disabled", "page swap disabled", &SnpPolicy::page_swap_disabled}};

/// Why a text is no policy; one line.
struct PolicyError {
  std::string file;
  std::uint32_t line = 0;
  std::string key;
  std::string what;
  [[nodiscard]] std::string text() const;  ///< "policy.toml:3: snp.vmpl: must be …"
};

inline constexpr std::size_t max_policy_size = 1U << 20U;

/// In whose language it was written.
enum class PolicyForm : std::uint8_t { Own, Steward };

/// What a policy can bound the age of.
enum class Aging : std::uint8_t { List, TcbInfo, Identity };

/// Since their issue; nothing: as long as they say themselves.
struct MaxAges {
  std::optional<std::chrono::seconds> all;  ///< of those that have no bound of their own
  std::optional<std::chrono::seconds> list;
  std::optional<std::chrono::seconds> tcb_info;
  std::optional<std::chrono::seconds> identity;  ///< of quoting enclaves

  [[nodiscard]] std::optional<std::chrono::seconds> of(Aging what) const noexcept {
    const auto own = [&] {
      switch (what) {
        case Aging::List: return list;
        case Aging::TcbInfo: return tcb_info;
        case Aging::Identity: break;
      }
      return identity;
    }();
    return own ? own : all;
  }
  friend bool operator==(const MaxAges&, const MaxAges&) = default;
};

struct Policy {
  PolicyForm form = PolicyForm::Own;
  std::set<evidence::Technology> technologies{evidence::Technology::Sgx, evidence::Technology::Tdx,
                                              evidence::Technology::Snp};
  RevocationRule revocation = RevocationRule::Required;
  /// Whether a list that comes along with the evidence, whose host chose it, can say that something
  /// is not revoked. That something is revoked any list can say; that a VLEK is not, none of these.
  bool carried_lists = false;
  MaxAges max_age;
  std::vector<crypto::Sha256Digest> roots;  ///< keys beside the vendors': SHA-256 of their SPKI
  Binding binding;
  DcapPolicy dcap;
  SgxPolicy sgx;
  TdxPolicy tdx;
  SnpPolicy snp;
  friend bool operator==(const Policy&, const Policy&) = default;

  /// A policy of our own form; every key must be known. `file` names it in messages.
  [[nodiscard]] static core::Result<Policy, PolicyError> parse(std::string_view text,
                                                               std::string_view file);

  /// The configuration of an Enarx Steward, read as strictly as its own code means it.
  /// [ENARX crates/attestation]
  [[nodiscard]] static core::Result<Policy, PolicyError> parse_steward(std::string_view text,
                                                                       std::string_view file);

  /// Whichever of the two forms `text` is.
  [[nodiscard]] static core::Result<Policy, PolicyError> parse_any(std::string_view text,
                                                                   std::string_view file);

  [[nodiscard]] bool is_young_enough(Aging what, codec::UnixTime issued,
                                     codec::UnixTime now) const noexcept {
    const auto last = last_second_of(what, issued);
    return !last || now <= *last;
  }
  /// When something of that date becomes too old; nothing if no age is asked for.
  [[nodiscard]] std::optional<codec::UnixTime> last_second_of(
      Aging what, codec::UnixTime issued) const noexcept {
    const auto longest = max_age.of(what);
    if (!longest) return std::nullopt;
    return codec::UnixTime{issued.seconds + longest->count()};
  }
};

/// Whether a policy compares what runs, or who signed it: one that does not takes any program.
[[nodiscard]] bool compares_workload(const Policy& policy,
                                     evidence::Technology technology) noexcept;

/// A policy in TOML that is the default one, with a comment on each key.
[[nodiscard]] std::string_view policy_template() noexcept;

}  // namespace merlon::verify
