#include "merlon/verify/testing/attester.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::verify::testing {

namespace {

constexpr std::array<int, 10> days{0, 0, -12, -30, 5, 12, 30, 400, -400, -200};

/// What is offered, and the original of each part of it.
struct Offer {
  struct Part {
    Bytes bytes;
    const Ware* ware;
    [[nodiscard]] bool damaged() const { return bytes != ware->bytes; }
  };
  const Exhibit* exhibit = nullptr;
  bool carried = false;  ///< what is offered comes along with the evidence
  bool lists_may_miss = false;
  bool prepared = false;
  Bytes evidence;
  codec::UnixTime now;
  std::vector<Part> parts;
};

class Program {
 public:
  explicit Program(core::ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }
  std::uint8_t next() noexcept { return at_end() ? std::uint8_t{0} : bytes_[at_++]; }

 private:
  core::ByteView bytes_;
  std::size_t at_ = 0;
};

void damage(Bytes& bytes, Program& program) {
  if (bytes.empty()) return;
  const std::size_t at = (program.next() + 256U * program.next()) % bytes.size();
  const std::uint8_t change = program.next();
  if (change == 0) {
    bytes.resize(at);
  } else if (bytes[at] != '\n' && bytes[at] != '\r') {  // one line end is as good as the other
    bytes[at] ^= change;
  }
}

Offer offer_of(const Stock& stock, Program program) {
  constexpr std::size_t max_parts = 64;
  Offer offer;
  offer.exhibit = &stock.exhibits[program.next() % stock.exhibits.size()];
  offer.evidence = offer.exhibit->bytes;
  const std::uint8_t how = program.next();
  offer.carried = (how & 32U) != 0;
  offer.lists_may_miss = (how & 64U) != 0;
  offer.prepared = (how & 128U) != 0;
  const std::int64_t day = days[(how & 15U) % days.size()];
  offer.now = {x509::testing::test_now.seconds + day * codec::seconds_per_day};
  while (!program.at_end() && offer.parts.size() < max_parts) {
    const std::uint8_t what = program.next();
    if (what >= 128) {
      damage(offer.parts.empty() ? offer.evidence : offer.parts.back().bytes, program);
      continue;
    }
    const std::size_t index = what % (stock.wares.size() + 1);
    for (std::size_t i = 0; i < stock.wares.size(); ++i) {
      const Ware& ware = stock.wares[i];
      const bool meant = index < stock.wares.size() ? i == index : ware.effect == Effect::Serves;
      if (meant) offer.parts.push_back({ware.bytes, &ware});
    }
  }
  return offer;
}

bool counts(const Ware& ware, codec::UnixTime now) noexcept {
  return ware.from <= now && now <= ware.until;
}

bool brings(const Exhibit& exhibit, Role role) noexcept {
  return (exhibit.has_ca && role == Role::Ca) || (exhibit.has_root && role == Role::Root);
}

enum class Answer : std::uint8_t { No, Either, Yes };

bool is_list(Role role) noexcept {
  return role == Role::RootList || role == Role::SecondList || role == Role::CaList;
}

bool serves(const Offer& offer, const Offer::Part& part) {
  return part.ware->effect == Effect::Serves && counts(*part.ware, offer.now) && !part.damaged();
}

Answer fills(const Offer& offer, Role role) {
  bool any = false;
  bool damaged = false;
  bool other_list = false;  // of the same issuer
  bool unsound = false;     // one of that issuer does not count
  for (const Offer::Part& part : offer.parts) {
    const bool other = (role == Role::RootList && part.ware->role == Role::SecondList) ||
                       (role == Role::SecondList && part.ware->role == Role::RootList);
    other_list = other_list || other;
    const bool counted = serves(offer, part);
    unsound = unsound || ((other || part.ware->role == role) && !counted && !part.damaged());
    if (part.ware->role != role) continue;
    // A list that comes along says what is revoked, and not what is not.
    if (serves(offer, part) && !(offer.carried && is_list(role))) return Answer::Yes;
    any = true;
    damaged = damaged || part.damaged();
  }
  if (!is_list(role) || !offer.lists_may_miss) return Answer::No;
  if (offer.carried && !damaged) return Answer::Yes;
  // One of the root's that does not count may be the one that is missing.
  const bool of_two = role == Role::SecondList || other_list;
  if (of_two && unsound && !offer.carried) return Answer::No;
  // Which of the two of one issuer is missing nobody can tell.
  if (other_list || role == Role::SecondList)
    return any || other_list ? Answer::Either : Answer::Yes;
  // A stranger's or a stale one is not a missing one. A damaged one may be another issuer's by now.
  if (damaged) return Answer::Either;
  return any ? Answer::No : Answer::Yes;
}

/// The answer that is right.
Answer deserved(const Stock& stock, const Offer& offer) {
  if (!offer.exhibit->sound || offer.evidence != offer.exhibit->bytes) return Answer::No;
  for (const Offer::Part& part : offer.parts) {
    const Effect effect = part.damaged() ? Effect::None : part.ware->effect;
    if (effect == Effect::Refuses) return Answer::No;
    if (effect == Effect::RefusesOnceIssued && part.ware->from <= offer.now) return Answer::No;
  }
  Answer all = Answer::Yes;
  for (const Role role : stock.needs) {
    if (!brings(*offer.exhibit, role)) all = std::min(all, fills(offer, role));
  }
  return all;
}

evidence::Endorsements endorsements_of(const Offer& offer) {
  evidence::Endorsements all;
  for (const Offer::Part& part : offer.parts) {
    switch (part.ware->role) {
      case Role::Root:
      case Role::Ca:
      case Role::Leaf:
      case Role::Signer: (void)all.add_certificate(part.bytes); break;
      case Role::SecondList: (void)all.add_revocation_list(part.bytes, "ark-vlek.crl"); break;
      case Role::RootList:
      case Role::CaList: (void)all.add_revocation_list(part.bytes); break;
      case Role::TcbInfo:
      case Role::Identity: (void)all.add_document(core::as_text(part.bytes)); break;
    }
  }
  return all;
}

std::string refusals_text(const Appraisal& appraisal) {
  std::string text;
  for (const Check check : appraisal.refusals()) text += base::concat(" ", row_of(check).name);
  return text;
}

}  // namespace

