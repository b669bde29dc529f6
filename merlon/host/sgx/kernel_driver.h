#pragma once

// Enclaves of a processor with SGX2, by Linux's driver: each request, in its order, and what its
// answers may be. Not yet run on hardware; a fake device checks every request in the tests.

#include <memory>
#include <string_view>

#include "merlon/host/sgx/device.h"
#include "merlon/host/sgx/driver.h"

namespace merlon::host::sgx {

class KernelDriver final : public Driver {
 public:
  /// `device` outlives this object.
  explicit KernelDriver(Device& device) noexcept : device_(device) {}
  KernelDriver(const KernelDriver&) = delete;
  KernelDriver& operator=(const KernelDriver&) = delete;
  ~KernelDriver() override;

  [[nodiscard]] os::Result<void> create() override;
  [[nodiscard]] os::Result<void> add(image::EnclavePage page, Pages pages,
                                     core::ByteView bytes) override;
  [[nodiscard]] core::Result<void, HostError> start(core::ByteView sigstruct) override;
  [[nodiscard]] os::Result<void> reach(Pages pages, sallyport::Access access) override;
  [[nodiscard]] os::Result<void> restrict_rights(Pages pages, sallyport::Access access) override;
  [[nodiscard]] os::Result<void> trim(Pages pages) override;
  [[nodiscard]] os::Result<void> remove(Pages pages) override;
  [[nodiscard]] Left enter(Leaf leaf) override;

 private:
  template <typename T>
  [[nodiscard]] os::Result<int> ask(unsigned long request, T& structure);
  /// A request about pages that the kernel may do piece by piece: `structure` has offset, length
  /// and count.
  template <typename T>
  [[nodiscard]] os::Result<void> ask_for_all(unsigned long request, T structure);
  [[nodiscard]] os::Result<void> add_some(image::EnclavePage page, std::uint64_t offset,
                                          core::ByteView whole);

  Device& device_;
  int file_ = -1;
  ::sgx_enclave_run run_{};
};

}  // namespace merlon::host::sgx
