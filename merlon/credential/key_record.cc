#include "merlon/credential/key_record.h"

#include <algorithm>
#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::credential {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNCRED";
constexpr std::uint32_t version = 1;

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

Result<void> check(const KeyRecord& record) {
  if (record.issuer.empty() || record.issuer.size() > KeyRecord::max_issuer_size ||
      !is_printable(record.issuer)) {
    return malformed("an issuer that has no name");
  }
  if (record.not_after <= record.not_before) return malformed("a key that never counts");
  if (record.limit < zk::min_limit) return malformed("a limit below 2");
  return {};
}

}  // namespace

Result<Bytes> KeyRecord::encode() const {
  TRY(check(*this));
  base::ByteWriter writer;
  writer.text(magic);
  writer.u32(version);
  writer.u64(number);
  writer.bytes(before.view());
  writer.bytes(policy.view());
  writer.u64(epoch);
  writer.u64(static_cast<std::uint64_t>(not_before.seconds));
  writer.u64(static_cast<std::uint64_t>(not_after.seconds));
  writer.u32(limit);
  writer.u8(development ? 1 : 0);
  writer.u8(static_cast<std::uint8_t>(issuer.size()));
  writer.text(issuer);
  writer.bytes(TRY(key.encode()));
  return writer.take();
}

Result<KeyRecord> KeyRecord::parse(ByteView bytes) {
  Reader reader(bytes);
  if (core::as_text(TRY(reader.bytes(magic.size()))) != magic || TRY(reader.u32()) != version) {
    return malformed("no record of a key");
  }
  KeyRecord record;
  record.number = TRY(reader.u64());
  record.before = TRY(KeyId::read(reader));
  record.policy = TRY(crypto::Sha256Digest::read(reader));
  record.epoch = TRY(reader.u64());
  record.not_before = {static_cast<std::int64_t>(TRY(reader.u64()))};
  record.not_after = {static_cast<std::int64_t>(TRY(reader.u64()))};
  record.limit = TRY(reader.u32());
  const std::uint8_t development = TRY(reader.u8());
  if (development > 1) return malformed("a flag that is neither 0 nor 1");
  record.development = development == 1;
  record.issuer = core::as_text(TRY(reader.bytes(TRY(reader.u8()))));
  record.key = TRY(zk::ArcPublicKey::decode(TRY(reader.bytes(reader.remaining()))));
  TRY(check(record));
  return record;
}

KeyId key_id(ByteView record) noexcept {
  return KeyId::from(crypto::sha256({record}).view()).value();
}

Result<KeyLog> KeyLog::parse(ByteView bytes) {
  if (bytes.size() > max_size) return core::error(ErrorCode::Exhausted, "a log that is too long");
  KeyLog log;
  for (Reader reader(bytes); !reader.at_end();) {
    TRY(log.add(TRY(reader.bytes(TRY(reader.u32())))));
  }
  return log;
}

Result<void> KeyLog::add(ByteView bytes) {
  KeyRecord record = TRY(KeyRecord::parse(bytes));
  const KeyId before = entries_.empty() ? KeyId() : entries_.back().id;
  if (record.number != entries_.size() || record.before != before) {
    return malformed("a key that does not follow the one before");
  }
  if (!entries_.empty() && record.issuer != entries_.front().record.issuer) {
    return malformed("a key of another issuer");
  }
  for (const Entry& each : entries_) {
    if (each.record.policy != record.policy) continue;
    if (record.epoch <= each.record.epoch || record.not_before < each.record.not_after) {
      return malformed("two keys of one policy for one time");
    }
  }
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(bytes.size()));
  writer.bytes(bytes);
  const Bytes sized = writer.take();
  if (bytes_.size() + sized.size() > max_size) {
    return core::error(ErrorCode::Exhausted, "a log that is too long");
  }
  bytes_.insert(bytes_.end(), sized.begin(), sized.end());
  entries_.push_back({key_id(bytes), std::move(record)});
  return {};
}

const KeyLog::Entry* KeyLog::find(const crypto::Sha256Digest& policy,
                                  codec::UnixTime now) const noexcept {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& each) {
    return each.record.policy == policy && each.record.is_valid_at(now);
  });
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace merlon::credential
