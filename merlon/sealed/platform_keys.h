#pragma once

// Where the key comes from under which a volume is sealed: the root.

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::sealed {

/// How versions of a platform compare.
enum class TcbOrder : std::uint8_t {
  ByByte,       ///< each byte is a version of its own that only rises
  ByProcessor,  ///< opaque: two are the same or not; the processor gives no key above its own
};

/// What a root's key is of. Public; other versions give another key.
struct Versions {
  using Tcb = core::FixedBytes<struct SealedTcbTag, 16>;

  std::uint32_t svn = 0;     ///< of the keep
  Tcb tcb;                   ///< of the platform
  std::uint64_t fields = 0;  ///< what of the keep is mixed into the key

  /// Svn and every byte of the TCB at least those of `floor`; where these have no order, the very
  /// TCB of `floor`, unless that is all zeros.
  [[nodiscard]] bool at_least(const Versions& floor, TcbOrder order) const noexcept;
  friend bool operator==(const Versions&, const Versions&) = default;
};

/// What stands behind a root; each is sealed and opened by its own kind of keep only.
enum class RootKind : std::uint8_t {
  None = 0,      ///< nothing attests the keep: the root is a constant that everybody knows
  Platform = 1,  ///< a key that only this keep on this machine has
};

class PlatformKeys {
 public:
  virtual ~PlatformKeys() = default;

  [[nodiscard]] virtual RootKind kind() const noexcept = 0;
  [[nodiscard]] virtual TcbOrder order() { return TcbOrder::ByByte; }
  /// Under which something new is sealed.
  [[nodiscard]] virtual core::Result<Versions> newest() = 0;
  /// 32 bytes. Denied: versions above the keep's own or the platform's.
  [[nodiscard]] virtual core::Result<crypto::SecretBytes> key(const Versions& versions) = 0;
};

/// The root of keeps that nothing attests: protects nothing from the machine's owner.
class NoPlatformKeys final : public PlatformKeys {
 public:
  [[nodiscard]] RootKind kind() const noexcept override { return RootKind::None; }
  [[nodiscard]] core::Result<Versions> newest() override { return Versions{}; }
  /// Denied for any but the one version that there is.
  [[nodiscard]] core::Result<crypto::SecretBytes> key(const Versions& versions) override;
};

}  // namespace merlon::sealed
