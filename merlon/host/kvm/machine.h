#pragma once

// Backend kvm: a keep in a micro-VM without an operating system. The launcher fills the machine's
// memory, starts its processor, and serves the sallyport; it never looks at the keep's registers.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "merlon/host/calls.h"
#include "merlon/host/kvm/attendant.h"
#include "merlon/host/kvm/device.h"
#include "merlon/host/kvm/memory.h"
#include "merlon/host/kvm/simulated_firmware.h"
#include "merlon/host/kvm/snapshot.h"
#include "merlon/host/plan.h"
#include "merlon/host/time_limit.h"
#include "merlon/image/layout.h"
#include "merlon/image/processor.h"
#include "merlon/os/file_mapping.h"
#include "merlon/sallyport/boot.h"

namespace merlon::host::kvm {

/// What happened while a keep ran, beside the calls that it asked for.
struct Statistics {
  std::uint64_t unasked = 0;  ///< of these calls, served without an exit of the processor
  std::uint64_t interruptions = 0;
};

/// What the processor that a keep sees starts with, at the shim's ring. Where ring 0 is its own it
/// runs no code of ring 3's pages, if the processor can be told so (SMEP).
[[nodiscard]] ::kvm_sregs first_registers(const ::kvm_sregs& from, std::uint64_t page_table,
                                          const image::KeepProcessor& seen, sallyport::World world);

class KeepMachine final : public Machine, private Attended {
 public:
  /// Builds the machine from the two programs' files. Without `world` the best that this host has.
  /// With `firmware` a keep that the simulated security processor measures and attests.
  ///
  /// Errors: Unavailable (no KVM, or none that can run compiled code; the text says what to do) ·
  /// those of the image.
  [[nodiscard]] static core::Result<std::unique_ptr<KeepMachine>, HostError> create(
      const os::FileMapping& shim, const os::FileMapping& keep,
      std::optional<sallyport::World> world, std::optional<SimulatedFirmware> firmware);

  /// What a machine has before it is this or that one. Errors: Unavailable (no KVM).
  struct Empty {
    VirtualMachine machine;
    Processor processor;
  };
  [[nodiscard]] static core::Result<Empty, HostError> empty();
  /// A machine that goes on where the one of the snapshot in `file` has stopped: its keep waits for
  /// a launch.
  ///
  /// Errors: Unavailable (a clock that cannot go on) · those of read_snapshot().
  [[nodiscard]] static core::Result<std::unique_ptr<KeepMachine>, HostError> restore(
      Empty empty, os::BorrowedFd file, const Snapshot& snapshot);
  /// What takes time and may be done before its keep is needed.
  void warm_up() const noexcept { memory_.make_mapped_pages(); }
  /// Writes this machine into `file`, while its keep waits for its second letter. `pagemap` is
  /// /proc/self/pagemap. The machine cannot run any more.
  ///
  /// Errors: Denied (a keep that is attested, or that has files) · Unavailable.
  [[nodiscard]] core::Result<void> save(os::BorrowedFd file, os::BorrowedFd pagemap,
                                        const launch::Preparation& preparation);

  [[nodiscard]] DescriptorTable& descriptors() noexcept { return calls_.descriptors(); }
  /// Lays a message ready for the keep.
  void post(Letter letter) { calls_.post(std::move(letter)); }
  /// A keep that is made ahead: what it gets when it asks for more than that, and where that is
  /// waited for. Once.
  void expect_letter(std::function<core::Result<Letter>()> wait);
  /// The keep will be asked to prove itself.
  void expect_proof();
  /// Ends this process when the time is over, whatever the keep does or asks for. False if that
  /// cannot be.
  [[nodiscard]] bool limit_time(std::chrono::nanoseconds limit) { return time_limit_.limit(limit); }
  [[nodiscard]] bool is_attested() const noexcept { return firmware_.has_value(); }
  [[nodiscard]] sallyport::World world() const noexcept { return world_; }
  [[nodiscard]] const Calls::Counts& counts() const noexcept { return calls_.counts(); }
  [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }

  /// Runs the keep to its end; gives its exit status.
  ///
  /// Errors: Internal (the machine stopped without having asked to) · Unavailable (the simulator
  /// has no platform to attest it).
  [[nodiscard]] core::Result<int, HostError> run();

  [[nodiscard]] std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) override;
  [[nodiscard]] bool release(sallyport::MemoryRange range) override;
  [[nodiscard]] bool set_timer(std::uint64_t first, std::uint64_t interval) override {
    return time_limit_.set_timer(first, interval);
  }
  [[nodiscard]] sallyport::Outcome attest(const sallyport::Request& request) override;
  [[nodiscard]] core::Result<std::optional<Letter>> next_letter() override;

 private:
  KeepMachine(VirtualMachine machine, Processor processor, MachineMemory memory) noexcept;

  [[nodiscard]] core::Result<void, HostError> prepare(std::optional<sallyport::World> world);
  [[nodiscard]] core::Result<void, HostError> give_processor();
  [[nodiscard]] core::Result<void, HostError> load(const os::FileMapping& shim,
                                                   const os::FileMapping& keep);
  void prefer_large_pages(const image::Program& keep);
  [[nodiscard]] image::MachineForm form() const noexcept;
  [[nodiscard]] core::Result<image::Layout, HostError> lay_out(const image::Program& shim,
                                                               const image::Program& keep);
  [[nodiscard]] core::Result<image::Layout> lay_out_attested(const image::Program& shim,
                                                             const image::Program& keep,
                                                             image::PageSink& loader);
  [[nodiscard]] os::Result<void> start(const image::Layout& layout);
  void tell_time();
  [[nodiscard]] core::Result<void, HostError> resume(const Snapshot& snapshot);
  [[nodiscard]] os::Result<CounterReading> read_counter() const;
  [[nodiscard]] os::Result<void> continue_counter(const CounterReading& then) const;
  [[nodiscard]] core::Result<bool, HostError> answer_bell();
  void serve(const sallyport::Request& request);
  void attend();
  [[nodiscard]] bool make_attendant();
  void set_attended(bool attended) noexcept override;
  [[nodiscard]] bool has_request() const noexcept override;
  [[nodiscard]] bool serve_unasked() noexcept override;
  [[nodiscard]] HostError stopped(Stop stop) const;

  VirtualMachine machine_;
  Processor processor_;
  MachineMemory memory_;
  Calls calls_;
  std::optional<SimulatedFirmware> firmware_;
  image::KeepProcessor seen_;  ///< the processor that the keep sees
  sallyport::World world_ = sallyport::World::Ring0;
  bool faults_are_dear_ = false;
  std::uint64_t free_ = 0;   ///< where free memory starts
  bool bell_rings_ = false;  ///< the keep has asked, and its processor has stopped already
  std::optional<sallyport::Block> block_;
  std::mutex serving_;  ///< held by whoever acts for the keep
  std::atomic<std::uint64_t> sequence_ = 0;
  std::uint64_t next_base_ = image::grown_base;
  TimeLimit time_limit_;
  std::function<core::Result<Letter>()> next_letter_;
  Statistics statistics_;
  Pace pace_;
  std::unique_ptr<Attendant> attendant_;  // ends before what it looks after
};

}  // namespace merlon::host::kvm
