#include "merlon/launch/message.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::launch {
namespace {

Message full_message() {
  Message message;
  message.max_memory_bytes = 1ULL << 40U;
  message.timeout_nanoseconds = 1'500'000'000;
  message.confinement = Confinement::Machine;
  message.verbose = true;
  message.purpose = Purpose::ProveAndRun;
  message.nonce[31] = 7;
  message.program = "dir/app.wasm";
  message.invoke = "run";
  message.arguments = {"main.wasm", "", "b c"};
  message.environment = {"FD_COUNT=4", "A=B=C"};
  message.files = {
      {FileKind::Stdin, FileAccess::ReadWrite, "stdin"},
      {FileKind::Null, FileAccess::ReadWrite, "null"},
      {FileKind::Listen, FileAccess::ReadWrite, "web"},
      {FileKind::Closed, FileAccess::ReadWrite, ""},
      {FileKind::Directory, FileAccess::ReadOnly, "/data"},
      {FileKind::Listen, FileAccess::ReadWrite, "tls",
       TlsSettings{ClientCertificate::Require, {false, true, {{1, 2}, {}}}, {"h2", "http/1.1"}}},
      {FileKind::Connect, FileAccess::ReadWrite, "peer",
       TlsSettings{.trust = {.web = true}, .server_name = "peer.example"}},
  };
  message.steward = Steward{"steward.example", 8443, "/a", {.web = false, .anchors = {{3}}}};
  message.allowed = {{"a.example", 443, TlsSettings{.trust = {.web = true}, .server_name = "a"}},
                     {"192.0.2.1", 80, {}}};
  return message;
}

/// Two numbers, the confinement, a flag, the purpose and a nonce stand before the first text.
constexpr std::size_t fixed_size = 8 + 8 + 1 + 1 + 1 + 32;

core::ByteView body_of(const std::vector<std::uint8_t>& bytes) {
  return core::ByteView(bytes).subspan(header_size);
}

TEST(LaunchMessage, IsReadAsItWasWritten) {
  for (const Message& message : {Message{}, full_message()}) {
    const auto bytes = encode(message);
    ASSERT_TRUE(bytes.has_value());
    const auto size = body_size(core::ByteView(*bytes).first(header_size));
    ASSERT_TRUE(size.has_value());
    EXPECT_EQ(*size, bytes->size() - header_size);
    const auto decoded = decode_body(body_of(*bytes));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().what;
    EXPECT_EQ(*decoded, message);
  }
}

TEST(LaunchMessage, CountsTheOpenFilesThatTravelWithIt) {
  EXPECT_EQ(Message{}.descriptor_count(), 1U);
  EXPECT_EQ(full_message().descriptor_count(), 7U);
  Message proving;
  proving.purpose = Purpose::Prove;
  EXPECT_EQ(proving.descriptor_count(), 0U);
}

TEST(LaunchMessage, DestinationsHaveANameAPortAndTheSettingsOfAClient) {
  const auto refused = [](Allowed allowed) {
    Message message;
    message.allowed = {std::move(allowed)};
    return encode(message).error().code == core::ErrorCode::Malformed;
  };
  EXPECT_TRUE(refused({"", 443, {}}));
  EXPECT_TRUE(refused({"a", 0, {}}));
  EXPECT_TRUE(refused({"a", 443, TlsSettings{}}));
  EXPECT_TRUE(
      refused({"a", 443, TlsSettings{.client = ClientCertificate::Request, .server_name = "a"}}));
  Message message;
  message.allowed.assign(max_allowed + 1, {"a", 443, {}});
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Exhausted);
}

TEST(LaunchMessage, ToldInShort) {
  EXPECT_TRUE(full_message().dials());
  EXPECT_TRUE(full_message().speaks_tls());
  Message message;
  EXPECT_FALSE(message.dials());
  EXPECT_FALSE(message.speaks_tls());
  message.allowed = {{"a", 80, {}}};
  EXPECT_TRUE(message.dials());
  EXPECT_FALSE(message.speaks_tls());
  message.allowed[0].tls = TlsSettings{.server_name = "a"};
  EXPECT_TRUE(message.speaks_tls());
}

