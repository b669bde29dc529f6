#include "merlon/codec/pem.h"

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"

namespace merlon::codec {

namespace {

constexpr std::size_t max_blocks = 64;
constexpr std::string_view opening = "-----BEGIN ";
constexpr std::string_view dashes = "-----";

bool is_line_ends(std::string_view text) noexcept {
  return text.find_first_not_of("\r\n") == std::string_view::npos;
}

bool is_padding(std::string_view text) noexcept {
  return is_line_ends(text.substr(0, text.find('\0'))) &&
         (text.find('\0') == std::string_view::npos ||
          text.find_first_not_of('\0', text.find('\0')) == std::string_view::npos);
}

}  // namespace

core::Result<std::vector<PemBlock>> pem_blocks(std::string_view text, PemRule rule) {
  std::vector<PemBlock> blocks;
  std::size_t at = 0;
  std::size_t behind = 0;  // of the last block
  while ((at = text.find(opening, at)) != std::string_view::npos) {
    if (rule == PemRule::OnlyBlocks && !is_line_ends(text.substr(behind, at - behind))) {
      return core::error(core::ErrorCode::Malformed, "text between PEM blocks", behind);
    }
    if (blocks.size() == max_blocks) {
      return core::error(core::ErrorCode::Exhausted, "more than 64 PEM blocks", at);
    }
    const std::size_t label_at = at + opening.size();
    const std::size_t label_end = text.find(dashes, label_at);
    if (label_end == std::string_view::npos || label_end - label_at > 64) {
      return core::error(core::ErrorCode::Malformed, "a PEM block without a label", at);
    }
    const std::string_view label = text.substr(label_at, label_end - label_at);
    const std::string closing = base::concat("-----END ", label, dashes);
    const std::size_t body = label_end + dashes.size();
    const std::size_t end = text.find(closing, body);
    if (end == std::string_view::npos) {
      return core::error(core::ErrorCode::Malformed, "a PEM block that does not end", at);
    }
    auto bytes = TRY(decode_base64(text.substr(body, end - body)));
    blocks.push_back({std::string(label), std::move(bytes)});
    at = end + closing.size();
    behind = at;
  }
  if (rule == PemRule::OnlyBlocks && !is_padding(text.substr(behind))) {
    return core::error(core::ErrorCode::Malformed, "text behind PEM blocks", behind);
  }
  return blocks;
}

core::Result<std::vector<std::vector<std::uint8_t>>> pem_certificates(std::string_view text) {
  std::vector<std::vector<std::uint8_t>> all;
  for (PemBlock& each : TRY(pem_blocks(text))) {
    if (each.label == "CERTIFICATE") all.push_back(std::move(each.bytes));
  }
  if (all.empty()) return core::error(core::ErrorCode::NotFound, "has no certificate in PEM");
  return all;
}

std::string to_pem(std::string_view label, core::ByteView bytes) {
  const std::string digits = encode_base64(bytes);
  std::string text = base::concat(opening, label, dashes, "\n");
  for (std::size_t i = 0; i < digits.size(); i += 64) {
    text += base::concat(std::string_view(digits).substr(i, 64), "\n");
  }
  return text + base::concat("-----END ", label, dashes, "\n");
}

}  // namespace merlon::codec
