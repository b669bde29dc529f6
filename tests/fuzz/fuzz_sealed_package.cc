// Sealed packages: what is not as it was sealed is refused. The first two bytes say where a package
// of the rest is altered, and how; 0 0: it must open to what it was.

#include <cstdlib>
#include <vector>

#include "merlon/sealed_package/sealed_package.h"

using namespace merlon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> secret(sealed_package::ContentKey::size, 7);
  const auto key = sealed_package::ContentKey::from(secret);
  if (!key) std::abort();
  static_cast<void>(sealed_package::open({data, size}, *key));
  if (size < 3) return 0;
  const core::ByteView package(data + 3, size - 3);
  auto sealed = sealed_package::seal(package, *key, sealed_package::salt_of(package, *key));
  if (!sealed) return 0;
  const std::size_t at = (std::size_t{data[0]} << 8U | data[1]) % sealed->size();
  (*sealed)[at] ^= data[2];
  const auto opened = sealed_package::open(*sealed, *key);
  if (opened.has_value() != (data[2] == 0)) std::abort();
  return 0;
}
