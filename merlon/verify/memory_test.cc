#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/verify/moment.h"

namespace merlon::verify {
namespace {

Memory example() {
  Memory made;
  made.newest_issue = {1'780'000'000};
  made.evaluation_number = 18;
  made.lists[crypto::sha256({core::as_bytes("root")})] = {1'770'000'000};
  made.lists[crypto::sha256({core::as_bytes("ca")})] = {1'779'999'999};
  made.documents["tcb-sgx-00606a000000-0000"] = {1'779'000'000};
  made.documents["identity-TD_QE"] = {1'778'000'000};
  return made;
}

std::string crypto_name(std::string_view text) {
  return base::hex(crypto::sha256({core::as_bytes(text)}).view());
}

TEST(Memory, IsTheSameAfterItsText) {
  EXPECT_EQ(Memory::parse(example().to_text()).value(), example());
  EXPECT_EQ(Memory::parse(Memory{}.to_text()).value(), Memory{});
}

TEST(Memory, OfATextThatIsCutOrAlteredNothingIsTaken) {
  const std::string text = example().to_text();
  for (std::size_t end = 0; end + 1 < text.size(); ++end) {
    EXPECT_FALSE(Memory::parse(text.substr(0, end)).has_value()) << end;
  }
  EXPECT_FALSE(Memory::parse(text + "{}").has_value());
  for (const std::string_view wrong :
       {"[]", "{}", R"({"version":2,"newest_issue":0,"evaluation_number":0,"lists":{}})",
        R"({"version":1,"newest_issue":0,"evaluation_number":0,"lists":{},"documents":{}})",
        R"({"version":3,"newest_issue":0,"evaluation_number":0,"lists":{},"documents":{}})",
        R"({"version":2,"newest_issue":0,"evaluation_number":0,"lists":{},"documents":[]})",
        R"({"version":2,"newest_issue":0,"evaluation_number":0,"lists":{},"documents":{"":1}})",
        R"({"version":2,"newest_issue":0,"evaluation_number":0,"lists":{},"documents":{"a b":1}})",
        R"({"version":2,"newest_issue":0,"evaluation_number":0,"lists":{},"documents":{"a":-1}})",
        R"({"version":1,"newest_issue":-1,"evaluation_number":0,"lists":{}})",
        R"({"version":1,"newest_issue":253402300800,"evaluation_number":0,"lists":{}})",
        R"({"version":1,"newest_issue":0,"evaluation_number":4294967296,"lists":{}})",
        R"({"version":1,"newest_issue":0,"evaluation_number":0,"lists":[]})",
        R"({"version":1,"newest_issue":0,"evaluation_number":0,"lists":{"00":1}})",
        R"({"version":1,"newest_issue":0,"evaluation_number":0,"lists":{},"more":1})"}) {
    EXPECT_FALSE(Memory::parse(wrong).has_value()) << wrong;
  }
}

TEST(Memory, OfAnEarlierReleaseIsRead) {
  Memory without = example();
  without.documents.clear();
  std::string text = without.to_text();
  text.replace(text.find("\"version\":2"), 11, "\"version\":1");
  text.erase(text.find(",\"documents\":{}"), 15);
  EXPECT_EQ(Memory::parse(text).value(), without);
}

TEST(Memory, OnlyGrows) {
  Memory memory = example();
  memory.merge({});
  EXPECT_EQ(memory, example());
  Memory older;
  older.newest_issue = {1};
  older.evaluation_number = 3;
  older.lists[crypto::sha256({core::as_bytes("ca")})] = {5};
  older.documents["identity-TD_QE"] = {6};
  memory.merge(older);
  EXPECT_EQ(memory, example());
  Memory newer;
  newer.newest_issue = {1'790'000'000};
  newer.evaluation_number = 19;
  newer.lists[crypto::sha256({core::as_bytes("ca")})] = {1'785'000'000};
  newer.documents["identity-TD_QE"] = {1'786'000'000};
  memory.merge(newer);
  EXPECT_EQ(memory.newest_issue.seconds, 1'790'000'000);
  EXPECT_EQ(memory.evaluation_number, 19U);
  EXPECT_EQ(memory.lists.at(crypto::sha256({core::as_bytes("ca")})).seconds, 1'785'000'000);
  EXPECT_EQ(memory.lists.at(crypto::sha256({core::as_bytes("root")})).seconds, 1'770'000'000);
  EXPECT_EQ(memory.documents.at("identity-TD_QE").seconds, 1'786'000'000);
  EXPECT_EQ(memory.documents.at("tcb-sgx-00606a000000-0000").seconds, 1'779'000'000);
}

TEST(Memory, IsBounded) {
  Memory memory;
  for (int i = 0; i < 1000; ++i) {
    Memory one;
    one.lists[crypto::sha256({core::as_bytes(std::to_string(i))})] = {i};
    one.documents[std::to_string(i)] = {i};
    memory.merge(one);
  }
  EXPECT_EQ(memory.lists.size(), Memory::max_lists);
  EXPECT_EQ(memory.documents.size(), Memory::max_documents);
  EXPECT_LE(memory.to_text().size(), Memory::max_text_size);
  std::string text = memory.to_text();
  const std::string one_more = crypto_name("one more");
  text.insert(text.find("\"lists\":{") + 9, "\"" + one_more + "\":1,");
  EXPECT_FALSE(Memory::parse(text).has_value());
  EXPECT_TRUE(Memory::parse(memory.to_text()).has_value());
}

}  // namespace
}  // namespace merlon::verify
