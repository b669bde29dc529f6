#pragma once

// Members of config.json by their names and kinds; of the parser alone.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/container/refusal.h"

namespace merlon::container {

inline Refusal config_refusal(std::string_view key, std::string_view what) {
  return {base::concat("config.json: ", key, ": ", what), Status::Failed};
}

/// A value of config.json and the key that leads to it; there may be none.
class Member {
 public:
  using Json = codec::JsonValue;

  Member(const Json* value, std::string key) : value_(value), key_(std::move(key)) {}

  /// null is as good as nothing, as encoders of Go have it.
  [[nodiscard]] bool is_there() const noexcept {
    return value_ != nullptr && value_->kind() != codec::JsonKind::Null;
  }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] Refusal refusal(std::string_view what) const { return config_refusal(key_, what); }

  /// Nothing where this is no object or has no such member.
  [[nodiscard]] Member operator[](std::string_view name) const;

  [[nodiscard]] Checked<void> must_be(codec::JsonKind kind, std::string_view what) const;
  /// What is not there is empty, zero or false.
  [[nodiscard]] Checked<std::string> text(std::size_t most) const;
  [[nodiscard]] Checked<bool> truth() const;
  [[nodiscard]] Checked<std::optional<std::int64_t>> integer() const;
  [[nodiscard]] Checked<std::optional<std::uint64_t>> number(std::uint64_t most) const;
  [[nodiscard]] Checked<std::vector<std::string>> texts(std::size_t most,
                                                        std::size_t longest) const;
  [[nodiscard]] Checked<std::vector<Member>> items(std::size_t most) const;
  /// Texts of an object, by their names.
  [[nodiscard]] Checked<std::map<std::string, std::string>> text_map(std::size_t most,
                                                                     std::size_t longest) const;
  /// Whether it is empty: nothing, {}, [], "" or 0.
  [[nodiscard]] bool is_empty() const;

 private:
  const Json* value_;
  std::string key_;
};

}  // namespace merlon::container
