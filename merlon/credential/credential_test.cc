#include <set>

#include <gtest/gtest.h>

#include "merlon/credential/admission.h"
#include "merlon/credential/holder.h"

namespace merlon::credential {
namespace {

constexpr codec::UnixTime now{5500};

IssuingKey key_of(std::string issuer, std::uint64_t epoch = 5) {
  KeyRecord record;
  record.issuer = std::move(issuer);
  record.policy = crypto::sha256({});
  record.epoch = epoch;
  record.not_before = {static_cast<std::int64_t>(1000 * epoch)};
  record.not_after = {static_cast<std::int64_t>(1000 * (epoch + 1))};
  record.limit = 4;
  return IssuingKey::generate(std::move(record)).value();
}

Holder holder_of(const IssuingKey& key) {
  KeyLog log;
  EXPECT_TRUE(log.add(key.record_bytes()));
  const auto asking = Asking::begin(log.entries()[0]).value();
  const auto response = key.issue(asking.request()).value();
  return Holder::finish(asking, response).value();
}

struct Door {
  explicit Door(std::string audience) : admission(std::move(audience)) {}
  std::string_view judge(std::string_view token, core::ByteView bound_to = {},
                         codec::UnixTime at = now) {
    const auto judged = admission.judge(token, bound_to, at, [this](const KeyId&, const Tag& tag) {
      return std::optional<bool>(seen.insert(tag).second);
    });
    return judged ? "" : code_of(judged.error());
  }
  Admission admission;
  std::set<Tag> seen;
};

TEST(Admission, IsForWhoHasACredentialAsOftenAsItAllows) {
  const IssuingKey key = key_of("one");
  Holder holder = holder_of(key);
  Door door("https://bank.example");
  door.admission.add(key);
  std::string first;
  for (int i = 0; i < 4; ++i) {
    const auto token = holder.present("https://bank.example", {}).value();
    if (i == 0) first = token;
    EXPECT_EQ(door.judge(token), "") << i;
  }
  EXPECT_EQ(door.judge(first), "credential.again");
  EXPECT_EQ(holder.present("https://bank.example", {}).error().code, core::ErrorCode::Denied);
  EXPECT_TRUE(holder.present("https://other.example", {}));
  EXPECT_EQ(holder.present("", {}).error().code, core::ErrorCode::Malformed);
}

TEST(Admission, RefusesByName) {
  const IssuingKey key = key_of("one");
  const IssuingKey next = key_of("one", 6);
  const IssuingKey stranger = key_of("two");
  Holder holder = holder_of(key);
  Door door("https://bank.example");
  door.admission.add(key);
  EXPECT_EQ(door.judge(holder.present("https://other.example", {}).value()), "credential.proof");
  const auto token = holder.present("https://bank.example", {}).value();
  EXPECT_EQ(door.judge(token, {}, {6000}), "credential.epoch");
  EXPECT_EQ(door.judge(token, {}, {4999}), "credential.epoch");
  EXPECT_EQ(door.judge(holder_of(stranger).present("https://bank.example", {}).value()),
            "credential.key");
  EXPECT_EQ(door.judge(holder_of(next).present("https://bank.example", {}).value()),
            "credential.key");
  EXPECT_EQ(door.judge(""), "credential.form");
  EXPECT_EQ(door.judge("!"), "credential.form");
  EXPECT_EQ(door.judge(token + "AAAA"), "credential.form");
  EXPECT_EQ(door.judge(token.substr(0, token.size() - 4)), "credential.form");
  auto altered = token;
  altered[altered.size() - 30] = altered[altered.size() - 30] == 'A' ? 'B' : 'A';
  EXPECT_EQ(door.judge(altered), "credential.proof");
  EXPECT_EQ(door.judge(token), "") << "none of the refusals counted as a showing";
  const auto unremembered = door.admission.judge(
      holder.present("https://bank.example", {}).value(), {}, now,
      [](const KeyId&, const Tag&) -> std::optional<bool> { return std::nullopt; });
  EXPECT_EQ(unremembered.error(), Refusal::Memory);
}

// Whoever relays what was shown to him has another connection.
TEST(Admission, OfWhatIsBoundToAConnectionIsForThisOne) {
  const IssuingKey key = key_of("one");
  Holder holder = holder_of(key);
  Door door("https://bank.example");
  door.admission.add(key);
  const std::array<std::uint8_t, 2> here{1, 2};
  const std::array<std::uint8_t, 2> there{1, 3};
  const auto token = holder.present("https://bank.example", here).value();
  EXPECT_EQ(door.judge(token, there), "credential.proof");
  EXPECT_EQ(door.judge(token), "credential.proof");
  EXPECT_EQ(door.judge(token, here), "");
}

TEST(Admission, IsNotForSimulatorsUnlessItIsSaid) {
  KeyRecord record;
  record.issuer = "one";
  record.not_after = {9000};
  record.development = true;
  const IssuingKey key = IssuingKey::generate(std::move(record)).value();
  Holder holder = holder_of(key);
  const auto token = holder.present("https://bank.example", {}).value();
  Door strict("https://bank.example");
  strict.admission.add(key);
  EXPECT_EQ(strict.judge(token), "credential.development");
  Admission open("https://bank.example", true);
  open.add(key);
  EXPECT_TRUE(open.judge(token, {}, now,
                         [](const KeyId&, const Tag&) { return std::optional<bool>(true); }));
}

TEST(Admission, SaysWhenItsKeysAreOver) {
  Door door("https://bank.example");
  EXPECT_TRUE(door.admission.ends().empty());
  const IssuingKey key = key_of("one");
  door.admission.add(key);
  const auto ends = door.admission.ends();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].first, key.id());
  EXPECT_EQ(ends[0].second, key.record().not_after);
  EXPECT_TRUE(key.record().is_valid_at({key.record().not_after.seconds - 1}));
  EXPECT_FALSE(key.record().is_valid_at(key.record().not_after));
}

