#pragma once

// Private to the room: TOML values as typed values of a policy, each refusal with file, line and
// key.

#include <concepts>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/toml.h"
#include "merlon/verify/policy.h"

namespace merlon::verify {

template <typename T>
using PolicyResult = core::Result<T, PolicyError>;

/// A table of a policy. Every key that is asked for is known; finish() refuses the others.
class PolicyTable {
 public:
  PolicyTable(const toml::table& table, std::string path, std::string_view file)
      : table_(table), path_(std::move(path)), file_(file) {}

  [[nodiscard]] const toml::node* get(std::string_view key);
  /// The sub-table; null if it is not there.
  [[nodiscard]] PolicyResult<const toml::table*> table(std::string_view key);

  [[nodiscard]] PolicyResult<std::optional<bool>> boolean(std::string_view key);
  [[nodiscard]] PolicyResult<std::optional<std::string>> text(std::string_view key);
  [[nodiscard]] PolicyResult<std::optional<std::vector<std::string>>> texts(std::string_view key);
  /// From 0 to `max`; written as an integer, or as text in hexadecimal where it needs 64 bits.
  [[nodiscard]] PolicyResult<std::optional<std::uint64_t>> number(std::string_view key,
                                                                  std::uint64_t max);
  [[nodiscard]] PolicyResult<std::optional<std::vector<std::uint64_t>>> numbers(
      std::string_view key, std::uint64_t max);

  /// Bytes of exactly T::size in hexadecimal.
  template <typename T>
  [[nodiscard]] PolicyResult<std::optional<T>> bytes(std::string_view key) {
    const auto value = TRY(text(key));
    if (!value) return std::optional<T>{};
    return std::optional<T>(TRY(decode<T>(key, *value)));
  }
  /// An array of such values, as a list of what is accepted.
  template <typename T>
  [[nodiscard]] PolicyResult<Accept<T>> accept(std::string_view key) {
    const auto values = TRY(texts(key));
    if (!values) return Accept<T>();
    std::vector<T> all;
    for (const std::string& value : *values) all.push_back(TRY(decode<T>(key, value)));
    return Accept<T>(std::move(all));
  }

  /// As accept(), or "any", or one value alone; `to` stays what it is without the key.
  template <typename T>
  [[nodiscard]] PolicyResult<void> read_accept(std::string_view key, Accept<T>& to) {
    const toml::node* node = get(key);
    if (node == nullptr) return {};
    if (node->is_string() && node->as_string()->get() == "any") {
      to = Accept<T>();
    } else if (node->is_string()) {
      to = Accept<T>({TRY(decode<T>(key, node->as_string()->get()))});
    } else {
      to = TRY(accept<T>(key));
    }
    return {};
  }
  /// An array of { advisory = "…", until = 2027-03-01 }; empty without the key.
  [[nodiscard]] PolicyResult<std::vector<Waiver>> waivers(std::string_view key);

  [[nodiscard]] PolicyError refuse(std::string_view key, std::string what) const;
  /// Refuses keys that nobody asked for, and names those there are.
  [[nodiscard]] PolicyResult<void> finish() const;
  [[nodiscard]] const toml::table& raw() const noexcept { return table_; }
  [[nodiscard]] std::string_view file() const noexcept { return file_; }

 private:
  template <typename T>
  [[nodiscard]] PolicyResult<T> decode(std::string_view key, const std::string& text) const {
    const auto raw = codec::decode_hex(text);
    const auto value = raw ? T::from(*raw) : core::Result<T>(raw.error());
    if (!value) {
      return refuse(key, base::concat("must be ", T::size, " bytes in hexadecimal (", 2 * T::size,
                                      " digits), not ", base::quoted(text, 40)));
    }
    return *value;
  }

  const toml::table& table_;
  std::string path_;
  std::string_view file_;
  std::vector<std::string> known_;
};

/// The whole of a text as one table.
[[nodiscard]] PolicyResult<toml::table> parse_toml(std::string_view text, std::string_view file);

/// Sets `to` to what stands there, if something does.
template <typename T, typename U>
void assign(T& to, const std::optional<U>& value) {
  if (value) to = static_cast<T>(*value);
}

}  // namespace merlon::verify
