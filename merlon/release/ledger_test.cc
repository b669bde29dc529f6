#include "merlon/release/ledger.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::release {
namespace {

Ledger::Mac mac(std::uint8_t byte) {
  return Ledger::Mac::from(std::vector<std::uint8_t>(Ledger::Mac::size, byte)).value();
}

TEST(ReleaseLedger, KnowsWhatIsThereAndNothingElse) {
  Ledger ledger;
  Ledger::Draft draft(ledger);
  const auto nothing = draft.sum();
  draft.put("a", mac(1));
  draft.put("b", mac(2));
  EXPECT_TRUE(draft.holds("a", mac(1)));
  EXPECT_FALSE(draft.holds("a", mac(2)));
  EXPECT_FALSE(draft.has("c"));
  const auto both = draft.sum();
  draft.put("a", mac(3));
  EXPECT_FALSE(draft.holds("a", mac(1)));
  EXPECT_NE(draft.sum(), both);
  draft.put("a", mac(1));
  EXPECT_EQ(draft.sum(), both);
  draft.drop("a");
  draft.drop("b");
  draft.drop("never");
  EXPECT_EQ(draft.sum(), nothing);
  EXPECT_FALSE(draft.has("a"));
}

TEST(ReleaseLedger, TakesADraftWholeOrNotAtAll) {
  Ledger ledger;
  {
    Ledger::Draft draft(ledger);
    draft.put("a", mac(1));
  }
  EXPECT_FALSE(Ledger::Draft(ledger).has("a"));
  Ledger::Draft draft(ledger);
  draft.put("a", mac(1));
  draft.turn(mac(9));
  const auto sum = draft.sum();
  ledger.adopt(draft);
  Ledger::Draft next(ledger);
  EXPECT_TRUE(next.holds("a", mac(1)));
  EXPECT_EQ(next.sum(), sum);
  next.turn(mac(9));
  next.drop("a");
  ledger.adopt(next);
  EXPECT_EQ(Ledger::Draft(ledger).sum(), Ledger::Sum{});
}

}  // namespace
}  // namespace merlon::release
