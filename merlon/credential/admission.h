#pragma once

// Who is admitted: somebody who shows that he has a credential, once for each showing that it
// allows. Tokens are attacker-controlled. No files, no network, no clock. Any thread.

#include <functional>
#include <map>
#include <optional>

#include "merlon/credential/issuing_key.h"
#include "merlon/credential/token.h"

namespace merlon::credential {

/// In the order in which they are found out.
enum class Refusal : std::uint8_t {
#define MERLON_ADMISSION_ROW(name, code, what) name,
#include "merlon/credential/refusals.def"
#undef MERLON_ADMISSION_ROW
};

/// "credential.again"; stable, for programs.
[[nodiscard]] std::string_view code_of(Refusal refusal) noexcept;
/// For people, a sentence.
[[nodiscard]] std::string_view text_of(Refusal refusal) noexcept;

/// What one showing is known by: the same for two showings of one number of one credential to one
/// audience, and for no others.
using Tag = core::FixedBytes<struct ShownTag, 32>;

/// Remembers it, for as long as the key counts: true if it was not there; nothing if it cannot
/// be remembered now.
using Remember = std::function<std::optional<bool>(const KeyId& key, const Tag& tag)>;

/// What is known of who is admitted: nothing but this.
struct Admitted {
  const KeyRecord* key;  ///< of the keys that judge() was given
  Tag tag;
};

class Admission {
 public:
  /// `audience` as holders are told to write it.
  /// `development`: keys count under which simulators have credentials.
  explicit Admission(std::string audience, bool development = false)
      : audience_(std::move(audience)), development_(development) {}

  void add(IssuingKey key);
  [[nodiscard]] std::size_t keys() const noexcept { return keys_.size(); }
  /// When each of its keys is over: what was shown under it need not be remembered for longer.
  [[nodiscard]] std::vector<std::pair<KeyId, codec::UnixTime>> ends() const;

  /// `bound_to`: what the token has to be bound to; empty: to nothing. The token counts as shown
  /// from then on, also where the caller then does something else.
  [[nodiscard]] core::Result<Admitted, Refusal> judge(std::string_view token,
                                                      core::ByteView bound_to, codec::UnixTime now,
                                                      const Remember& remember) const;

 private:
  std::string audience_;
  bool development_;
  std::map<KeyId, IssuingKey> keys_;
};

}  // namespace merlon::credential