TEST(LaunchMessage, EveryPrefixIsRefused) {
  const auto bytes = encode(full_message());
  ASSERT_TRUE(bytes.has_value());
  for (std::size_t size = 0; size < bytes->size() - header_size; ++size) {
    EXPECT_FALSE(decode_body(body_of(*bytes).first(size)).has_value()) << size;
  }
}

TEST(LaunchMessage, BytesBehindTheEndAreRefused) {
  auto bytes = encode(full_message());
  ASSERT_TRUE(bytes.has_value());
  bytes->push_back(0);
  EXPECT_EQ(decode_body(body_of(*bytes)).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, HeadersOfOthersAreRefused) {
  const auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  std::vector<std::uint8_t> header(bytes->begin(), bytes->begin() + header_size);
  EXPECT_FALSE(body_size(core::ByteView(header).first(header_size - 1)).has_value());
  auto wrong = header;
  wrong[0] = 'm';
  EXPECT_EQ(body_size(wrong).error().code, core::ErrorCode::Malformed);
  wrong = header;
  wrong[8] = 1;
  EXPECT_EQ(body_size(wrong).error().code, core::ErrorCode::Unsupported);
  wrong = header;
  wrong[15] = 0xFF;
  EXPECT_EQ(body_size(wrong).error().code, core::ErrorCode::Exhausted);
}

TEST(LaunchMessage, ACountThatTheBytesCannotHoldReservesNothing) {
  auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  // arguments' count stands behind the fixed fields and two empty texts
  const std::size_t count = header_size + fixed_size + 4 + 4;
  for (std::size_t i = 0; i < 4; ++i) (*bytes)[count + i] = 0xFF;
  EXPECT_EQ(decode_body(body_of(*bytes)).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, NulCharactersAreRefusedInBothDirections) {
  Message message;
  message.program = std::string("a\0b", 3);
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Malformed);
  message.program = "axb";
  auto bytes = encode(message);
  ASSERT_TRUE(bytes.has_value());
  (*bytes)[header_size + fixed_size + 4 + 1] = 0;
  EXPECT_EQ(decode_body(body_of(*bytes)).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, TlsStandsOnlyWhereItMeansSomething) {
  for (const FileKind kind : {FileKind::Null, FileKind::Directory, FileKind::Stdin}) {
    Message message;
    message.files = {{kind, FileAccess::ReadWrite, "", TlsSettings{}}};
    EXPECT_EQ(encode(message).error().code, core::ErrorCode::Malformed);
  }
  Message message;
  message.files = {
      {FileKind::Listen, FileAccess::ReadWrite, "", TlsSettings{.server_name = "a.example"}}};
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Malformed);
  message.files = {{FileKind::Connect, FileAccess::ReadWrite, "",
                    TlsSettings{.client = ClientCertificate::Require}}};
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Malformed);
  message.files.clear();
  message.steward = Steward{"a", 443, "/", {.steward = true}};
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, UnknownTlsSettingsAreRefused) {
  Message message;
  message.files = {{FileKind::Listen, FileAccess::ReadWrite, "", TlsSettings{}}};
  const auto bytes = encode(message);
  ASSERT_TRUE(bytes.has_value());
  // From the end: package 1 · volume 1 · mounts 4 · allowed 4 · steward 1 · server_name 4 · alpn 4
  // · anchors 4 · trust 1 · client 1 · tls 1
  for (const auto& [from_end, value] :
       {std::pair<std::size_t, std::uint8_t>{11, 2}, {24, 4}, {25, 3}, {26, 2}}) {
    auto wrong = *bytes;
    wrong[bytes->size() - from_end] = value;
    EXPECT_EQ(decode_body(body_of(wrong)).error().code, core::ErrorCode::Malformed) << from_end;
  }
  auto many = *bytes;
  many[bytes->size() - 22] = 0xFF;  // anchors' count
  EXPECT_EQ(decode_body(body_of(many)).error().code, core::ErrorCode::Exhausted);
}

