#pragma once

// A processor with SGX2 and the kernel's driver for it, played by this process: for running keeps
// of backend sgx where there is no such processor. NOTHING HERE IS CONFIDENTIAL. The enclave's
// pages are pages of this process; what a page allows is enforced by its mapping. Instructions that
// an enclave's thread may not use, and what hides the leaves of ENCLU, raise exceptions: a signal's
// handler does what the processor would [SDM vol. 3D, chapters 36 to 40].

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <asm/sgx.h>
#include <signal.h>
#include <ucontext.h>

#include "merlon/host/sgx/driver.h"
#include "merlon/host/sgx/simulated/cpuid_places.h"
#include "merlon/host/sgx/simulated/hostility.h"
#include "merlon/host/sgx/simulated/leaf_places.h"
#include "merlon/host/sgx/simulated/page_map.h"
#include "merlon/host/sgx/simulated/secrets.h"
#include "merlon/host/sgx/simulated/thread_pointer.h"
#include "merlon/sallyport/enclave.h"
#include "merlon/sallyport/saved_state.h"

namespace merlon::host::sgx::simulated {

/// One at a time in a process, and entered by one thread.
class Processor final : public Driver {
 public:
  /// `cpuid` says where the keep's program has that instruction.
  [[nodiscard]] static std::unique_ptr<Processor> make(Secrets secrets, CpuidPlaces cpuid,
                                                       std::optional<Hostility> hostility);
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;
  ~Processor() override;

  [[nodiscard]] os::Result<void> create() override;
  [[nodiscard]] os::Result<void> add(image::EnclavePage page, Pages pages,
                                     core::ByteView bytes) override;
  [[nodiscard]] core::Result<void, HostError> start(core::ByteView sigstruct) override;
  [[nodiscard]] os::Result<void> reach(Pages pages, sallyport::Access access) override;
  [[nodiscard]] os::Result<void> restrict_rights(Pages pages, sallyport::Access access) override;
  [[nodiscard]] os::Result<void> trim(Pages pages) override;
  [[nodiscard]] os::Result<void> remove(Pages pages) override;
  [[nodiscard]] Left enter(Leaf leaf) override;

  /// For tests, between two entries: who owns this processor from here on.
  void set_hostility(std::optional<Hostility> hostility) noexcept { hostility_ = hostility; }
  /// For tests: EREMOVE, which a kernel can do to pages of an enclave that is not running.
  [[nodiscard]] os::Result<void> take_away(Pages pages);
  /// For tests: how often the enclave's thread has been stopped.
  [[nodiscard]] std::uint64_t stops() const noexcept { return stops_; }
  /// For tests: this process is a copy of the one that had the enclave.
  void go_on_in_copy() noexcept { is_prepared_ = false; }

  /// What a signal of the thread means; what FS is to be afterwards. For the handler only.
  [[nodiscard]] std::uint64_t handle(int signal, ::siginfo_t& info, ::ucontext_t& context,
                                     std::uint64_t thread_pointer) noexcept;

 private:
  class Context;
  /// An exception of the enclave's thread.
  struct Exception {
    std::uint8_t vector = 0;
    std::uint32_t error = 0;
    std::uint64_t address = 0;
  };

  Processor(Secrets secrets, CpuidPlaces cpuid, std::optional<Hostility> hostility) noexcept
      : secrets_(std::move(secrets)), cpuid_(std::move(cpuid)), hostility_(hostility) {}
  [[nodiscard]] os::Result<void> prepare_thread();
  /// Has the mapping of [start, end) follow the map.
  [[nodiscard]] os::Result<void> protect(std::uint64_t start, std::uint64_t end);
  /// `page` was accepted: it is mapped with those before it, when the leaves are at an end.
  void map_later(std::uint64_t page) noexcept;
  [[nodiscard]] os::Result<void> map_accepted() noexcept;
  /// Whatever came but another EACCEPT: what was accepted is mapped. True if the enclave used a
  /// page of it, which it may try again.
  [[nodiscard]] bool ends_accepting(int signal, const Context& context) noexcept;

  // The leaves.
  void enter_enclave(Context& context);
  void resume(Context& context);
  void leave(Context& context);
  void accept(Context& context);
  /// One page, which there is then. Null: there is none, and none comes.
  [[nodiscard]] std::optional<Accepted> accept_page(std::uint64_t page, std::uint64_t flags);
  /// From the page in rcx, which was accepted, as far as its loop would go on.
  void accept_those_behind(Context& context, std::uint64_t flags);
  void extend(Context& context);
  /// After an instruction, while hostility looks.
  void step(Context& context);
  void look(Context& context);
  [[nodiscard]] bool has_impossible_stack(Context& context) noexcept;
  void report(Context& context);
  void key(Context& context);
  void run_leaf(Context& context);
  /// An exception in the enclave, or an interrupt (vector 0, not valid): AEX.
  void interrupt(Context& context, const Exception* exception);
  [[nodiscard]] Exception exception_of(int signal, const Context& context);
  /// Whether the enclave reaches its page just now.
  [[nodiscard]] bool is_there(std::uint64_t address) const noexcept {
    return map_.reachable(address & ~(page_size - 1)) != 0;
  }
  /// A leaf's operand is not: the leaf is interrupted.
  [[nodiscard]] bool misses_operand(Context& context, std::uint64_t address);
  [[nodiscard]] bool add_by_fault(std::uint64_t page, int wanted);
  [[nodiscard]] sallyport::SavedFrame& frame(std::uint32_t index) const noexcept;

  Secrets secrets_;
  CpuidPlaces cpuid_;
  LeafPlaces leaves_;
  ThreadPointerPlaces thread_pointers_;
  std::optional<Hostility> hostility_;
  PageMap map_;
  Pages accepted_{};                         ///< one behind the other, reachable and not mapped yet
  std::vector<std::uint8_t> outside_state_;  ///< extended state that is not the enclave's
  std::uint64_t outside_states_ = 0;         ///< which of it is not in its first state
  std::uint8_t blocks_system_calls_ = 1;
  struct ::sigaction refused_call_{};  ///< who handles SIGSYS of a filter
  bool is_prepared_ = false;
  bool is_inside_ = false;
  std::uint64_t stops_ = 0;
  std::uint64_t frames_at_ = 0;
  std::uint64_t entry_ = 0;
  std::uint32_t frames_ = 0;
  std::uint32_t interrupted_ = 0;  ///< CSSA
  std::uint64_t outer_stack_ = 0;
  std::uint64_t outer_frame_ = 0;
  std::uint64_t outer_place_ = 0;  ///< AEP
  /// Stack and frame that it was entered with, uninterrupted and interrupted; hostile, or as above.
  std::array<std::array<std::uint64_t, 2>, sallyport::saved_state_frames> shown_{};
  ::sgx_enclave_run run_{};
};

}  // namespace merlon::host::sgx::simulated
