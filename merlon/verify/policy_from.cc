#include "merlon/verify/policy_from.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/verify/text.h"

namespace merlon::verify {

using base::concat;

namespace {

/// What the appraisal of the evidence has told beside the evidence itself.
struct Known {
  std::optional<snp::Product> product;
  std::optional<sgx::TcbStatus> status;  ///< where it is not UpToDate
  std::vector<std::string> open;         ///< names of weaknesses to waive
  std::string until;                     ///< day
  std::string ppid;
};

class Lines {
 public:
  void comment(std::string_view text) { text_ += concat("# ", text, "\n"); }
  void table(std::string_view name) { text_ += concat("\n[", name, "]\n"); }
  void set(std::string_view key, std::string_view value) {
    text_ += concat(key, " = ", value, "\n");
  }
  /// For who wants to narrow or widen it.
  void offer(std::string_view key, std::string_view value) {
    text_ += concat("# ", key, " = ", value, "\n");
  }
  template <typename T>
  void list(std::string_view key, const T& value) {
    set(key, concat("[\"", hex_of(value), "\"]"));
  }
  /// Of what nobody names where it is zero.
  template <typename T>
  void list_unless_zero(std::string_view key, const T& value, std::string_view why) {
    if (value.is_zero()) return;
    comment(why);
    list(key, value);
  }
  template <typename T>
  void bytes_unless_zero(std::string_view key, const T& value) {
    if (!value.is_zero()) set(key, concat("\"", hex_of(value), "\""));
  }
  void waivers(const Known& known) {
    if (known.open.empty()) return;
    comment(
        "Known weaknesses that are open on this platform. From this day on it is refused again,");
    comment("unless it was updated; prolong it only if you know what they allow.");
    std::string all = "[";
    for (const std::string& name : known.open) {
      all += concat("\n  { advisory = \"", name, "\", until = ", known.until, " },");
    }
    set("waivers", all + "\n]");
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string tcb_table(const snp::TcbComponents& tcb) {
  return concat("{ bootloader = ", unsigned{tcb.bootloader}, ", tee = ", unsigned{tcb.tee},
                ", snp = ", unsigned{tcb.snp}, ", microcode = ", unsigned{tcb.microcode},
                ", fmc = ", unsigned{tcb.fmc}, " }");
}

std::string version_text(const snp::FirmwareVersion& version) {
  return concat("\"", unsigned{version.major}, ".", unsigned{version.minor}, ".",
                unsigned{version.build}, "\"");
}

/// Each technology's tables.
struct Writing {
  Lines& lines;
  const Known& known;

  void operator()(const evidence::KvmEvidence&) const {}

  void dcap() const {
    lines.table("dcap");
    if (known.status) {
      lines.comment("The platform is not up to date. Without its word here it is refused.");
      lines.set("statuses", concat("[\"UpToDate\", \"", to_string(*known.status), "\"]"));
    } else {
      lines.comment("Platforms that Intel says are up to date, whichever they are.");
      lines.set("statuses", "[\"UpToDate\"]");
    }
    lines.waivers(known);
    if (known.ppid.empty()) return;
    lines.comment("Uncommented: this one machine and no other.");
    lines.offer("ppid", concat("[\"", known.ppid, "\"]"));
  }

  void operator()(const evidence::SgxEvidence& evidence) const {
    const sgx::ReportBody& report = evidence.report;
    dcap();
    lines.table("sgx");
    lines.comment("This enclave as it was built, and no other: each new version needs its line.");
    lines.list("mr_enclave", report.mr_enclave);
    lines.comment("Instead of it: whatever this signer signs as this product, from min_svn on.");
    lines.list("mr_signer", report.mr_signer);
    lines.set("product_id", concat(report.product_id));
    lines.comment("Later versions are accepted, where mr_enclave is not named.");
    lines.set("min_svn", concat(report.svn));
    lines.set("debug", "false");
    lines.comment(
        "Flags, processor state and MISCSELECT bits that may be set: those of this report.");
    lines.comment("A newer processor may give an enclave more state.");
    lines.set("attributes", concat("\"", hex_number(report.flags), "\""));
    lines.set("xfrm", concat("\"", hex_number(report.xfrm), "\""));
    lines.set("misc_select", concat("\"", hex_number(report.misc_select), "\""));
    separation(report);
  }

  void separation(const sgx::ReportBody& report) const {
    if ((report.flags & sgx::attribute_kss) == 0) return;
    lines.bytes_unless_zero("ext_product_id", report.ext_product_id);
    lines.bytes_unless_zero("family_id", report.family_id);
    lines.list_unless_zero("config_id", report.config_id,
                           "Chosen by whoever launched the enclave, and in no measurement.");
    if (report.config_svn > 0) lines.set("min_config_svn", concat(report.config_svn));
  }

  void operator()(const evidence::TdxEvidence& evidence) const {
    const tdx::TdReport& report = evidence.report;
    dcap();
    lines.table("tdx");
    lines.comment("The firmware of the domain, and what it was told of its memory.");
    lines.list("mr_td", report.mr_td);
    lines.comment("What the firmware, the kernel and its loader measured: another configuration,");
    lines.comment("kernel or command line is refused. RTMR3 is the workload's own; zero is empty.");
    for (std::size_t i = 0; i < report.rt_mr.size(); ++i) {
      lines.list(concat("rt_mr", i), report.rt_mr[i]);
    }
    lines.comment("Uncommented: this build of the TDX module. Intel's updates change it.");
    lines.offer("mr_seam", concat("[\"", hex_of(report.mr_seam), "\"]"));
    lines.set("debug", "false");
    lines.set("migration", "false");
    lines.comment("Attributes and processor state that may be set, and attributes that must be.");
    lines.set("attributes", concat("\"", hex_number(report.attributes), "\""));
    lines.set("required_attributes",
              concat("\"", hex_number(report.attributes & tdx::attribute_sept_ve_disable), "\""));
    lines.set("xfam", concat("\"", hex_number(report.xfam), "\""));
    constexpr std::string_view declared =
        "Declared by whoever built the domain; in no measurement.";
    lines.list_unless_zero("mr_config_id", report.mr_config_id, declared);
    lines.list_unless_zero("mr_owner", report.mr_owner, declared);
    lines.list_unless_zero("mr_owner_config", report.mr_owner_config, declared);
    if (report.mr_service_td) {
      lines.list_unless_zero("mr_service_td", *report.mr_service_td,
                             "The service domains that are bound to it.");
    }
  }

  void operator()(const evidence::SnpEvidence& evidence) const {
    const snp::Report& report = evidence.report;
    lines.table("snp");
    lines.comment(
        "The guest as it was launched: another build of it, its firmware or its launcher,");
    lines.comment("or another number of processors, is refused and needs its line.");
    lines.list("measurement", report.measurement);
    signers(report);
    lines.list_unless_zero("host_data", report.host_data,
                           "Declared by whoever launched the guest; in no measurement.");
    guest(report);
    platform(report);
    if (known.product) floors(report, *known.product);
    lines.waivers(known);
  }

  void signers(const snp::Report& report) const {
    lines.list_unless_zero(
        "id_key_sha384", report.id_key_digest,
        "The key that signed this launch. Without measurement: all that it signs.");
    if (report.author_key_enabled) {
      lines.list_unless_zero("author_key_sha384", report.author_key_digest,
                             "The key that vouches for that one, and for others of its owner's.");
    }
    lines.bytes_unless_zero("family_id", report.family_id);
    lines.bytes_unless_zero("image_id", report.image_id);
    lines.comment("Later versions are accepted.");
    lines.set("min_guest_svn", concat(report.guest_svn));
  }

  void guest(const snp::Report& report) const {
    lines.comment("The privilege level that asked for the report.");
    lines.set("vmpl", concat("[", report.vmpl <= 3 ? report.vmpl : 0, "]"));
    lines.set("debug", "false");
    lines.set("migration", "false");
    lines.comment("The ABI that the guest asked for; later ones are accepted.");
    lines.set("min_abi", concat("\"", unsigned{report.policy.abi_major()}, ".",
                                unsigned{report.policy.abi_minor()}, "\""));
    if (!report.policy.smt()) {
      lines.comment("It would not start on a processor with multi-threading.");
      lines.set("smt", "false");
    }
    for (const GuestBit& each : guest_bits) {
      if (each.rule == &SnpPolicy::smt) continue;
      // CXL devices may be reached where that is on; the others take something from the host.
      const bool on = report.policy.has(each.bit);
      const bool wanted = each.rule != &SnpPolicy::cxl;
      if (on == wanted) lines.set(each.key, wanted ? "true" : "false");
    }
  }

  void platform(const snp::Report& report) const {
    if (known.product) {
      lines.comment("The kind of processor. Floors below are of this kind alone.");
      lines.set("products", concat("[\"", to_string(*known.product), "\"]"));
    }
    if (report.signing_key == snp::SigningKey::Vcek ||
        report.signing_key == snp::SigningKey::Vlek) {
      lines.set("signing_keys", concat("[\"", to_string(report.signing_key), "\"]"));
    }
    constexpr auto good =
        std::array{snp::PlatformBit::Tsme, snp::PlatformBit::Ecc, snp::PlatformBit::RaplDisabled,
                   snp::PlatformBit::CiphertextHiding, snp::PlatformBit::AliasCheckComplete};
    std::string on;
    for (const snp::PlatformBit bit : good) {
      if (report.has(bit)) on += concat(on.empty() ? "" : ", ", "\"", to_string(bit), "\"");
    }
    if (!on.empty()) {
      lines.comment(
          "What the platform has in its favour; another without one of these is refused.");
      lines.set("platform_on", concat("[", on, "]"));
    }
    if (report.chip_id.is_zero()) return;
    lines.comment("Uncommented: this one machine and no other.");
    lines.offer("chip_id", concat("[\"", hex_of(report.chip_id), "\"]"));
  }

  void floors(const snp::Report& report, snp::Product product) const {
    lines.comment("Firmware of now and newer; raise them as your machines are updated.");
    lines.set("min_reported_tcb", tcb_table(snp::components(report.reported_tcb, product)));
    lines.set("min_launch_tcb", tcb_table(snp::components(report.launch_tcb, product)));
    lines.set("min_firmware", version_text(std::min(report.current, report.committed)));
    lines.set("provisional_firmware", "false");
    const auto mitigations = [&](std::string_view key, std::optional<std::uint64_t> bits) {
      if (bits && *bits != 0) lines.set(key, concat("\"", hex_number(*bits), "\""));
    };
    mitigations("launch_mitigations", report.launch_mitigations);
    mitigations("current_mitigations", report.current_mitigations);
  }
};

std::string_view table_of(evidence::Technology technology) noexcept {
  switch (technology) {
    case evidence::Technology::Sgx: return "sgx";
    case evidence::Technology::Tdx: return "tdx";
    case evidence::Technology::Snp: return "snp";
    case evidence::Technology::Kvm: break;
  }
  return "";
}

std::string write(const evidence::Evidence& evidence, const Known& known, codec::UnixTime now) {
  Lines lines;
  lines.comment(concat("Made from evidence that was judged good on ",
                       codec::to_rfc3339(now).substr(0, 10),
                       ". It admits that evidence and what is"));
  lines.comment(
      "the same in all that stands here; comments say what each line lets in or keeps out.");
  lines.comment("`merlon evidence policy check` says where it is weak.");
  lines.set("technologies", concat("[\"", table_of(evidence.technology()), "\"]"));
  lines.set("revocation", "\"required\"");
  if (evidence.key) {
    lines.table("report_data");
    lines.comment(
        "Evidence about the key of the certification request that carries it, and no other.");
    lines.set("request", "true");
  }
  std::visit(Writing{lines, known}, evidence.report);
  return lines.take();
}

/// Each X of advisory = "X".
void add_names(std::vector<std::string>& names, std::string_view text) {
  constexpr std::string_view before = "advisory = \"";
  for (std::size_t at = text.find(before); at != std::string_view::npos; at = text.find(before)) {
    text.remove_prefix(at + before.size());
    std::string name(text.substr(0, text.find('"')));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
}

bool can_be_waived(Check check) noexcept {
  return check == Check::TcbStatus || check == Check::Advisories || check == Check::SnpBulletins;
}

Known known_of(const Appraisal& found, codec::UnixTime now) {
  Known known;
  known.until = codec::to_rfc3339({now.seconds + std::chrono::seconds(waived_for).count()});
  known.until.resize(10);
  if (found.tcb_status && *found.tcb_status != sgx::TcbStatus::UpToDate) {
    known.status = found.tcb_status;
  }
  for (const Finding& each : found.findings) {
    if (!each.passed && can_be_waived(each.check)) add_names(known.open, each.to_accept);
  }
  for (const Lifetime& each : found.lifetimes) {
    constexpr std::string_view ark = "CN=ARK-";
    const std::size_t at = each.what == "ARK" ? each.name.find(ark) : std::string::npos;
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(each.name).substr(at + ark.size());
    known.product = snp::product_of_name(rest.substr(0, rest.find(',')));
  }
  for (const Claim& each : found.claims) {
    if (each.name == "PPID") known.ppid = each.value;
  }
  return known;
}

core::Result<Appraisal, Appraisal> judged_by(const std::string& text,
                                             const evidence::Evidence& evidence,
                                             const Collateral& collateral, const Moment& moment) {
  const auto policy = Policy::parse(text, "policy");
  if (!policy) {
    Appraisal defect;  // a defect of ours: a refusal with its reason
    defect.findings.push_back({Check::Technology, false, true, "a policy", policy.error().text()});
    return core::Unexpected(std::move(defect));
  }
  return appraise(evidence, collateral, *policy, moment);
}

}  // namespace

core::Result<PolicyFrom, Appraisal> policy_from(const evidence::Evidence& evidence,
                                                const Collateral& collateral,
                                                const Moment& moment) {
  // What can be said without knowing the platform; it is refused for what is open on that.
  const Appraisal first =
      TRY(judged_by(write(evidence, {}, moment.now), evidence, collateral, moment));
  const bool hopeless =
      std::ranges::any_of(first.refusals(), [](Check each) { return !can_be_waived(each); });
  if (hopeless) return core::Unexpected(first);
  const Known known = known_of(first, moment.now);
  PolicyFrom made{write(evidence, known, moment.now), known.open};
  Appraisal second = TRY(judged_by(made.text, evidence, collateral, moment));
  if (!second.accepted()) return core::Unexpected(std::move(second));
  return made;
}

}  // namespace merlon::verify