TEST(Admission, TellsPeopleToo) {
  for (const Refusal each : {Refusal::Form, Refusal::UnknownKey, Refusal::Development,
                             Refusal::NotNow, Refusal::Proof, Refusal::Again, Refusal::Memory}) {
    EXPECT_TRUE(code_of(each).starts_with("credential."));
    EXPECT_TRUE(text_of(each).ends_with("."));
  }
}

TEST(Token, IsNotReadBeyondItsBound) {
  const std::string text(Token::max_size + 1, 'A');
  EXPECT_EQ(Token::parse(text).error().code, core::ErrorCode::Exhausted);
}

TEST(Request, WithACertificationThatIsTooLongIsRefused) {
  Bytes bytes(4 + Request::max_certification_size + 1, 0);
  bytes[0] = 1;
  bytes[2] = Request::max_certification_size >> 16U;
  EXPECT_EQ(Request::parse(bytes).error().code, core::ErrorCode::Exhausted);
}

TEST(Holder, TakesAudiencesOfOneTo255Bytes) {
  Holder holder = holder_of(key_of("one"));
  EXPECT_FALSE(holder.present("", {}));
  EXPECT_FALSE(holder.present(std::string(256, 'a'), {}));
  EXPECT_TRUE(holder.present(std::string(255, 'a'), {}));
}

TEST(Request, IsCommittedInTheReportData) {
  const IssuingKey key = key_of("one");
  KeyLog log;
  ASSERT_TRUE(log.add(key.record_bytes()));
  const auto one = Asking::begin(log.entries()[0]).value();
  const auto other = Asking::begin(log.entries()[0]).value();
  const std::array<std::uint8_t, 1> spki{1};
  const std::array<std::uint8_t, 1> spki2{2};
  const auto data = report_data(spki, key.id(), one.request()).value();
  EXPECT_NE(data, report_data(spki, key.id(), other.request()).value());
  EXPECT_NE(data, report_data(spki2, key.id(), one.request()).value());
  EXPECT_NE(data, report_data(spki, key_of("one").id(), one.request()).value());
  const Request request{{1, 2, 3}, key.id(), one.request()};
  const auto bytes = request.encode().value();
  const auto back = Request::parse(bytes).value();
  EXPECT_EQ(back.encode().value(), bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(Request::parse(core::ByteView(bytes).first(i)));
  }
}

TEST(Holder, TakesNoAnswerUnderAKeyOfItsOwn) {
  const IssuingKey everybodys = key_of("one");
  const IssuingKey marked = key_of("one");
  KeyLog log;
  ASSERT_TRUE(log.add(everybodys.record_bytes()));
  const auto asking = Asking::begin(log.entries()[0]).value();
  EXPECT_EQ(Holder::finish(asking, marked.issue(asking.request()).value()).error().code,
            core::ErrorCode::Denied);
}

}  // namespace
}  // namespace merlon::credential
