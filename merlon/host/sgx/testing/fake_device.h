#pragma once

// For tests: a kernel with SGX2 and its processor, as far as a launcher sees them. It takes each
// request only where the real one does, and measures what it is given. At one request it can do a
// thing wrong.

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "merlon/host/sgx/device.h"
#include "merlon/measure/enclave_chain.h"

namespace merlon::host::sgx::testing {

enum class Deviation : std::uint8_t {
  None,
  Fail,       ///< an errno
  Positive,   ///< an error of the processor's
  Drop,       ///< not done, and answered with success
  Less,       ///< done in part: progress, and success
  LessAgain,  ///< done in part: progress, and EAGAIN
  Stuck,      ///< done in part, and from then on EAGAIN without progress
  More,       ///< progress beyond what was asked for
  AlterPage,  ///< another byte in a page that is added
};
inline constexpr std::size_t deviation_count = 9;

class FakeDevice final : public Device {
 public:
  FakeDevice() = default;
  /// At the request number `at`, counted from 0.
  FakeDevice(Deviation deviation, std::size_t at, std::uint32_t seed)
      : deviation_(deviation), at_(at), random_(seed) {}
  ~FakeDevice() override;

  os::Result<int> open() override;
  void close(int file) noexcept override;
  os::Result<int> control(int file, unsigned long request, core::ByteSpan structure) override;
  os::Result<void> map(int file, std::uint64_t address, std::uint64_t size) override;
  os::Result<void> protect(std::uint64_t address, std::uint64_t size, int rights) override;
  int enter(std::uint32_t leaf, ::sgx_enclave_run& run) override;

  /// EINIT has been.
  [[nodiscard]] bool is_started() const { return started_.has_value(); }
  /// What the processor measured.
  [[nodiscard]] const ::merlon::sgx::MrEnclave& measured() const { return *started_; }
  [[nodiscard]] std::size_t requests() const { return count_; }
  [[nodiscard]] bool deviated() const { return deviated_; }
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// Of a page that is there.
  [[nodiscard]] std::optional<std::uint64_t> flags(std::uint64_t offset) const;
  /// Pages that an enclave has accepted, for requests about them.
  void accept(std::uint64_t offset) { trimmed_.insert(offset); }
  std::vector<std::uint32_t> entered;

 private:
  os::Result<int> create(core::ByteSpan structure);
  os::Result<int> add(core::ByteSpan structure, std::uint64_t limit);
  os::Result<int> init(core::ByteSpan structure);
  template <typename T>
  os::Result<int> change(core::ByteSpan structure, std::uint64_t limit, bool trims);
  os::Result<int> remove(core::ByteSpan structure, std::uint64_t limit);
  os::Result<int> carry_out(unsigned long request, core::ByteSpan structure, std::uint64_t limit);
  os::Result<int> deviate(unsigned long request, core::ByteSpan structure);

  Deviation deviation_ = Deviation::None;
  std::size_t at_ = 0;
  std::mt19937 random_{0};
  std::size_t count_ = 0;
  bool deviated_ = false;
  bool alters_ = false;
  bool is_open_ = false;
  bool is_mapped_ = false;
  std::optional<measure::EnclaveChain> chain_;
  std::optional<::merlon::sgx::MrEnclave> started_;
  std::map<std::uint64_t, std::uint64_t> pages_;
  std::set<std::uint64_t> trimmed_;
};

}  // namespace merlon::host::sgx::testing
