#pragma once

// For tests: /dev/kvm and /dev/sev of a machine with SEV-SNP, as far as a launch sees them: states,
// checks and error numbers as the kernel's documentation and sources tell [LINUX-SNP], and the
// launch digest that the security processor would come to from what it was really given.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "merlon/base/cpuid.h"
#include "merlon/host/snp/device.h"
#include "merlon/image/processor.h"
#include "merlon/measure/launch_chain.h"

namespace merlon::host::snp::testing {

/// What kind of machine it is, and what it does on its own.
struct FakeMachine {
  std::map<unsigned, int> extensions{{kernel::machine_types, 0x1f},
                                     {kernel::guest_memory, 1},
                                     {kernel::memory_attributes, 8},
                                     {kernel::memory_regions, 1},
                                     {kernel::exit_hypercall, 1 << 12}};
  kernel::PlatformStatus platform{1, 55, 1, 1, 21, 0, 0, 0x1234, 0x1234};
  std::vector<std::uint8_t> chip_ids = std::vector<std::uint8_t>(128, 0x5a);  ///< of two sockets
  unsigned cpuid_rejections = 0;         ///< how often the firmware corrects the CPUID page
  std::uint64_t pages_at_once = 4096;    ///< of one SNP_LAUNCH_UPDATE
  unsigned again_every = 0;              ///< each n-th of these gives EAGAIN first
  bool asks_for_certificates = true;     ///< has Linux 7.0's command
  bool asks_unwanted = false;            ///< tells the keep's wish for certificates all the same
  std::vector<std::uint8_t> known_auth;  ///< the only ID_AUTH whose signatures are right
  bool has_kvm = true;
  bool has_sev = true;
};

/// What the keep does when it runs, one after the other; then it shuts down.
struct FakeExit {
  std::uint32_t reason = 0;
  std::vector<std::uint64_t> data;  ///< of kvm_run's union, in words
  /// What it does with the block before, if anything; answers of its host are there as well.
  std::function<void(core::ByteSpan block)> before = nullptr;
};

class FakeDevice final : public Device {
 public:
  explicit FakeDevice(FakeMachine machine = {}, std::vector<FakeExit> exits = {});
  ~FakeDevice() override = default;

  os::Result<int> open(Node node) override;
  void close(int file) noexcept override;
  os::Result<int> control(int file, unsigned long request, unsigned long number) override;
  os::Result<int> control_with(int file, unsigned long request, core::ByteSpan structure) override;
  os::Result<core::ByteSpan> map(int file, std::size_t size) override;
  void unmap(core::ByteSpan mapping) noexcept override;

  /// The launch has been finished.
  [[nodiscard]] bool is_launched() const { return launched_; }
  [[nodiscard]] const ::merlon::snp::LaunchDigest& digest() const { return chain_.digest(); }
  [[nodiscard]] std::uint64_t pages() const { return chain_.pages(); }
  [[nodiscard]] bool is_private(std::uint64_t address) const;
  /// What the host sees at an address of the machine; empty if nothing.
  [[nodiscard]] std::vector<std::uint8_t> shared(std::uint64_t address, std::size_t size) const;
  /// Descriptors and mappings that nobody has closed.
  [[nodiscard]] std::size_t open_files() const { return files_.size() + (mapped_ ? 1 : 0); }
  /// Of the exits, what the launcher wrote into the union's word.
  [[nodiscard]] const std::vector<std::vector<std::uint64_t>>& answers() const { return answers_; }
  /// One for each request that was taken, in order.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

 private:
  enum class Kind : std::uint8_t { Kvm, Sev, Machine, Processor, GuestMemory };
  struct Open {
    Kind kind;
    std::uint64_t size = 0;  // of guest memory
  };
  struct Range {
    std::uint64_t base;
    std::uint64_t size;
    bool has_guest_memory;
    std::uint64_t host_address;
  };

  int add(Kind kind, std::uint64_t size = 0);
  [[nodiscard]] const Open* find(int file) const;
  os::Result<int> kvm(unsigned long request, unsigned long number);
  os::Result<int> of_machine(unsigned long request, core::ByteSpan structure);
  os::Result<int> of_processor(unsigned long request, core::ByteSpan structure);
  os::Result<int> get_id(std::uint64_t address);
  os::Result<int> platform(core::ByteSpan structure);
  os::Result<int> enable(const ::kvm_enable_cap& capability);
  os::Result<int> set_region(const kernel::MemoryRegion& region);
  os::Result<int> set_attributes(const kernel::MemoryAttributes& attributes);
  os::Result<int> encrypt(kernel::SevCommand& command);
  os::Result<int> init(std::uint64_t data);
  os::Result<int> start(kernel::SevCommand& command);
  os::Result<int> update(kernel::SevCommand& command);
  os::Result<int> update_page(const kernel::LaunchUpdate& range, std::uint64_t page,
                              std::uint32_t& firmware);
  os::Result<int> check_cpuid(const kernel::LaunchUpdate& range, std::uint32_t& firmware);
  os::Result<int> finish(kernel::SevCommand& command);
  os::Result<int> check_id(const kernel::LaunchFinish& launch, std::uint32_t& firmware);
  os::Result<int> run();
  [[nodiscard]] core::ByteSpan block() const;
  [[nodiscard]] image::Vmsa vmsa() const;

  FakeMachine machine_;
  std::vector<FakeExit> exits_;
  std::map<int, Open> files_;
  int next_file_ = 1000;
  bool machine_made_ = false;
  bool exits_hypercalls_ = false;
  bool initialized_ = false;
  bool started_ = false;
  bool launched_ = false;
  bool certificates_ = false;
  bool processor_made_ = false;
  /// What CPUID says of it, as the kernel takes it [LINUX 6.11 svm_vcpu_after_set_cpuid]; 0: none.
  [[nodiscard]] std::uint64_t private_bit() const;
  std::optional<kernel::LeafList> cpuid_;
  std::uint64_t policy_ = 0;
  std::map<std::uint32_t, Range> regions_;
  std::set<std::uint64_t> private_pages_;
  std::set<std::uint64_t> populated_;
  ::kvm_sregs special_{};
  ::kvm_regs general_{};
  measure::LaunchChain chain_;
  unsigned updates_ = 0;
  std::vector<std::uint8_t> area_;
  bool mapped_ = false;
  std::size_t next_exit_ = 0;
  bool waits_for_answer_ = false;
  std::vector<std::vector<std::uint64_t>> answers_;
  std::vector<std::string> requests_;
};

/// What a processor with AVX2 answers, for tests: as KVM lists it, and the host's own.
[[nodiscard]] base::CpuidTable offered_cpuid();
[[nodiscard]] image::HostProcessor host_processor();

}  // namespace merlon::host::snp::testing
