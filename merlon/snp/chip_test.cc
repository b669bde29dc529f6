#include "merlon/snp/chip.h"

#include <gtest/gtest.h>

namespace merlon::snp {
namespace {

const std::string id = std::string(126, 'a') + "0F";

TEST(Chip, IsNamedAsAmdAndEnarxNameIt) {
  const auto milan = Chip::parse("Milan", id, "3.0.20.209");
  ASSERT_TRUE(milan.has_value());
  EXPECT_EQ(milan->levels(), "3.0.20.209");
  EXPECT_EQ(milan->file(), "vcek-" + std::string(126, 'a') + "0f-03-00-20-209");
  const auto turin = Chip::parse("Turin", "00112233445566FF", "1.2.3.4.5");
  ASSERT_TRUE(turin.has_value());
  EXPECT_EQ(turin->levels(), "1.2.3.4.5");
  EXPECT_EQ(turin->file(), "vcek-00112233445566ff-01-02-03-04-05");
  EXPECT_EQ(Chip::parse("Turin", id, "1.2.3.4.5")->id_digits(), std::string(16, 'a'));
}

TEST(Chip, IsNothingElse) {
  for (const auto& [product, number, levels] :
       {std::array<std::string, 3>{"Naples", id, "3.0.20.209"},
        {"SIMULATOR", id, "3.0.20.209"},
        {"Milan-B0", id, "3.0.20.209"},
        {"Milan", id + "00", "3.0.20.209"},
        {"Milan", "00112233445566ff", "3.0.20.209"},
        {"Milan", "/" + id.substr(1), "3.0.20.209"},
        {"Milan", id, ""},
        {"Milan", id, "3.0.20"},
        {"Milan", id, "3.0.20.209."},
        {"Milan", id, "3.0.20.209.1"},
        {"Milan", id, "3.0.20.256"},
        {"Milan", id, "3.0.-2.9"},
        {"Milan", id, "3..20.9"},
        {"Milan", id, "3.0.20.9x"},
        {"Turin", id, "3.0.20.9"}}) {
    EXPECT_FALSE(Chip::parse(product, number, levels)) << product << " " << number << " " << levels;
  }
}

TEST(Chip, HasCertificatesOfItsOwnAlone) {
  const Chip chip = Chip::parse("Milan", id, "3.0.20.209").value();
  EndorsementExtensions good;
  good.product = Product::Milan;
  good.tcb = chip.tcb;
  good.hwid = std::vector<std::uint8_t>(chip.id.view().begin(), chip.id.view().end());
  EXPECT_TRUE(chip.is_of(good));
  EndorsementExtensions other = good;
  other.product = Product::Genoa;
  EXPECT_FALSE(chip.is_of(other));
  other = good;
  ++other.tcb.microcode;
  EXPECT_FALSE(chip.is_of(other));
  other = good;
  other.hwid->back() ^= 1;
  EXPECT_FALSE(chip.is_of(other));
  other.hwid->resize(8);
  EXPECT_FALSE(chip.is_of(other));
  other.hwid.reset();
  EXPECT_FALSE(chip.is_of(other));
  other = good;
  other.csp_id = "a provider";
  EXPECT_FALSE(chip.is_of(other));
}

}  // namespace
}  // namespace merlon::snp
