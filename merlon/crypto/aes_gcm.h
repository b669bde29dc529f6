#pragma once

// AES-256-GCM [SP800-38D], for messages that have their own numbers. Whoever seals two messages
// with one key and one nonce gives the key away: the caller sees to it that this cannot happen.
// Pure.

#include <array>
#include <optional>
#include <vector>

#include "merlon/core/bytes.h"

namespace merlon::crypto {

inline constexpr std::size_t gcm_nonce_size = 12;
inline constexpr std::size_t gcm_tag_size = 16;

/// A key of 32 bytes, wiped when it goes. Moved only.
class AesGcmKey {
 public:
  static constexpr std::size_t size = 32;

  /// `secret` is copied and stays with the caller to wipe. Exactly `size` bytes, which the caller
  /// checks.
  explicit AesGcmKey(core::ByteView secret) noexcept;
  AesGcmKey(AesGcmKey&& other) noexcept;
  AesGcmKey& operator=(AesGcmKey&& other) noexcept;
  ~AesGcmKey();

  using Nonce = std::array<std::uint8_t, gcm_nonce_size>;
  using Tag = std::array<std::uint8_t, gcm_tag_size>;

  struct Sealed {
    std::vector<std::uint8_t> text;  ///< as long as the plain text
    Tag tag{};
  };
  /// Ends the program if the library cannot encrypt at all.
  [[nodiscard]] Sealed seal(const Nonce& nonce, core::ByteView beside,
                            core::ByteView plain) const noexcept;
  /// Nothing unless `tag` says that text and `beside` are as they were sealed.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> open(const Nonce& nonce,
                                                              core::ByteView beside,
                                                              core::ByteView text,
                                                              const Tag& tag) const noexcept;

  /// The same where the text lies, which is wiped unless it could be opened.
  [[nodiscard]] bool open_in_place(const Nonce& nonce, core::ByteView beside, core::ByteSpan text,
                                   const Tag& tag) const noexcept;

  /// Makes it useless: nothing can be sealed or opened any more.
  void wipe() noexcept;
  [[nodiscard]] bool is_wiped() const noexcept { return wiped_; }

 private:
  std::array<std::uint8_t, size> secret_{};
  bool wiped_ = true;
};

}  // namespace merlon::crypto
