#include "merlon/release/deposit.h"

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/core/reader.h"

namespace merlon::release {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNDPST";
constexpr std::uint32_t deposit_version = 1;
constexpr std::size_t head_size = 16;
constexpr std::uint8_t hears = 1;

Result<void> check(const Deposit& deposit) {
  if (!base::is_label(deposit.name)) {
    return core::error(ErrorCode::Malformed, "a deposit's name is of a-z, 0-9, - and _");
  }
  if (deposit.releases == 0 || deposit.releases > max_releases) {
    return core::error(ErrorCode::Malformed, "a deposit for no release, or for too many",
                       deposit.releases);
  }
  if (deposit.until.seconds < 0) {
    return core::error(ErrorCode::Malformed, "a deposit that was always over");
  }
  if (deposit.policy.empty())
    return core::error(ErrorCode::Malformed, "a deposit without a policy");
  if (deposit.policy.size() > max_deposit_policy || deposit.offer.size() > max_offer ||
      deposit.input.reveal().size() > max_input) {
    return core::error(ErrorCode::Exhausted, "a part of the deposit is too large");
  }
  return {};
}

void put(base::ByteWriter& out, core::ByteView bytes) {
  out.u32(static_cast<std::uint32_t>(bytes.size()));
  out.bytes(bytes);
}

Result<core::ByteView> take(core::Reader& in, std::size_t most) {
  const std::uint32_t size = TRY(in.u32());
  if (size > most) {
    return core::error(ErrorCode::Exhausted, "a part of the deposit is too large", size);
  }
  return in.bytes(size);
}

crypto::SecretBytes secret(core::ByteView bytes) {
  return crypto::SecretBytes({bytes.begin(), bytes.end()});
}

}  // namespace

Result<crypto::SecretBytes> encode(const Deposit& deposit) {
  TRY(check(deposit));
  constexpr std::size_t numbers = 13 + 5 * 4;
  const std::size_t size = numbers + deposit.name.size() + deposit.policy.size() +
                           deposit.offer.size() + deposit.workload.reveal().size() +
                           deposit.input.reveal().size();
  if (size > max_deposit_size - head_size) {
    return core::error(ErrorCode::Exhausted, "the deposit is too large", size);
  }
  base::ByteWriter out;
  out.text(magic);
  out.u32(deposit_version);
  out.u32(static_cast<std::uint32_t>(size));
  out.u32(deposit.releases);
  out.u64(static_cast<std::uint64_t>(deposit.until.seconds));
  out.u8(deposit.host_hears ? hears : 0);
  put(out, core::as_bytes(deposit.name));
  put(out, core::as_bytes(deposit.policy));
  put(out, core::as_bytes(deposit.offer));
  put(out, deposit.workload.reveal());
  put(out, deposit.input.reveal());
  return crypto::SecretBytes(out.take());
}

Result<Deposit> decode_deposit(core::ByteView bytes) {
  if (bytes.size() > max_deposit_size) {
    return core::error(ErrorCode::Exhausted, "the deposit is too large", bytes.size());
  }
  core::Reader in(bytes);
  if (core::as_text(TRY(in.bytes(magic.size()))) != magic) {
    return core::error(ErrorCode::Malformed, "no deposit");
  }
  const std::uint32_t version = TRY(in.u32());
  if (version != deposit_version) {
    return core::error(ErrorCode::Unsupported, "a deposit of another version", version);
  }
  const std::uint32_t size = TRY(in.u32());
  if (size != in.remaining()) {
    return core::error(ErrorCode::Malformed, "a deposit of another size than it says", size);
  }
  Deposit deposit;
  deposit.releases = TRY(in.u32());
  const std::uint64_t until = TRY(in.u64());
  if (until > std::uint64_t{1} << 40U) {
    return core::error(ErrorCode::Malformed, "a deposit without an end", until);
  }
  deposit.until = {static_cast<std::int64_t>(until)};
  const std::uint8_t flags = TRY(in.u8());
  if (flags > hears) return core::error(ErrorCode::Malformed, "a flag that there is not", flags);
  deposit.host_hears = flags == hears;
  deposit.name = core::as_text(TRY(take(in, max_deposit_size)));
  deposit.policy = core::as_text(TRY(take(in, max_deposit_policy)));
  deposit.offer = core::as_text(TRY(take(in, max_offer)));
  deposit.workload = secret(TRY(take(in, max_deposit_size)));
  deposit.input = secret(TRY(take(in, max_input)));
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "bytes behind the deposit");
  TRY(check(deposit));
  return deposit;
}

void WipedWorkload::wipe() noexcept {
  launch::Message& message = workload_.message;
  if (message.package && message.package->key) crypto::wipe(*message.package->key);
  if (message.volume && message.volume->key) crypto::wipe(*message.volume->key);
}

Result<WipedWorkload> checked_workload(const Deposit& deposit) {
  WipedWorkload workload(TRY(delivery::decode(deposit.workload.reveal())));
  if (workload.get().message.package) return workload;
  return core::error(ErrorCode::Malformed, "a deposit names a package at a registry");
}

}  // namespace merlon::release
