#pragma once

// Bytes that only their owner may see: private keys as texts. Pure; one thread at a time.

#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"

namespace merlon::crypto {

/// Overwrites a secret where it lies, in a way that no compiler leaves out.
void wipe(core::ByteSpan secret) noexcept;

/// Moved, never copied, and overwritten when they go. Nothing reads them but reveal(), so that
/// every place where a secret leaves its owner can be found by that word.
class SecretBytes {
 public:
  SecretBytes() noexcept = default;
  /// Takes the buffer over, so hand it over by std::move. What its maker has left behind while it
  /// grew is not overwritten.
  explicit SecretBytes(std::vector<std::uint8_t>&& bytes) noexcept : bytes_(std::move(bytes)) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(); }

  /// Borrowed; whoever copies them has a secret to wipe.
  [[nodiscard]] core::ByteView reveal() const noexcept { return bytes_; }

 private:
  void wipe() noexcept;

  std::vector<std::uint8_t> bytes_;
};

}  // namespace merlon::crypto
