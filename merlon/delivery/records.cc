#include "merlon/delivery/records.h"

#include <algorithm>
#include <array>

#include "merlon/core/check.h"
#include "merlon/core/reader.h"

namespace merlon::delivery {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t size_size = 4;

crypto::AesGcmKey::Nonce nonce_of(std::uint64_t number) noexcept {
  crypto::AesGcmKey::Nonce nonce{};
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    nonce[nonce.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return nonce;
}

std::array<std::uint8_t, size_size> encoded(std::uint32_t size) noexcept {
  std::array<std::uint8_t, size_size> bytes{};
  for (std::size_t i = 0; i < size_size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(size >> (8 * i));
  }
  return bytes;
}

std::optional<RecordKind> kind_of(std::uint8_t number) noexcept {
  switch (static_cast<RecordKind>(number)) {
    case RecordKind::Taken:
    case RecordKind::Output:
    case RecordKind::Errors:
    case RecordKind::Remark:
    case RecordKind::Ended:
    case RecordKind::Mark:
    case RecordKind::Input:
    case RecordKind::InputEnd: return static_cast<RecordKind>(number);
  }
  return std::nullopt;
}

}  // namespace

Direction direction_of(RecordKind kind) noexcept {
  switch (kind) {
    case RecordKind::Taken:
    case RecordKind::Output:
    case RecordKind::Errors:
    case RecordKind::Remark:
    case RecordKind::Ended:
    case RecordKind::Mark: return Direction::FromKeep;
    case RecordKind::Input:
    case RecordKind::InputEnd: break;
  }
  return Direction::ToKeep;
}

crypto::SecretBytes record_secret(const crypto::HpkeExporter& exporter, Direction direction) {
  constexpr std::string_view to_keep = "merlon/talk/v1 to keep";
  constexpr std::string_view from_keep = "merlon/talk/v1 from keep";
  const std::string_view context = direction == Direction::ToKeep ? to_keep : from_keep;
  return exporter.secret(core::as_bytes(context), crypto::AesGcmKey::size);
}

crypto::AesGcmKey record_key(const crypto::HpkeExporter& exporter, Direction direction) {
  return crypto::AesGcmKey(record_secret(exporter, direction).reveal());
}

std::vector<std::uint8_t> RecordSealer::seal(RecordKind kind, ByteView content) {
  MERLON_CHECK(content.size() <= max_record_content);
  const std::uint64_t number = next_++;
  MERLON_CHECK(next_ != 0);
  std::vector<std::uint8_t> inner{static_cast<std::uint8_t>(kind)};
  inner.insert(inner.end(), content.begin(), content.end());
  const auto size = encoded(static_cast<std::uint32_t>(content.size() + record_overhead));
  const auto sealed = key_.seal(nonce_of(number), size, inner);
  crypto::wipe(inner);
  std::vector<std::uint8_t> record(size.begin(), size.end());
  record.insert(record.end(), sealed.text.begin(), sealed.text.end());
  record.insert(record.end(), sealed.tag.begin(), sealed.tag.end());
  return record;
}

void RecordOpener::feed(ByteView bytes) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<Record>> RecordOpener::next() {
  if (broken_) return *broken_;
  auto record = take();
  if (!record) broken_ = record.error();
  return record;
}

Result<std::optional<Record>> RecordOpener::take() {
  core::Reader in(ByteView(waiting_).subspan(taken_));
  if (in.remaining() < size_size) return std::optional<Record>();
  const ByteView beside = TRY(in.bytes(size_size));
  const std::uint32_t size = TRY(core::Reader(beside).u32());
  if (size < record_overhead || size > max_record_size) {
    return core::error(ErrorCode::Malformed, "a record of an impossible size", size);
  }
  if (in.remaining() < size) return std::optional<Record>();
  const ByteView text = TRY(in.bytes(size - crypto::gcm_tag_size));
  crypto::AesGcmKey::Tag tag{};
  std::ranges::copy(TRY(in.bytes(crypto::gcm_tag_size)), tag.begin());
  auto inner = key_.open(nonce_of(next_), beside, text, tag);
  if (!inner) return core::error(ErrorCode::Denied, "a record that the other side did not make");
  ++next_;
  taken_ += in.offset();
  const auto kind = kind_of(inner->front());
  if (!kind || direction_of(*kind) != direction_) {
    return core::error(ErrorCode::Malformed, "a record of an unknown kind", inner->front());
  }
  inner->erase(inner->begin());
  return std::optional(Record{*kind, *std::move(inner)});
}

}  // namespace merlon::delivery