TEST(LaunchMessage, UnknownKindsAndAccessesAreRefused) {
  Message message;
  message.files = {{FileKind::Directory, FileAccess::ReadWrite, ""}};
  const auto bytes = encode(message);
  ASSERT_TRUE(bytes.has_value());
  const std::size_t kind = bytes->size() - 17;
  for (const auto& [offset, value] :
       {std::pair<std::size_t, std::uint8_t>{kind, 8}, {kind, 255}, {kind + 1, 2}}) {
    auto wrong = *bytes;
    wrong[offset] = value;
    EXPECT_EQ(decode_body(body_of(wrong)).error().code, core::ErrorCode::Malformed);
  }
}

TEST(LaunchMessage, UnknownConfinementsAndFlagsAreRefused) {
  const auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  for (const std::size_t offset : {header_size + 16, header_size + 17}) {
    for (const std::uint8_t value : {std::uint8_t{2}, std::uint8_t{255}}) {
      auto wrong = *bytes;
      wrong[offset] = value;
      EXPECT_EQ(decode_body(body_of(wrong)).error().code, core::ErrorCode::Malformed);
    }
  }
}

TEST(LaunchMessage, UnknownPurposesAreRefused) {
  auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  (*bytes)[header_size + 18] = 5;
  EXPECT_EQ(decode_body(body_of(*bytes)).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, AnOfferSaysNothingOfTheWorkload) {
  Message offer;
  offer.purpose = Purpose::Receive;
  offer.nonce[0] = 1;
  offer.max_memory_bytes = 5;
  offer.files = {{FileKind::Listen, FileAccess::ReadWrite, ""}};
  const auto bytes = encode(offer);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(decode_body(body_of(*bytes)).value(), offer);
  EXPECT_EQ(offer.descriptor_count(), 1U);  // no module
  const auto refused = [&](auto change) {
    Message changed = offer;
    change(changed);
    return !encode(changed).has_value();
  };
  EXPECT_TRUE(refused([](Message& m) { m.program = "app.wasm"; }));
  EXPECT_TRUE(refused([](Message& m) { m.invoke = "f"; }));
  EXPECT_TRUE(refused([](Message& m) { m.arguments = {"a"}; }));
  EXPECT_TRUE(refused([](Message& m) { m.environment = {"A=b"}; }));
  EXPECT_TRUE(refused([](Message& m) { m.files[0].name = "web"; }));
  EXPECT_TRUE(refused([](Message& m) { m.files[0].tls.emplace(); }));
  EXPECT_TRUE(refused([](Message& m) { m.files[0].kind = FileKind::Stdin; }));
  EXPECT_TRUE(refused([](Message& m) { m.files[0].kind = FileKind::Directory; }));
}

TEST(LaunchMessage, AWorkloadDressedAsAnOfferIsRefused) {
  Message message;
  message.purpose = Purpose::ProveAndRun;
  message.program = "app.wasm";
  auto bytes = encode(message);
  ASSERT_TRUE(bytes.has_value());
  (*bytes)[header_size + 18] = static_cast<std::uint8_t>(Purpose::Receive);
  EXPECT_EQ(decode_body(body_of(*bytes)).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, ANonceStandsOnlyWhereAProofIsAskedFor) {
  Message message;
  message.nonce[0] = 1;
  EXPECT_FALSE(encode(message).has_value());
  message.purpose = Purpose::Prove;
  auto bytes = encode(message);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_TRUE(decode_body(body_of(*bytes)).has_value());
  (*bytes)[header_size + 18] = 0;
  EXPECT_EQ(decode_body(body_of(*bytes)).error().code, core::ErrorCode::Malformed);
}

TEST(LaunchMessage, OnlyDirectoriesAreReadOnlyAndClosedFilesHaveNoName) {
  Message message;
  message.files = {{FileKind::Stdout, FileAccess::ReadOnly, "stdout"}};
  EXPECT_FALSE(encode(message).has_value());
  message.files = {{FileKind::Closed, FileAccess::ReadWrite, "x"}};
  EXPECT_FALSE(encode(message).has_value());
}

TEST(LaunchMessage, LimitsHold) {
  Message message;
  message.files.resize(max_files);
  EXPECT_TRUE(encode(message).has_value());
  message.files.resize(max_files + 1);
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Exhausted);
  message.files.clear();
  message.arguments = {std::string(max_message_size, 'x')};
  EXPECT_EQ(encode(message).error().code, core::ErrorCode::Exhausted);
}

}  // namespace
}  // namespace merlon::launch
