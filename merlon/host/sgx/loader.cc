#include "merlon/host/sgx/loader.h"

#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx {

core::Result<void> Loader::add(image::EnclavePage page, std::uint64_t offset, core::ByteView bytes,
                               std::uint64_t size) {
  const auto added = driver_.add(page, {sallyport::enclave_base + offset, size}, bytes);
  if (!added) return os::to_error(added.error(), "cannot add pages to the enclave");
  return {};
}

}  // namespace merlon::host::sgx
