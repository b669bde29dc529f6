#include "merlon/statement/request.h"

#include "merlon/base/byte_writer.h"

namespace merlon::statement {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;
using zk::P256Point;
using zk::P256Scalar;

namespace {

enum class Kind : std::uint8_t {
  Commit = 1,
  CommitWith = 2,
  ProveAtLeast = 3,
  ProveEqual = 4,
  ProveSum = 5,
  VerifyAtLeast = 6,
  VerifyEqual = 7,
  VerifySum = 8,
};
constexpr std::uint8_t last_kind = 8;

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

// Reading, field by field.

Result<P256Point> read_point(Reader& reader) {
  return P256Point::decode(TRY(reader.bytes(P256Point::size)));
}

/// Zero would show the number.
Result<P256Scalar> read_blinding(Reader& reader) {
  const P256Scalar blinding = TRY(P256Scalar::decode(TRY(reader.bytes(P256Scalar::size))));
  if (blinding.is_zero()) return malformed("a blinding of zero");
  return blinding;
}

Result<Opening> read_opening(Reader& reader) {
  Opening opening;
  opening.number = TRY(reader.u64());
  opening.blinding = TRY(read_blinding(reader));
  return opening;
}

Result<std::int64_t> read_signed(Reader& reader) {
  return static_cast<std::int64_t>(TRY(reader.u64()));
}

Result<std::int64_t> read_times(Reader& reader) {
  const std::int64_t times = TRY(read_signed(reader));
  if (times == 0) return malformed("a number that is taken no time");
  return times;
}

Result<std::uint8_t> read_count(Reader& reader) {
  const std::uint8_t count = TRY(reader.u8());
  if (count == 0 || count > Sum::max_parts) return malformed("a sum of 1 to 32 numbers");
  return count;
}

Result<zk::Threshold> read_threshold(Reader& reader) {
  const std::uint64_t least = TRY(reader.u64());
  const std::uint8_t bits = TRY(reader.u8());
  if (bits < 1 || bits > zk::Threshold::max_bits) return malformed("1 to 63 bits");
  return zk::Threshold{least, bits};
}

Result<Request::What> read_commit(Reader& reader, bool is_given) {
  Commit commit;
  commit.number = TRY(reader.u64());
  if (is_given) commit.blinding = TRY(read_blinding(reader));
  return Request::What(std::move(commit));
}

Result<Request::What> read_prove_sum(Reader& reader) {
  ProveSum sum;
  const std::uint8_t count = TRY(read_count(reader));
  for (std::uint8_t i = 0; i < count; ++i) {
    const std::int64_t times = TRY(read_times(reader));
    Opening opening = TRY(read_opening(reader));
    sum.parts.push_back({times, std::move(opening)});
  }
  sum.total = TRY(read_signed(reader));
  return Request::What(std::move(sum));
}

Result<Claim> read_sum(Reader& reader) {
  Sum sum;
  const std::uint8_t count = TRY(read_count(reader));
  for (std::uint8_t i = 0; i < count; ++i) {
    const std::int64_t times = TRY(read_times(reader));
    P256Point point = TRY(read_point(reader));
    sum.parts.push_back({times, std::move(point)});
  }
  sum.total = TRY(read_signed(reader));
  return Claim(std::move(sum));
}

Result<Claim> read_claim(Reader& reader, Kind kind) {
  if (kind == Kind::VerifySum) return read_sum(reader);
  if (kind == Kind::VerifyEqual) {
    P256Point one = TRY(read_point(reader));
    P256Point other = TRY(read_point(reader));
    return Claim(Equal{std::move(one), std::move(other)});
  }
  const zk::Threshold threshold = TRY(read_threshold(reader));
  P256Point point = TRY(read_point(reader));
  return Claim(AtLeast{threshold, std::move(point)});
}

Result<Request::What> read_verify(Reader& reader, Kind kind) {
  Claim claim = TRY(read_claim(reader, kind));
  const ByteView proof = TRY(reader.bytes(proof_size(claim)));
  return Request::What(Verify{std::move(claim), {proof.begin(), proof.end()}});
}

Result<Request::What> read_what(Reader& reader, Kind kind) {
  switch (kind) {
    case Kind::Commit: return read_commit(reader, false);
    case Kind::CommitWith: return read_commit(reader, true);
    case Kind::ProveAtLeast: {
      const zk::Threshold threshold = TRY(read_threshold(reader));
      Opening opening = TRY(read_opening(reader));
      return Request::What(ProveAtLeast{threshold, std::move(opening)});
    }
    case Kind::ProveEqual: {
      Opening one = TRY(read_opening(reader));
      Opening other = TRY(read_opening(reader));
      return Request::What(ProveEqual{std::move(one), std::move(other)});
    }
    case Kind::ProveSum: return read_prove_sum(reader);
    case Kind::VerifyAtLeast:
    case Kind::VerifyEqual:
    case Kind::VerifySum: return read_verify(reader, kind);
  }
  return malformed("a kind that is not known");
}

// Writing.

struct Writer {
  base::ByteWriter to;
  bool failed = false;

