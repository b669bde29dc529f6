#pragma once

// Backend sgx: a keep in an enclave of SGX. The launcher fills the enclave, enters it, and serves
// the sallyport; what happens inside it learns from nothing else.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "merlon/base/cpuid.h"
#include "merlon/host/calls.h"
#include "merlon/host/plan.h"
#include "merlon/host/sgx/counter.h"
#include "merlon/host/sgx/driver.h"
#include "merlon/host/sgx/quoting.h"
#include "merlon/host/time_limit.h"
#include "merlon/os/file_mapping.h"
#include "merlon/sallyport/host/request.h"

namespace merlon::host::sgx {

/// How often the keep has asked its host, call by call, and its thread was interrupted.
struct Statistics {
  std::array<std::uint64_t, sallyport::call_table.size()> calls{};
  std::uint64_t exceptions = 0;
};

/// What an enclave is filled with, and what its owner signed of it: a SIGSTRUCT, or nothing.
struct Contents {
  const os::FileMapping& shim;
  const os::FileMapping& keep;
  core::ByteView sigstruct;
};

/// What a keep is promised in an enclave and a processor with these leaves has not, as "FMA, ADX".
[[nodiscard]] std::string lacking_in_enclaves(const base::CpuidTable& processor);

class KeepEnclave final : public Machine {
 public:
  /// Fills an enclave of `driver` with the two programs.
  ///
  /// Errors: Unavailable (the driver has none to give, or the processor cannot run compiled code) ·
  /// those of the image.
  [[nodiscard]] static core::Result<std::unique_ptr<KeepEnclave>, HostError> create(
      std::unique_ptr<Driver> driver, Quoting quoting, const Contents& contents);
  ~KeepEnclave() override;

  [[nodiscard]] DescriptorTable& descriptors() noexcept { return calls_.descriptors(); }
  /// Lays a message ready for the keep.
  void post(Letter letter) { calls_.post(std::move(letter)); }
  /// Ends this process when the time is over, whatever the keep does or asks for. False if that
  /// cannot be.
  [[nodiscard]] bool limit_time(std::chrono::nanoseconds limit) { return time_limit_.limit(limit); }
  [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }

  /// Runs the keep to its end, on a thread of its own that takes no signals; gives its exit status.
  ///
  /// Errors: Internal (the enclave cannot go on).
  [[nodiscard]] core::Result<int, HostError> run();

  [[nodiscard]] std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) override;
  [[nodiscard]] bool release(sallyport::MemoryRange range) override;
  [[nodiscard]] bool set_timer(std::uint64_t first, std::uint64_t interval) override {
    return time_limit_.set_timer(first, interval);
  }
  [[nodiscard]] sallyport::Outcome change_pages(const sallyport::Arguments& arguments) override;
  [[nodiscard]] sallyport::Outcome attest(const sallyport::Request& request) override;

 private:
  KeepEnclave(std::unique_ptr<Driver> driver, Quoting quoting) noexcept
      : driver_(std::move(driver)), quoting_(std::move(quoting)), calls_(*this) {}

  [[nodiscard]] core::Result<void, HostError> load(const Contents& contents);
  [[nodiscard]] core::Result<void, HostError> make_block();
  void tell_time();
  /// The thread's loop.
  [[nodiscard]] core::Result<int, HostError> serve();
  [[nodiscard]] core::Result<void, HostError> answer();

  std::unique_ptr<Driver> driver_;
  Quoting quoting_;
  Calls calls_;
  std::optional<sallyport::Block> block_;
  std::uint64_t sequence_ = 0;
  CounterReading began_;  ///< when the enclave was about to be filled
  TimeLimit time_limit_;
  Statistics statistics_;
};

}  // namespace merlon::host::sgx
