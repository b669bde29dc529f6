#include "merlon/shim/snp/protocol.h"

#include "merlon/shim/snp/machine.h"

namespace merlon::shim::snp {
namespace {

constexpr std::uint64_t code_mask = 0xfff;
constexpr std::uint64_t version_request = 0x002;
constexpr std::uint64_t version_answer = 0x001;
constexpr std::uint64_t feature_request = 0x080;
constexpr std::uint64_t feature_answer = 0x081;
constexpr std::uint64_t register_request = 0x012;
constexpr std::uint64_t register_answer = 0x013;
constexpr std::uint64_t page_request = 0x014;
constexpr std::uint64_t page_answer = 0x015;
constexpr std::uint64_t end_request = 0x100;

constexpr std::uint64_t version = 2;
constexpr std::uint64_t snp_feature = std::uint64_t{1} << 12U;
constexpr std::uint64_t to_shared = std::uint64_t{2} << 52U;

/// Of the reason's set: 0 is the specification's, 1 Linux's.
constexpr std::uint64_t own_set = 5;

std::uint64_t ask(std::uint64_t request) noexcept {
  snp_write_register(ghcb_register, request);
  snp_exit();
  return snp_read_register(ghcb_register);
}

}  // namespace

Trouble check_status() noexcept {
  const std::uint64_t found = snp_read_register(status_register);
  const bool good =
      (found & status::required) == status::required && (found & ~status::allowed) == 0;
  return good ? Trouble{} : Reason::Status;
}

Trouble check_versions() noexcept {
  const std::uint64_t answer = ask(version_request);
  if ((answer & code_mask) != version_answer) return Reason::Reply;
  const std::uint64_t most = answer >> 48U;
  const std::uint64_t least = answer >> 32U & 0xffff;
  if (least > version || most < version) return Reason::Version;
  const std::uint64_t bit = answer >> 24U & 0xff;
  return std::uint64_t{1} << (bit % 64) == sallyport::private_bit && bit < 64 ? Trouble{}
                                                                              : Reason::Encryption;
}

Trouble check_features() noexcept {
  const std::uint64_t answer = ask(feature_request);
  if ((answer & code_mask) != feature_answer) return Reason::Reply;
  return (answer & snp_feature) != 0 ? Trouble{} : Reason::Features;
}

Trouble share_page(std::uint64_t physical) noexcept {
  const std::uint64_t answer = ask(page_request | physical | to_shared);
  if ((answer & code_mask) != page_answer) return Reason::Reply;
  return answer == page_answer ? Trouble{} : Reason::Sharing;
}

Trouble register_ghcb(std::uint64_t physical) noexcept {
  const std::uint64_t answer = ask(register_request | physical);
  if ((answer & code_mask) != register_answer) return Reason::Reply;
  return answer == (register_answer | physical) ? Trouble{} : Reason::Registration;
}

std::uint64_t termination(Reason reason) noexcept {
  return end_request | own_set << 12U | static_cast<std::uint64_t>(reason) << 16U;
}

}  // namespace merlon::shim::snp
