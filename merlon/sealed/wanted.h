#pragma once

// What a tenant says of a volume that his workload is to have. It comes inside of his sealed
// delivery, so neither the host nor what the host keeps has a say in it.

#include <optional>
#include <string>

#include "merlon/crypto/hash.h"
#include "merlon/sealed/platform_keys.h"

namespace merlon::sealed {

/// For whom a volume is sealed.
enum class Binding : std::uint8_t {
  Tenant = 0,    ///< whatever this tenant signed: a new version of his workload opens it
  Workload = 1,  ///< this very module with this very configuration
};

/// One volume among all: random, made with it.
using VolumeId = core::FixedBytes<struct VolumeIdTag, 16>;

/// One state of a volume: who knows it can tell whether a volume is older, or another one.
struct Mark {
  std::uint64_t generation = 0;  ///< rises with each commit; 0: no state is known
  crypto::Sha256Digest head;     ///< of the index as it lies in the store
  VolumeId id;                   ///< zeros: which volume it was is not known

  friend bool operator==(const Mark&, const Mark&) = default;
};

inline constexpr std::size_t max_volume_name_size = 64;
inline constexpr std::size_t recovery_key_size = 32;

struct Wanted {
  std::string name;  ///< see is_volume_name()
  Binding binding = Binding::Tenant;
  /// Of the volume's own keys. A higher one has all of it sealed under new keys, a lower one than
  /// the volume's is refused.
  std::uint64_t epoch = 0;
  Mark at_least;    ///< an older state than this, and another volume, is refused
  Versions oldest;  ///< what was sealed under older versions is refused; `fields` means nothing
  /// Opens the volume where the platform's key does not: on another machine, in another version of
  /// the keep.
  std::optional<crypto::SecretBytes> recovery_key;
};

/// 1 to max_volume_name_size of a-z, 0-9, "-" and "_".
[[nodiscard]] bool is_volume_name(std::string_view name) noexcept;

/// Who asks; all of it the keep's own knowledge.
struct Workload {
  crypto::Sha256Digest tenant;  ///< delivery::name_of; zero where there is none
  crypto::Sha256Digest module;
  crypto::Sha256Digest configuration;
};

/// Somebody who remembers how far a volume has come. What he is told has been written; that he is
/// told comes after.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void opened(std::string_view volume, const Mark& mark) = 0;
  virtual void written(std::string_view volume, const Mark& mark) = 0;
};

}  // namespace merlon::sealed
