#pragma once

// SHAKE128 [FIPS202 §6.2], a hash of as many bytes as one asks for. Pure; one thread at a time.

#include <memory>

#include "merlon/core/bytes.h"

struct evp_md_ctx_st;

namespace merlon::crypto {

class Shake128 {
 public:
  /// As many bytes as it takes before it stirs them.
  static constexpr std::size_t rate = 168;

  /// Ends the program if the library cannot hash at all.
  Shake128() noexcept;
  void add(core::ByteView bytes) noexcept;
  /// Of what the hash of all that was added goes on with behind its first `offset` bytes; more may
  /// be added afterwards, which changes all of it.
  void read(std::size_t offset, core::ByteSpan into) const;

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

}  // namespace merlon::crypto