std::optional<std::string> contradiction(const Stock& stock, core::ByteView bytes) {
  const Offer offer = offer_of(stock, Program(bytes));
  const Answer right = deserved(stock, offer);
  const auto evidence = evidence::Evidence::parse(offer.evidence);
  if (!evidence) {
    if (right != Answer::Yes) return std::nullopt;
    return base::concat("good evidence cannot be read: ", evidence.error().what);
  }
  Policy policy = stock.policy;
  if (offer.lists_may_miss) policy.revocation = RevocationRule::IfPresent;
  const evidence::Endorsements all = endorsements_of(offer);
  const evidence::Endorsements none;
  const evidence::Endorsements& own = offer.carried ? none : all;
  const evidence::Endorsements& carried = offer.carried ? all : none;
  const Collateral collateral =
      offer.prepared ? Collateral::prepare(own, carried) : Collateral::parse(own, carried);
  const Appraisal appraisal = appraise(*evidence, collateral, policy, Moment::asked_for(offer.now));
  if (right == Answer::Yes && !appraisal.accepted()) {
    return base::concat("refused by", refusals_text(appraisal));
  }
  if (right == Answer::No && appraisal.accepted()) return "accepted";
  const bool lasts = appraisal.expiry && offer.now <= *appraisal.expiry;
  if (appraisal.accepted() && !lasts) return "accepted, and over already";
  return std::nullopt;
}

}  // namespace merlon::verify::testing
