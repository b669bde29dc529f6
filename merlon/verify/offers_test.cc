// Whatever an attester offers: what is good is accepted, and nothing else.

#include <random>

#include <gtest/gtest.h>

#include "merlon/verify/testing/attester.h"

namespace merlon::verify::testing {
namespace {

class Offers : public ::testing::TestWithParam<std::size_t> {
 protected:
  static const std::vector<Stock>& all() {
    static const std::vector<Stock> made = stocks();
    return made;
  }
  const Stock& stock() const { return all().at(GetParam()); }

  void expect_right(const Bytes& program) const {
    const auto wrong = contradiction(stock(), program);
    EXPECT_FALSE(wrong) << *wrong << " by program " << ::testing::PrintToString(program);
  }
};

constexpr std::uint8_t first_exhibit = 0, today = 0, damage = 128;
constexpr std::uint8_t carried = 32, lists_may_miss = 64, prepared = 128;

TEST_P(Offers, AllThatServesIsEnoughForWhatIsSoundAlone) {
  for (std::uint8_t exhibit = 0; exhibit < stock().exhibits.size(); ++exhibit) {
    for (const std::uint8_t how :
         {today, lists_may_miss, prepared, carried, std::uint8_t{carried | lists_may_miss}}) {
      expect_right({exhibit, how, all_that_serve(stock())});
      expect_right({exhibit, how});
    }
  }
}

TEST_P(Offers, EachWareBesideAllThatServes) {
  for (std::uint8_t ware = 0; ware < stock().wares.size(); ++ware) {
    const auto another_day = static_cast<std::uint8_t>(1 + ware % 9);
    for (const std::uint8_t day :
         {today, another_day, carried, std::uint8_t{carried | lists_may_miss}}) {
      expect_right({first_exhibit, day, ware, all_that_serve(stock())});
      expect_right({first_exhibit, day, all_that_serve(stock()), ware});
    }
  }
}

TEST_P(Offers, AllButOneThatServe) {
  for (std::uint8_t without = 0; without < stock().wares.size(); ++without) {
    for (const std::uint8_t how : {today, lists_may_miss}) {
      Bytes program{first_exhibit, how};
      for (std::uint8_t ware = 0; ware < stock().wares.size(); ++ware) {
        const bool serves = stock().wares[ware].effect == Effect::Serves;
        if (serves && ware != without) program.push_back(ware);
      }
      expect_right(program);
    }
  }
}

TEST_P(Offers, AnythingAtAll) {
  std::mt19937 random(20250615);
  for (int round = 0; round < 200; ++round) {
    Bytes program;
    for (auto left = 3 + random() % 12; left > 0; --left) {
      program.push_back(static_cast<std::uint8_t>(random()));
    }
    if (random() % 2 == 0) program[0] = first_exhibit;  // a yes should be deserved now and then
    if (random() % 2 == 0) {
      program.insert(program.begin() + 2 + static_cast<std::ptrdiff_t>(random() % 2),
                     all_that_serve(stock()));
    }
    expect_right(program);
  }
}

TEST_P(Offers, DamageTakesTheEffect) {
  std::mt19937 random(14);
  for (std::uint8_t ware = 0; ware < stock().wares.size(); ++ware) {
    const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
    const auto change = static_cast<std::uint8_t>(1U << random() % 8);
    expect_right(
        {first_exhibit, today, all_that_serve(stock()), ware, damage, byte(), byte(), change});
    Bytes alone{first_exhibit, today};
    for (std::uint8_t each = 0; each < stock().wares.size(); ++each) {
      if (stock().wares[each].effect != Effect::Serves) continue;
      alone.push_back(each);
      if (each == ware) alone.insert(alone.end(), {damage, byte(), byte(), change});
    }
    expect_right(alone);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Offers, ::testing::Values(0, 1, 2, 3), [](const auto& stock) {
  return std::string(std::array{"Sgx", "Tdx", "Vcek", "Vlek"}.at(stock.param));
});

}  // namespace
}  // namespace merlon::verify::testing
