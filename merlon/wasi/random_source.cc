#include "merlon/wasi/random_source.h"

#include <algorithm>

#include <string.h>

#include "merlon/os/random.h"

namespace merlon::wasi {

SystemRandom::~SystemRandom() { ::explicit_bzero(block_.data(), block_.size()); }

Result<void> SystemRandom::fill(core::ByteSpan into) {
  if (into.size() >= block_.size()) return from_os(os::fill_random(into));
  if (into.size() > block_.size() - used_) {
    TRY(from_os(os::fill_random(block_)));
    used_ = 0;
  }
  const core::ByteSpan given = core::ByteSpan(block_).subspan(used_, into.size());
  std::copy(given.begin(), given.end(), into.begin());
  ::explicit_bzero(given.data(), given.size());
  used_ += given.size();
  return {};
}

}  // namespace merlon::wasi
