#include "merlon/verify/testing/attester.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::verify::testing {

namespace {

constexpr std::array<int, 9> days{0, 0, -12, -30, 5, 12, 30, 400, -400};

/// What is offered, and the original of each part of it.
struct Offer {
  struct Part {
    Bytes bytes;
    const Ware* ware;
    [[nodiscard]] bool damaged() const { return bytes != ware->bytes; }
  };
  const Exhibit* exhibit = nullptr;
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
  const std::int64_t day = days[program.next() % days.size()];
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
  return exhibit.has_chain && (role == Role::Ca || role == Role::Root);
}

/// The answer that is right.
bool deserves_a_yes(const Stock& stock, const Offer& offer) {
  if (!offer.exhibit->sound || offer.evidence != offer.exhibit->bytes) return false;
  for (const Offer::Part& part : offer.parts) {
    const Effect effect = part.damaged() ? Effect::None : part.ware->effect;
    if (effect == Effect::Refuses) return false;
    if (effect == Effect::RefusesInTime && counts(*part.ware, offer.now)) return false;
  }
  return std::ranges::all_of(stock.needs, [&](Role role) {
    if (brings(*offer.exhibit, role)) return true;
    return std::ranges::any_of(offer.parts, [&](const Offer::Part& part) {
      return part.ware->role == role && part.ware->effect == Effect::Serves && !part.damaged() &&
             counts(*part.ware, offer.now);
    });
  });
}

evidence::Endorsements endorsements_of(const Offer& offer) {
  evidence::Endorsements all;
  for (const Offer::Part& part : offer.parts) {
    switch (part.ware->role) {
      case Role::Root:
      case Role::Ca:
      case Role::Leaf:
      case Role::Signer: (void)all.add_certificate(part.bytes); break;
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
  const bool deserved = deserves_a_yes(stock, offer);
  const auto evidence = evidence::Evidence::parse(offer.evidence);
  if (!evidence) {
    if (!deserved) return std::nullopt;
    return base::concat("good evidence cannot be read: ", evidence.error().what);
  }
  const Appraisal appraisal =
      appraise(*evidence, Collateral::parse(endorsements_of(offer)), stock.policy, offer.now);
  if (appraisal.accepted() != deserved) {
    return base::concat(deserved ? "refused by" : "accepted", refusals_text(appraisal));
  }
  const bool lasts = appraisal.expiry && offer.now <= *appraisal.expiry;
  if (deserved && !lasts) return "accepted, and over already";
  return std::nullopt;
}

}  // namespace merlon::verify::testing
