#pragma once

// The sink of an enclave's stream of pages that launches it.

#include "merlon/host/sgx/driver.h"
#include "merlon/image/enclave_layout.h"

namespace merlon::host::sgx {

class Loader final : public image::EnclaveSink {
 public:
  /// `driver` has created the enclave, and outlives this object.
  explicit Loader(Driver& driver) noexcept : driver_(driver) {}

  /// Errors: Internal, with the system's number.
  [[nodiscard]] core::Result<void> add(image::EnclavePage page, std::uint64_t offset,
                                       core::ByteView bytes, std::uint64_t size) override;

 private:
  Driver& driver_;
};

}  // namespace merlon::host::sgx
