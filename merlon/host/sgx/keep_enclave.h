#pragma once

// Backend sgx: a keep in an enclave of SGX. The launcher fills the enclave, enters it, and serves
// the sallyport; what happens inside it learns from nothing else.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "merlon/base/cpuid.h"
#include "merlon/host/attested_process.h"
#include "merlon/host/plan.h"
#include "merlon/host/sgx/counter.h"
#include "merlon/host/sgx/driver.h"
#include "merlon/host/sgx/quoting.h"
#include "merlon/os/file_mapping.h"
#include "merlon/sallyport/host/request.h"

namespace merlon::host::sgx {

/// What an enclave is filled with, and what its owner signed of it: a SIGSTRUCT, or nothing.
struct Contents {
  const os::FileMapping& shim;
  const os::FileMapping& keep;
  core::ByteView sigstruct;
};

/// What a keep is promised in an enclave and a processor with these leaves has not, as "FMA, ADX".
[[nodiscard]] std::string lacking_in_enclaves(const base::CpuidTable& processor);

class KeepEnclave final : public AttestedKeep {
 public:
  /// Fills an enclave of `driver` with the two programs.
  ///
  /// Errors: Unavailable (the driver has none to give, or the processor cannot run compiled code) ·
  /// those of the image.
  [[nodiscard]] static core::Result<std::unique_ptr<KeepEnclave>, HostError> create(
      std::unique_ptr<Driver> driver, Quoting quoting, const Contents& contents);
  ~KeepEnclave() override;

  /// Runs the keep to its end, on a thread of its own that takes no signals; gives its exit status.
  ///
  /// Errors: Internal (the enclave cannot go on).
  [[nodiscard]] core::Result<int, HostError> run() override;
  [[nodiscard]] std::string statistics_text() const override;
  /// How often the keep's thread was interrupted.
  [[nodiscard]] std::uint64_t exceptions() const noexcept { return exceptions_; }

  [[nodiscard]] std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) override;
  [[nodiscard]] bool release(sallyport::MemoryRange range) override;
  [[nodiscard]] sallyport::Outcome change_pages(const sallyport::Arguments& arguments) override;
  [[nodiscard]] sallyport::Outcome attest(const sallyport::Request& request) override;

 private:
  KeepEnclave(std::unique_ptr<Driver> driver, Quoting quoting) noexcept
      : driver_(std::move(driver)), quoting_(std::move(quoting)) {}

  [[nodiscard]] core::Result<void, HostError> load(const Contents& contents);
  [[nodiscard]] core::Result<void, HostError> make_block();
  void tell_time();
  /// The thread's loop.
  [[nodiscard]] core::Result<int, HostError> serve();
  [[nodiscard]] core::Result<void, HostError> answer();

  std::unique_ptr<Driver> driver_;
  Quoting quoting_;
  std::optional<sallyport::Block> block_;
  std::uint64_t sequence_ = 0;
  CounterReading began_;  ///< when the enclave was about to be filled
  std::uint64_t exceptions_ = 0;
};

}  // namespace merlon::host::sgx
