#pragma once

// Linux' interface to SEV-SNP machines as numbers and layouts: what Linux 6.11 and newer have and
// the headers of older distributions lack. Written down from the kernel's documentation
// [LINUX-SNP Documentation/virt/kvm/api.rst, Documentation/virt/kvm/x86/amd-memory-encryption.rst,
// Documentation/virt/coco/sev-guest.rst]; each is the structure or number of the name in its
// comment. Whatever the kernel wants to be zero is zero here from the start.

#include <cstddef>
#include <cstdint>

#include <linux/kvm.h>
#include <linux/psp-sev.h>

namespace merlon::host::snp::kernel {

inline constexpr std::uint64_t page_size = 4096;

// Numbers of KVM_CHECK_EXTENSION.
inline constexpr unsigned exit_hypercall = 201;        // KVM_CAP_EXIT_HYPERCALL: bit per hypercall
inline constexpr unsigned memory_regions = 231;        // KVM_CAP_USER_MEMORY2
inline constexpr unsigned memory_attributes = 233;     // KVM_CAP_MEMORY_ATTRIBUTES: their bits
inline constexpr unsigned guest_memory = 234;          // KVM_CAP_GUEST_MEMFD
inline constexpr unsigned machine_types = 235;         // KVM_CAP_VM_TYPES: a bit per type
inline constexpr unsigned snp_machine = 4;             // KVM_X86_SNP_VM
inline constexpr unsigned map_range_hypercall = 12;    // KVM_HC_MAP_GPA_RANGE
inline constexpr std::uint64_t range_is_private = 16;  // KVM_MAP_GPA_RANGE_ENCRYPTED
inline constexpr std::uint64_t attribute_private = 8;  // KVM_MEMORY_ATTRIBUTE_PRIVATE
inline constexpr std::uint64_t fault_was_private = 8;  // KVM_MEMORY_EXIT_FLAG_PRIVATE
inline constexpr std::uint32_t region_has_guest_memory = 4;  // KVM_MEM_GUEST_MEMFD

/// struct kvm_create_guest_memfd
struct GuestMemory {
  std::uint64_t size = 0;
  std::uint64_t flags = 0;
  std::uint64_t reserved[6] = {};
};
static_assert(sizeof(GuestMemory) == 64);

/// struct kvm_userspace_memory_region2
struct MemoryRegion {
  std::uint32_t slot = 0;
  std::uint32_t flags = 0;
  std::uint64_t guest_address = 0;
  std::uint64_t size = 0;
  std::uint64_t host_address = 0;
  std::uint64_t guest_memory_offset = 0;
  std::uint32_t guest_memory = 0;
  std::uint32_t padding1 = 0;
  std::uint64_t padding2[14] = {};
};
static_assert(sizeof(MemoryRegion) == 160 && offsetof(MemoryRegion, host_address) == 24 &&
              offsetof(MemoryRegion, guest_memory) == 40);

/// struct kvm_memory_attributes
struct MemoryAttributes {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t attributes = 0;
  std::uint64_t flags = 0;
};
static_assert(sizeof(MemoryAttributes) == 32);

/// enum sev_cmd_id: commands of KVM_MEMORY_ENCRYPT_OP.
enum class Command : std::uint32_t {
  Init = 22,                  // KVM_SEV_INIT2
  LaunchStart = 100,          // KVM_SEV_SNP_LAUNCH_START
  LaunchUpdate = 101,         // KVM_SEV_SNP_LAUNCH_UPDATE
  LaunchFinish = 102,         // KVM_SEV_SNP_LAUNCH_FINISH
  RequestCertificates = 103,  // KVM_SEV_SNP_ENABLE_REQ_CERTS, from Linux 7.0 on
};

/// struct kvm_sev_cmd
struct SevCommand {
  std::uint32_t id = 0;
  std::uint32_t padding = 0;
  std::uint64_t data = 0;   ///< address of the command's own structure
  std::uint32_t error = 0;  ///< by the kernel: the firmware's status
  std::uint32_t sev = 0;    ///< descriptor of /dev/sev
};
static_assert(sizeof(SevCommand) == sizeof(::kvm_sev_cmd) &&
              offsetof(SevCommand, data) == offsetof(::kvm_sev_cmd, data) &&
              offsetof(SevCommand, error) == offsetof(::kvm_sev_cmd, error) &&
              offsetof(SevCommand, sev) == offsetof(::kvm_sev_cmd, sev_fd));

/// SEV_RET_NO_FW_CALL: the kernel had a reason of its own.
inline constexpr std::uint32_t firmware_not_asked = 0xffff'ffff;

/// struct kvm_sev_init
struct Init {
  std::uint64_t vmsa_features = 0;  ///< SnpActive is added by the kernel
  std::uint32_t flags = 0;
  std::uint16_t ghcb_version = 0;
  std::uint16_t padding1 = 0;
  std::uint32_t padding2[8] = {};
};
static_assert(sizeof(Init) == 48 && offsetof(Init, ghcb_version) == 12);

/// struct kvm_sev_snp_launch_start
struct LaunchStart {
  std::uint64_t policy = 0;
  std::uint8_t workarounds[16] = {};
  std::uint16_t flags = 0;
  std::uint8_t padding0[6] = {};
  std::uint64_t padding1[4] = {};
};
static_assert(sizeof(LaunchStart) == 64 && offsetof(LaunchStart, flags) == 24);

/// struct kvm_sev_snp_launch_update. What of the range is left to do stands in it afterwards.
struct LaunchUpdate {
  std::uint64_t frame = 0;  ///< number of the first page
  std::uint64_t host_address = 0;
  std::uint64_t size = 0;
  std::uint8_t type = 0;  ///< PAGE_TYPE of the firmware
  std::uint8_t padding0 = 0;
  std::uint16_t flags = 0;
  std::uint32_t padding1 = 0;
  std::uint64_t padding2[4] = {};
};
static_assert(sizeof(LaunchUpdate) == 64 && offsetof(LaunchUpdate, type) == 24);

inline constexpr std::size_t id_block_size = 96;
inline constexpr std::size_t id_auth_size = 4096;
inline constexpr std::size_t host_data_size = 32;

/// struct kvm_sev_snp_launch_finish
struct LaunchFinish {
  std::uint64_t id_block = 0;  ///< address of id_block_size bytes
  std::uint64_t id_auth = 0;   ///< address of id_auth_size bytes
  std::uint8_t has_id_block = 0;
  std::uint8_t has_author_key = 0;
  std::uint8_t no_vcek = 0;
  std::uint8_t host_data[host_data_size] = {};
  std::uint8_t padding0[3] = {};
  std::uint16_t flags = 0;
  std::uint64_t padding1[4] = {};
};
static_assert(sizeof(LaunchFinish) == 88 && offsetof(LaunchFinish, host_data) == 19 &&
              offsetof(LaunchFinish, flags) == 54);

/// struct kvm_device_attr, of /dev/kvm itself.
inline constexpr std::uint32_t sev_attributes = 1;      // KVM_X86_GRP_SEV
inline constexpr std::uint64_t certificates_asked = 1;  // KVM_X86_SEV_SNP_REQ_CERTS

/// struct sev_issue_cmd of /dev/sev; packed.
struct [[gnu::packed]] PlatformCommand {
  std::uint32_t id = 0;
  std::uint64_t data = 0;
  std::uint32_t error = 0;
};
static_assert(sizeof(PlatformCommand) == sizeof(::sev_issue_cmd));
inline constexpr std::uint32_t platform_status = 9;  // SNP_PLATFORM_STATUS
static_assert(platform_status == SEV_GET_ID2 + 1);
inline constexpr std::uint32_t get_id = SEV_GET_ID2;
/// struct sev_user_data_get_id2; packed.
struct [[gnu::packed]] GetId {
  std::uint64_t address = 0;
  std::uint32_t size = 0;  ///< in: of the room; out: of all ids
};
static_assert(sizeof(GetId) == sizeof(::sev_user_data_get_id2));

/// struct sev_user_data_snp_status
struct PlatformStatus {
  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  std::uint8_t state = 0;
  std::uint8_t rmp_initialized = 0;  ///< bit 0
  std::uint32_t build = 0;
  std::uint32_t flags = 0;
  std::uint32_t guests = 0;
  std::uint64_t current_tcb = 0;
  std::uint64_t reported_tcb = 0;
};
static_assert(sizeof(PlatformStatus) == 32 && offsetof(PlatformStatus, current_tcb) == 16);
inline constexpr std::uint8_t platform_initialized = 1;

// Where struct kvm_run has what an exit is about, and exits that only newer kernels have.
inline constexpr std::size_t exit_reason_offset = 8;
inline constexpr std::size_t exit_data_offset = 32;
static_assert(offsetof(::kvm_run, exit_reason) == exit_reason_offset &&
              offsetof(::kvm_run, hw) == exit_data_offset);
inline constexpr std::uint32_t exit_memory_fault = 39;    // KVM_EXIT_MEMORY_FAULT
inline constexpr std::uint32_t exit_certificates = 43;    // KVM_EXIT_SNP_REQ_CERTS
inline constexpr std::uint32_t event_sev_terminated = 4;  // KVM_SYSTEM_EVENT_SEV_TERM

/// kvm_run.io
struct PortExit {
  std::uint8_t direction = 0;  ///< 1: out
  std::uint8_t size = 0;
  std::uint16_t port = 0;
  std::uint32_t count = 0;
};
/// kvm_run.hypercall
struct HypercallExit {
  std::uint64_t number = 0;
  std::uint64_t arguments[6] = {};
  std::uint64_t result = 0;
};
static_assert(sizeof(HypercallExit) == 64);
/// kvm_run.memory_fault
struct MemoryFaultExit {
  std::uint64_t flags = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};
/// kvm_run.system_event
struct SystemEventExit {
  std::uint32_t type = 0;
  std::uint32_t count = 0;
  std::uint64_t data[2] = {};
};
/// kvm_run.snp_req_certs
struct CertificatesExit {
  std::uint64_t address = 0;
  std::uint64_t pages = 0;
  std::uint64_t result = 0;  ///< 0 or an error number of Linux, positive
};

/// How KVM's lists start; its own types for them have another size in C++ than in C.
struct ListHead {
  std::uint32_t count = 0;
  std::uint32_t padding = 0;
};
/// struct kvm_cpuid2 with room for the most that KVM takes.
struct LeafList {
  ListHead head;
  ::kvm_cpuid_entry2 entries[256] = {};
};
static_assert(offsetof(LeafList, entries) == 8 && sizeof(::kvm_cpuid_entry2) == 40);

}  // namespace merlon::host::snp::kernel
