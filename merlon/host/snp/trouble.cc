#include "merlon/host/snp/trouble.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"

namespace merlon::host::snp {

using base::concat;

namespace {

constexpr std::array<std::string_view, step_count> step_names{"open-kvm",
                                                              "api-version",
                                                              "machine-types",
                                                              "guest-memory",
                                                              "memory-attributes",
                                                              "memory-regions",
                                                              "hypercall-exits",
                                                              "open-sev",
                                                              "platform-status",
                                                              "create-machine",
                                                              "enable-hypercall-exits",
                                                              "split-interrupts",
                                                              "init",
                                                              "create-guest-memory",
                                                              "own-memory",
                                                              "set-memory-region",
                                                              "set-private",
                                                              "create-processor",
                                                              "run-area",
                                                              "supported-cpuid",
                                                              "set-cpuid",
                                                              "request-certificates",
                                                              "launch-start",
                                                              "launch-update",
                                                              "launch-update-cpuid",
                                                              "get-registers",
                                                              "set-special-registers",
                                                              "set-registers",
                                                              "launch-finish",
                                                              "run"};

constexpr std::array<std::string_view, 6> cause_names{"missing",  "refused", "firmware",
                                                      "nonsense", "stuck",   "image"};

/// [LINUX-SNP include/uapi/linux/psp-sev.h, sev_ret_code], by number.
constexpr std::array<std::string_view, 0x28> status_names{"success",
                                                          "invalid platform state",
                                                          "invalid guest state",
                                                          "invalid configuration",
                                                          "invalid length",
                                                          "already owned",
                                                          "invalid certificate",
                                                          "policy failure",
                                                          "inactive",
                                                          "invalid address",
                                                          "bad signature",
                                                          "bad measurement",
                                                          "ASID is owned",
                                                          "invalid ASID",
                                                          "WBINVD is required",
                                                          "DF_FLUSH is required",
                                                          "invalid guest",
                                                          "invalid command",
                                                          "active",
                                                          "hardware error, platform",
                                                          "hardware error, unsafe",
                                                          "unsupported",
                                                          "invalid parameter",
                                                          "out of resources",
                                                          "secure data is invalid",
                                                          "invalid page size",
                                                          "invalid page state",
                                                          "invalid metadata entry",
                                                          "invalid page owner",
                                                          "AEAD overflow",
                                                          "",
                                                          "",
                                                          "RMP must be initialized",
                                                          "bad SVN",
                                                          "bad version",
                                                          "shutdown is required",
                                                          "update failed",
                                                          "restore is required",
                                                          "RMP could not be initialized",
                                                          "invalid key"};

std::string hexadecimal(std::uint32_t number) {
  std::array<char, 8> digits{};
  constexpr int base = 16;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  return concat("0x",
                std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

std::string status_text(std::uint32_t status) {
  const std::string_view name = firmware_status_name(status);
  return concat(name.empty() ? "status" : name, " (", hexadecimal(status), ")");
}

struct Remedy {
  Step step;
  std::string_view text;
};
constexpr std::string_view newer_kernel = "use Linux 6.11 or newer";
/// For what is missing; the other steps are never without what they need.
constexpr std::array<Remedy, 9> remedies{
    {{Step::OpenKvm, "load kvm and kvm_amd, and let this user open /dev/kvm"},
     {Step::MachineTypes,
      "use Linux 6.11 or newer on an AMD EPYC 7003 or newer, with SEV-SNP on in the machine's "
      "firmware, kvm_amd.sev_snp=1 and the IOMMU on"},
     {Step::GuestMemory, newer_kernel},
     {Step::MemoryAttributes, newer_kernel},
     {Step::MemoryRegions, newer_kernel},
     {Step::HypercallExits, newer_kernel},
     {Step::OpenSev, "load ccp, and let this user open /dev/sev"},
     {Step::PlatformStatus,
      "update the security processor's firmware to version 1.51 or newer; let the kernel start it: "
      "ccp.psp_init_on_probe=1"},
     {Step::SupportedCpuid, "let KVM's processors have AVX2, BMI, LZCNT and POPCNT"}}};

}  // namespace

std::string_view name_of(Step step) noexcept {
  const auto index = static_cast<std::size_t>(step);
  return index < step_names.size() ? step_names[index] : "no-step";
}

std::string_view name_of(Cause cause) noexcept {
  const auto index = static_cast<std::size_t>(cause);
  return index < cause_names.size() ? cause_names[index] : "no-cause";
}

std::string_view firmware_status_name(std::uint32_t status) noexcept {
  return status < status_names.size() ? status_names[status] : std::string_view();
}

std::string Trouble::name() const {
  const std::string start = concat(name_of(step), ": ", name_of(cause));
  if (cause == Cause::Refused) return concat(start, ": ", os::describe(number));
  if (cause == Cause::Firmware) return concat(start, ": ", status_text(firmware));
  return start;
}

std::string_view Trouble::remedy() const noexcept {
  const bool absent = cause == Cause::Missing || step == Step::OpenKvm || step == Step::OpenSev ||
                      step == Step::PlatformStatus;
  const auto* const found = std::ranges::find(remedies, step, &Remedy::step);
  return absent && found != remedies.end() ? found->text : std::string_view();
}

}  // namespace merlon::host::snp
