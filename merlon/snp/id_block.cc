#include "merlon/snp/id_block.h"

namespace merlon::snp {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::uint32_t curve_p384 = 2;
constexpr std::uint32_t ecdsa_p384_sha384 = 1;
constexpr std::uint32_t id_block_version = 1;
constexpr std::size_t number_size = 48;   // of a number of P-384
constexpr std::size_t number_place = 72;  // of the place for it

Result<void> check_size(ByteView bytes, std::size_t size, const char* what) noexcept {
  if (bytes.size() != size) return core::error(ErrorCode::Malformed, what, bytes.size());
  return {};
}

Result<void> zeros(Reader& reader, std::size_t count) noexcept {
  const std::size_t offset = reader.offset();
  for (const std::uint8_t byte : TRY(reader.bytes(count))) {
    if (byte != 0) {
      return core::error(ErrorCode::Malformed, "reserved bytes of an ID structure are not zero",
                         offset);
    }
  }
  return {};
}

/// Two numbers of 72 bytes, least significant first, of which the upper 24 must be zero.
template <typename Pair>
Result<Pair> read_pair(Reader& reader) noexcept {
  std::array<std::uint8_t, Pair::size> both{};
  for (std::size_t start = 0; start < Pair::size; start += number_size) {
    const ByteView number = TRY(reader.bytes(number_size));
    for (std::size_t i = 0; i < number_size; ++i) {
      both[start + i] = number[number_size - 1 - i];
    }
    TRY(zeros(reader, number_place - number_size));
  }
  return Pair::from(both);
}

/// Writes into an array of its own; what is not written stays zero.
template <std::size_t Size>
class Writer {
 public:
  void little(std::uint64_t value, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      bytes_[at_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
  void bytes(ByteView view) noexcept {
    std::ranges::copy(view, bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += view.size();
  }
  /// Two numbers, most significant byte first, as the firmware wants them.
  void pair(ByteView both) noexcept {
    for (std::size_t start = 0; start < both.size(); start += number_size) {
      for (std::size_t i = 0; i < number_size; ++i) {
        bytes_[at_ + i] = both[start + number_size - 1 - i];
      }
      at_ += number_place;
    }
  }
  void skip_to(std::size_t offset) noexcept { at_ = offset; }
  [[nodiscard]] const std::array<std::uint8_t, Size>& result() const noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, Size> bytes_{};
  std::size_t at_ = 0;
};

Result<void> check_algorithm(std::uint32_t algorithm) noexcept {
  if (algorithm == ecdsa_p384_sha384) return {};
  return core::error(ErrorCode::Unsupported, "an algorithm that is not ECDSA P-384 with SHA-384",
                     algorithm);
}

}  // namespace

Result<PublicKey> PublicKey::parse(ByteView bytes) noexcept {
  TRY(check_size(bytes, size, "a public key of SEV-SNP has 1028 bytes"));
  Reader reader(bytes);
  const std::uint32_t curve = TRY(reader.u32());
  if (curve != curve_p384) {
    return core::error(ErrorCode::Unsupported, "a public key of another curve than P-384", curve);
  }
  PublicKey key;
  key.point = TRY(read_pair<PublicPoint>(reader));
  TRY(zeros(reader, reader.remaining()));
  return key;
}

std::array<std::uint8_t, PublicKey::size> PublicKey::to_bytes() const noexcept {
  Writer<size> writer;
  writer.little(curve_p384, 4);
  writer.pair(point.view());
  return writer.result();
}

Result<Signature> Signature::parse(ByteView bytes) noexcept {
  TRY(check_size(bytes, size, "a signature of SEV-SNP has 512 bytes"));
  Reader reader(bytes);
  Signature signature;
  signature.numbers = TRY(read_pair<SignatureNumbers>(reader));
  TRY(zeros(reader, reader.remaining()));
  return signature;
}

std::array<std::uint8_t, Signature::size> Signature::to_bytes() const noexcept {
  Writer<size> writer;
  writer.pair(numbers.view());
  return writer.result();
}

Result<AuthorSignature> AuthorSignature::parse(ByteView bytes) noexcept {
  TRY(check_size(bytes, size, "the signature of an ID key with its author's key has 1540 bytes"));
  AuthorSignature made;
  made.signature = TRY(Signature::parse(bytes.first(Signature::size)));
  made.author = TRY(PublicKey::parse(bytes.subspan(Signature::size)));
  return made;
}

std::array<std::uint8_t, AuthorSignature::size> AuthorSignature::to_bytes() const noexcept {
  Writer<size> writer;
  writer.bytes(signature.to_bytes());
  writer.bytes(author.to_bytes());
  return writer.result();
}

Result<IdBlock> IdBlock::parse(ByteView bytes) noexcept {
  TRY(check_size(bytes, size, "an ID block has 96 bytes"));
  Reader reader(bytes);
  IdBlock block;
  block.digest = TRY(LaunchDigest::read(reader));
  block.family_id = TRY(FamilyId::read(reader));
  block.image_id = TRY(ImageId::read(reader));
  const std::uint32_t version = TRY(reader.u32());
  if (version != id_block_version) {
    return core::error(ErrorCode::Unsupported, "an ID block of another version than 1", version);
  }
  block.guest_svn = TRY(reader.u32());
  block.policy.bits = TRY(reader.u64());
  if (!block.policy.has_reserved_bits_right()) {
    return core::error(ErrorCode::Malformed, "reserved bits of POLICY are not as they must be",
                       0x58);
  }
  return block;
}

std::array<std::uint8_t, IdBlock::size> IdBlock::to_bytes() const noexcept {
  Writer<size> writer;
  writer.bytes(digest.view());
  writer.bytes(family_id.view());
  writer.bytes(image_id.view());
  writer.little(id_block_version, 4);
  writer.little(guest_svn, 4);
  writer.little(policy.bits, 8);
  return writer.result();
}

Result<IdAuth> IdAuth::parse(ByteView bytes) noexcept {
  TRY(check_size(bytes, size, "ID authentication information has 4096 bytes"));
  Reader reader(bytes);
  IdAuth auth;
  TRY(check_algorithm(TRY(reader.u32())));
  const std::uint32_t author_algorithm = TRY(reader.u32());
  TRY(zeros(reader, 0x040 - reader.offset()));
  auth.block_signature = TRY(Signature::parse(TRY(reader.bytes(Signature::size))));
  auth.id_key = TRY(PublicKey::parse(TRY(reader.bytes(PublicKey::size))));
  TRY(zeros(reader, 0x680 - reader.offset()));
  if (author_algorithm != 0) {
    TRY(check_algorithm(author_algorithm));
    auth.author = TRY(AuthorSignature::parse(TRY(reader.bytes(AuthorSignature::size))));
  }
  TRY(zeros(reader, reader.remaining()));
  return auth;
}

std::array<std::uint8_t, IdAuth::size> IdAuth::to_bytes() const noexcept {
  Writer<size> writer;
  writer.little(ecdsa_p384_sha384, 4);
  writer.little(author ? ecdsa_p384_sha384 : 0, 4);
  writer.skip_to(0x040);
  writer.bytes(block_signature.to_bytes());
  writer.bytes(id_key.to_bytes());
  writer.skip_to(0x680);
  if (author) writer.bytes(author->to_bytes());
  return writer.result();
}

}  // namespace merlon::snp
