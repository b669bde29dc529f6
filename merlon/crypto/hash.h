#pragma once

// The SHA-2 hashes that evidence uses [FIPS180]. Pure; any thread.

#include <initializer_list>
#include <memory>

#include "merlon/core/fixed_bytes.h"

struct evp_md_ctx_st;

namespace merlon::crypto {

using Sha224Digest = core::FixedBytes<struct Sha224Tag, 28>;
using Sha256Digest = core::FixedBytes<struct Sha256Tag, 32>;
using Sha384Digest = core::FixedBytes<struct Sha384Tag, 48>;
using Sha512Digest = core::FixedBytes<struct Sha512Tag, 64>;

/// Of all parts, one after the other. Ends the program if the library cannot hash at all.
[[nodiscard]] Sha224Digest sha224(std::initializer_list<core::ByteView> parts) noexcept;
[[nodiscard]] Sha256Digest sha256(std::initializer_list<core::ByteView> parts) noexcept;
[[nodiscard]] Sha384Digest sha384(std::initializer_list<core::ByteView> parts) noexcept;
[[nodiscard]] Sha512Digest sha512(std::initializer_list<core::ByteView> parts) noexcept;

/// The hash of what comes piece by piece and need not be in memory at once. Ends the program if the
/// library cannot hash at all.
template <typename Digest>
class HashStream {
 public:
  HashStream() noexcept;
  void add(core::ByteView bytes) noexcept;
  /// Of all that was added; the stream is used up.
  [[nodiscard]] Digest finish() && noexcept;

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};
using Sha224Stream = HashStream<Sha224Digest>;
using Sha256Stream = HashStream<Sha256Digest>;
using Sha384Stream = HashStream<Sha384Digest>;
using Sha512Stream = HashStream<Sha512Digest>;

}  // namespace merlon::crypto
