#include "merlon/x509/crl.h"

#include <algorithm>
#include <optional>

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

Result<Crl> Crl::parse(ByteView given) {
  if (given.size() > max_crl_size) {
    return core::error(ErrorCode::Exhausted, "revocation list larger than 4 MiB", given.size());
  }
  Crl made;
  made.der_ = std::make_shared<const std::vector<std::uint8_t>>(given.begin(), given.end());
  DerReader outer(TRY(codec::der_whole(*made.der_, DerTag::Sequence)).content);
  const codec::DerElement tbs = TRY(outer.element(DerTag::Sequence));
  const codec::DerElement algorithm = TRY(outer.element(DerTag::Sequence));
  made.signed_ = {tbs.whole, TRY(parse_algorithm(algorithm.whole)), TRY(outer.bit_string())};
  TRY(outer.finish());

  DerReader body(tbs.content);
  if (TRY(body.number()) != 1) {
    return core::error(ErrorCode::Unsupported, "a revocation list that is not version 2");
  }
  if (!std::ranges::equal(TRY(body.element(DerTag::Sequence)).whole, algorithm.whole)) {
    return core::error(ErrorCode::Malformed, "two signature algorithms in one revocation list");
  }
  made.issuer_ = TRY(body.element(DerTag::Sequence)).whole;
  made.validity_.not_before = TRY(body.time());
  made.validity_.not_after = TRY(body.time());
  if (body.next_is(DerTag::Sequence)) {
    TRY(made.read_entries(TRY(body.enter(DerTag::Sequence))));
  }
  if (!body.at_end()) {
    TRY(made.read_extensions(TRY(body.enter(codec::context_tag(0, true)))));
  }
  TRY(body.finish());
  return made;
}

Result<void> Crl::read_entries(DerReader entries) {
  while (!entries.at_end()) {
    DerReader entry = TRY(entries.enter(DerTag::Sequence));
    serials_.push_back(TRY(entry.integer()));
    TRY(entry.time());
    if (!entry.at_end()) {
      for (const Extension& extension : TRY(parse_extensions(TRY(entry.enter(DerTag::Sequence))))) {
        if (extension.critical) {
          return core::error(ErrorCode::Unsupported, "an entry with a critical extension");
        }
      }
    }
    TRY(entry.finish());
  }
  return {};
}

Result<void> Crl::read_extensions(DerReader wrapper) {
  const auto extensions = TRY(parse_extensions(TRY(wrapper.enter(DerTag::Sequence))));
  TRY(wrapper.finish());
  for (const Extension& extension : extensions) {
    if (oid::crl_number.is(extension.oid)) {
      DerReader reader(extension.value);
      number_ = TRY(reader.integer());
      TRY(reader.finish());
    } else if (extension.critical) {
      return core::error(ErrorCode::Unsupported, "a revocation list with a critical extension");
    }
  }
  return {};
}

bool Crl::lists(ByteView serial) const noexcept {
  return std::ranges::any_of(serials_,
                             [&](ByteView each) { return std::ranges::equal(each, serial); });
}

namespace {

/// What follows the identifier and the length of a SEQUENCE, whether or not all of it is there.
std::optional<ByteView> begun_sequence(ByteView bytes) noexcept {
  if (bytes.size() < 2 || bytes[0] != static_cast<std::uint8_t>(DerTag::Sequence)) {
    return std::nullopt;
  }
  const std::size_t more = bytes[1] < 0x80 ? 0 : bytes[1] & 0x7FU;
  if (more > 4 || bytes.size() < 2 + more) return std::nullopt;
  return bytes.subspan(2 + more);
}

}  // namespace

bool is_shaped_as_crl(ByteView bytes) noexcept {
  const auto outer = begun_sequence(bytes);
  const auto tbs = outer ? begun_sequence(*outer) : std::nullopt;
  if (!tbs) return false;
  DerReader reader(*tbs);
  if (reader.next_is(DerTag::Integer) && !reader.any()) return false;
  // Algorithm and issuer; a certificate has another SEQUENCE behind them, a request none.
  if (!reader.element(DerTag::Sequence) || !reader.element(DerTag::Sequence)) return false;
  return reader.next_is(DerTag::UtcTime) || reader.next_is(DerTag::GeneralizedTime);
}

}  // namespace merlon::x509