  void point(const P256Point& point) {
    const auto encoded = point.encode();
    failed = failed || !encoded;
    if (encoded) to.bytes(encoded->view());
  }
  void scalar(const P256Scalar& scalar) { to.bytes(scalar.encode().view()); }
  void number(std::int64_t number) { to.u64(static_cast<std::uint64_t>(number)); }
  void opening(const Opening& opening) {
    to.u64(opening.number);
    scalar(opening.blinding);
  }
  void threshold(const zk::Threshold& threshold) {
    to.u64(threshold.least);
    to.u8(threshold.bits);
  }

  void what(const Commit& commit) {
    to.u64(commit.number);
    if (commit.blinding) scalar(*commit.blinding);
  }
  void what(const ProveAtLeast& prove) {
    threshold(prove.threshold);
    opening(prove.opening);
  }
  void what(const ProveEqual& prove) {
    opening(prove.one);
    opening(prove.other);
  }
  void what(const ProveSum& prove) {
    to.u8(static_cast<std::uint8_t>(prove.parts.size()));
    for (const OwnPart& part : prove.parts) {
      number(part.times);
      opening(part.opening);
    }
    number(prove.total);
  }
  void claim(const AtLeast& claim) {
    threshold(claim.threshold);
    point(claim.commitment);
  }
  void claim(const Equal& claim) {
    point(claim.one);
    point(claim.other);
  }
  void claim(const Sum& claim) {
    to.u8(static_cast<std::uint8_t>(claim.parts.size()));
    for (const Part& part : claim.parts) {
      number(part.times);
      point(part.commitment);
    }
    number(claim.total);
  }
  void what(const Verify& verify) {
    std::visit([this](const auto& each) { claim(each); }, verify.claim);
    to.bytes(verify.proof);
  }
};

struct KindOf {
  Kind operator()(const Commit& commit) const {
    return commit.blinding ? Kind::CommitWith : Kind::Commit;
  }
  Kind operator()(const ProveAtLeast&) const { return Kind::ProveAtLeast; }
  Kind operator()(const ProveEqual&) const { return Kind::ProveEqual; }
  Kind operator()(const ProveSum&) const { return Kind::ProveSum; }
  Kind operator()(const Verify& verify) const { return std::visit(*this, verify.claim); }
  Kind operator()(const AtLeast&) const { return Kind::VerifyAtLeast; }
  Kind operator()(const Equal&) const { return Kind::VerifyEqual; }
  Kind operator()(const Sum&) const { return Kind::VerifySum; }
};

void overwrite(std::uint64_t& number) noexcept {
  // SAFETY: the bytes of an integer that is ours.
  crypto::wipe({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
}

Result<Request> parsed(Reader& reader, Kind kind) {
  const std::uint16_t size = TRY(reader.u16());
  const bool is_commit = kind == Kind::Commit || kind == Kind::CommitWith;
  if (size > (is_commit ? 0 : max_context_size)) return malformed("a context that is too long");
  const ByteView context = TRY(reader.bytes(size));
  Request::What what = TRY(read_what(reader, kind));
  Request request{{context.begin(), context.end()}, std::move(what)};
  if (!reader.at_end()) return malformed("something behind the end");
  return request;
}

}  // namespace

Opening::~Opening() { overwrite(number); }
Commit::~Commit() { overwrite(number); }

Result<crypto::SecretBytes> Request::encode() const {
  Writer writer;
  writer.to.reserve(max_request_size);
  writer.to.u8(format_version);
  writer.to.u8(static_cast<std::uint8_t>(std::visit(KindOf(), what)));
  writer.to.u16(static_cast<std::uint16_t>(context.size()));
  writer.to.bytes(context);
  std::visit([&](const auto& each) { writer.what(each); }, what);
  crypto::SecretBytes bytes(writer.to.take());
  if (writer.failed) return core::error(ErrorCode::Internal, "a commitment without an encoding");
  if (!parse(bytes.reveal())) return malformed("not a request that can be asked");
  return bytes;
}

Result<Request, Refusal> Request::parse(ByteView bytes) {
  if (bytes.size() > max_request_size) return Refusal::Form;
  Reader reader(bytes);
  const auto version = reader.u8();
  const auto kind = reader.u8();
  if (!version || !kind) return Refusal::Form;
  if (*version != format_version || *kind == 0 || *kind > last_kind) return Refusal::Kind;
  auto request = parsed(reader, static_cast<Kind>(*kind));
  if (!request) return Refusal::Form;
  return *std::move(request);
}

crypto::SecretBytes Answer::encode() const {
  const ByteView own = refusal ? ByteView() : content.reveal();
  Bytes bytes;
  bytes.reserve(2 + own.size());  // nothing is left behind by growing
  bytes.push_back(format_version);
  bytes.push_back(refusal ? static_cast<std::uint8_t>(*refusal) : 0);
  bytes.insert(bytes.end(), own.begin(), own.end());
  return crypto::SecretBytes(std::move(bytes));
}

Result<Answer> Answer::parse(ByteView bytes) {
  Reader reader(bytes);
  if (TRY(reader.u8()) != format_version) return malformed("an answer of another version");
  const std::uint8_t code = TRY(reader.u8());
  const ByteView rest = TRY(reader.bytes(reader.remaining()));
  if (code > static_cast<std::uint8_t>(Refusal::Random) || (code != 0 && !rest.empty())) {
    return malformed("no answer");
  }
  Answer answer;
  if (code != 0) answer.refusal = static_cast<Refusal>(code);
  answer.content = crypto::SecretBytes(Bytes(rest.begin(), rest.end()));
  return answer;
}

}  // namespace merlon::statement
