#include "merlon/shim/sgx/attest.h"

#include <algorithm>

#include "merlon/core/attest_call.h"
#include "merlon/shim/linux/runtime.h"
#include "merlon/shim/sgx/leaves.h"

namespace merlon::shim::sgx {

namespace abi = linux::abi;
using core::AttestKind;
using linux::clear;
using linux::copy;

namespace {

// One thread; large and aligned, so not on its stack.
constinit Target target{};
constinit GivenData data{};
constinit Report report{};
constinit KeyRequest request{};
constinit Key key{};

/// A reserved bit would be an exception in the shim.
bool is_zero(core::ByteView bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// TARGETINFO [SDM vol. 3D]: byte 49, those between MISCSELECT and CONFIGID and those behind that
/// are reserved.
bool is_well_formed(const Target& given) noexcept {
  const core::ByteView bytes(given.bytes);
  return is_zero(bytes.subspan(49, 1)) && is_zero(bytes.subspan(56, 8)) &&
         is_zero(bytes.subspan(128));
}

/// KEYREQUEST: bytes 6 and 7, and those behind CONFIGSVN, are reserved. Of KEYPOLICY an enclave
/// without KSS, which this one is, has MRENCLAVE and MRSIGNER, and no CONFIGSVN.
bool is_well_formed(const KeyRequest& given) noexcept {
  constexpr unsigned policies = 3;
  constexpr std::size_t policy_at = 2, config_svn_at = 76;
  const core::ByteView bytes(given.bytes);
  return (bytes[policy_at] & ~policies) == 0 && bytes[policy_at + 1] == 0 &&
         is_zero(bytes.subspan(6, 2)) && is_zero(bytes.subspan(config_svn_at));
}

abi::SystemResult report_for(core::ByteView sent, core::ByteSpan room) noexcept {
  if (sent.size() != target_size + report_data_size || room.size() < report_size)
    return -abi::Inval;
  copy(target.bytes, sent.first(target_size));
  copy(data.bytes, sent.subspan(target_size));
  if (!is_well_formed(target)) return -abi::Inval;
  make_report(target, data, report);
  copy(room, core::ByteView(report.bytes));
  return static_cast<abi::SystemResult>(report_size);
}

abi::SystemResult key_for(core::ByteView sent, core::ByteSpan room) noexcept {
  if (sent.size() != key_request_size || room.size() < enclave_key_size) return -abi::Inval;
  copy(request.bytes, sent);
  if (!is_well_formed(request)) return -abi::Inval;
  const bool given = get_key(request, key);
  if (given) copy(room, core::ByteView(key.bytes));
  clear(key.bytes);
  return given ? static_cast<abi::SystemResult>(enclave_key_size) : -abi::Acces;
}

}  // namespace

std::optional<abi::SystemResult> ask_processor(std::uint64_t kind, core::ByteView sent,
                                               core::ByteSpan room) noexcept {
  if (kind == static_cast<std::uint64_t>(AttestKind::Report)) return report_for(sent, room);
  if (kind == static_cast<std::uint64_t>(AttestKind::Key)) return key_for(sent, room);
  return std::nullopt;
}

}  // namespace merlon::shim::sgx
