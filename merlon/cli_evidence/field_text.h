#pragma once

// Private to the room: values of fields as texts.

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/fields.h"
#include "merlon/x509/certificate.h"

namespace merlon::cli_evidence {

template <typename T>
[[nodiscard]] std::string hex_of(const T& bytes) {
  return base::hex(bytes.view());
}

[[nodiscard]] inline std::string bits(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return base::concat(
      "0x", std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

[[nodiscard]] inline std::string svns(std::span<const std::uint8_t> components) {
  std::string text;
  for (const std::uint8_t svn : components) {
    text += base::concat(text.empty() ? "" : " ", unsigned{svn});
  }
  return text;
}

[[nodiscard]] inline std::string yes(bool value) { return value ? "yes" : "no"; }

/// Collects the fields of one thing.
class Fields {
 public:
  explicit Fields(std::string title) : group_{std::move(title), {}} {}

  void add(std::string name, std::string value, std::string_view meaning) {
    group_.fields.push_back({std::move(name), std::move(value), meaning});
  }
  [[nodiscard]] FieldGroup group() && { return std::move(group_); }

 private:
  FieldGroup group_;
};

/// "bootloader 3, TEE 0, …"
[[nodiscard]] std::string patch_levels(const snp::TcbComponents& tcb, snp::Product product);

/// Of one certificate; also for those inside of a quote.
[[nodiscard]] FieldGroup certificate_fields(const x509::Certificate& certificate);
/// What a verifier found, if the certificate says so.
[[nodiscard]] std::optional<FieldGroup> result_fields(const x509::Certificate& certificate);

}  // namespace merlon::cli_evidence
