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
  const auto nothing = draft.digest();
  draft.put("a", mac(1));
  draft.put("b", mac(2));
  EXPECT_TRUE(draft.holds("a", mac(1)));
  EXPECT_FALSE(draft.holds("a", mac(2)));
  EXPECT_FALSE(draft.has("c"));
  const auto both = draft.digest();
  draft.put("a", mac(3));
  EXPECT_FALSE(draft.holds("a", mac(1)));
  EXPECT_NE(draft.digest(), both);
  draft.put("a", mac(1));
  EXPECT_EQ(draft.digest(), both);
  draft.drop("a");
  draft.drop("b");
  draft.drop("never");
  EXPECT_EQ(draft.digest(), nothing);
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
  const auto digest = draft.digest();
  ledger.adopt(draft);
  Ledger::Draft next(ledger);
  EXPECT_TRUE(next.holds("a", mac(1)));
  EXPECT_EQ(next.digest(), digest);
  next.drop("a");
  ledger.adopt(next);
  EXPECT_EQ(Ledger::Draft(ledger).digest(), Ledger::Draft(Ledger()).digest());
}

TEST(ReleaseLedger, IsOfOneContentAlone) {
  // Whatever it came from: rows that are put at once, after one another, or in another order.
  Ledger first;
  Ledger::Draft all(first);
  for (const char* const each : {"b", "a", "d", "c"}) all.put(each, mac(1));
  Ledger second;
  for (const char* const each : {"d", "x", "a", "c", "b"}) {
    Ledger::Draft one(second);
    one.put(each, mac(1));
    one.drop("x");
    second.adopt(one);
  }
  EXPECT_EQ(Ledger::Draft(second).digest(), all.digest());
  // Not of states that were exchanged, nor of any pair that cancels itself.
  Ledger::Draft exchanged(second);
  exchanged.put("a", mac(2));
  exchanged.put("b", mac(3));
  const auto one_way = exchanged.digest();
  exchanged.put("a", mac(3));
  exchanged.put("b", mac(2));
  EXPECT_NE(exchanged.digest(), one_way);
  Ledger::Draft pair(second);
  pair.put("e", mac(4));
  pair.put("f", mac(4));
  EXPECT_NE(pair.digest(), all.digest());
  // Where one name ends is told.
  Ledger::Draft longer(first);
  longer.put("ab", mac(1));
  longer.put("c", mac(1));
  Ledger::Draft shorter(first);
  shorter.put("a", mac(1));
  shorter.put("bc", mac(1));
  EXPECT_NE(longer.digest(), shorter.digest());
}

}  // namespace
}  // namespace merlon::release
