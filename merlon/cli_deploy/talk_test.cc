#include "merlon/cli_deploy/talk.h"

#include <gtest/gtest.h>

namespace merlon::cli_deploy {
namespace {

using delivery::Direction;
using delivery::RecordKind;
using Bytes = std::vector<std::uint8_t>;

struct Heard final : Listener {
  void output(core::ByteView bytes) override { out += core::as_text(bytes); }
  void errors(core::ByteView bytes) override { err += core::as_text(bytes); }
  void remark(std::string_view text) override { remarks += text; }
  std::string out, err, remarks;
};

crypto::HpkeExporter exporter() { return crypto::HpkeExporter(crypto::SecretBytes(Bytes(32, 9))); }

class TenantsTalk : public ::testing::Test {
 protected:
  Bytes said(RecordKind kind, std::string_view content) {
    return keep_.seal(kind, core::as_bytes(content));
  }
  Bytes taken() { return keep_.seal(RecordKind::Taken, module_.view()); }

  crypto::Sha256Digest module_ = crypto::sha256({core::as_bytes("module")});
  delivery::RecordSealer keep_{delivery::record_key(exporter(), Direction::FromKeep)};
  Talk talk_{exporter(), module_};
  Heard heard_;
};

TEST_F(TenantsTalk, GivesTheWorkloadsWordsAndItsEnd) {
  EXPECT_TRUE(talk_.hear(taken(), heard_));
  EXPECT_TRUE(talk_.is_taken());
  EXPECT_TRUE(talk_.hear(said(RecordKind::Output, "out"), heard_));
  EXPECT_TRUE(talk_.hear(said(RecordKind::Errors, "err"), heard_));
  EXPECT_TRUE(talk_.hear(said(RecordKind::Remark, "trap"), heard_));
  EXPECT_FALSE(talk_.status());
  EXPECT_TRUE(talk_.hear(said(RecordKind::Ended, std::string_view("\x07\0\0\0", 4)), heard_));
  EXPECT_EQ(talk_.status(), 7U);
  EXPECT_EQ(heard_.out + heard_.err + heard_.remarks, "outerrtrap");
}

TEST_F(TenantsTalk, WantsToHearFirstThatItsModuleWasTaken) {
  EXPECT_FALSE(talk_.hear(said(RecordKind::Output, "out"), heard_));
  EXPECT_EQ(heard_.out, "");
}

TEST_F(TenantsTalk, RefusesAnotherModule) {
  const auto other = crypto::sha256({core::as_bytes("other")});
  EXPECT_FALSE(talk_.hear(keep_.seal(RecordKind::Taken, other.view()), heard_));
  EXPECT_FALSE(talk_.is_taken());
}

TEST_F(TenantsTalk, BelievesNothingBehindTheEnd) {
  EXPECT_TRUE(talk_.hear(taken(), heard_));
  EXPECT_TRUE(talk_.hear(said(RecordKind::Ended, std::string_view("\0\0\0\0", 4)), heard_));
  EXPECT_FALSE(talk_.hear(said(RecordKind::Output, "more"), heard_));
  EXPECT_EQ(heard_.out, "");
}

TEST_F(TenantsTalk, RefusesAStatusThatIsNone) {
  EXPECT_TRUE(talk_.hear(taken(), heard_));
  EXPECT_FALSE(talk_.hear(said(RecordKind::Ended, "12345"), heard_));
  EXPECT_FALSE(talk_.status());
}

TEST_F(TenantsTalk, RefusesWhatTheHostMadeUp) {
  EXPECT_TRUE(talk_.hear(taken(), heard_));
  EXPECT_FALSE(talk_.hear(Bytes(100, 1), heard_));
}

TEST_F(TenantsTalk, HearsWhichVolumeHasComeHowFar) {
  const Bytes id(delivery::VolumeMark::Id::size, 5);
  const delivery::VolumeMark mark{7, module_, delivery::VolumeMark::Id::from(id).value()};
  std::optional<delivery::VolumeMark> heard;
  talk_.when_marked([&](const delivery::VolumeMark& given) { heard = given; });
  EXPECT_TRUE(talk_.hear(taken(), heard_));
  EXPECT_TRUE(talk_.hear(keep_.seal(RecordKind::Mark, mark.bytes()), heard_));
  EXPECT_EQ(heard, mark);
  EXPECT_FALSE(talk_.hear(said(RecordKind::Mark, "of no volume"), heard_));
}

TEST_F(TenantsTalk, CarriesInputOfAnySize) {
  const Bytes given(3 * delivery::max_record_content + 5, 'i');
  delivery::RecordOpener in_keep(delivery::record_key(exporter(), Direction::ToKeep),
                                 Direction::ToKeep);
  in_keep.feed(talk_.input(given));
  in_keep.feed(talk_.input_end());
  Bytes got;
  for (auto record = in_keep.next(); record && *record; record = in_keep.next()) {
    if ((*record)->kind == RecordKind::InputEnd) break;
    got.insert(got.end(), (*record)->content.begin(), (*record)->content.end());
  }
  EXPECT_EQ(got, given);
}

}  // namespace
}  // namespace merlon::cli_deploy
