#include "merlon/keep/connections.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/codec/pem.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/tls/testing/memory_stream.h"
#include "merlon/tls/testing/pki.h"
#include "merlon/wasi/preopen.h"
#include "merlon/x509/issue.h"

namespace merlon::keep {
namespace {

using tls::Session;
using tls::testing::Authority;
using tls::testing::MemoryStream;
using tls::testing::Wire;
using wasi::Errno;

evidence::AttestationResult result() {
  evidence::AttestationResult made;
  made.build = "test";
  made.technology = evidence::Technology::Snp;
  made.status = evidence::TrustTier::Affirming;
  made.measurement = evidence::Bytes(48, 0xA1);
  return made;
}

tls::Certificate extension(core::ByteView value) {
  return x509::new_extension(evidence::cmw_oid, false, value);
}

/// A server that asks its client who it is, and the client.
struct Pair {
  Authority authority;
  tls::testing::Holder server = authority.issue({"keep.example"});
  tls::testing::Holder client;
  std::shared_ptr<Session> here, there;

  explicit Pair(const std::vector<tls::Certificate>& claims = {}, bool shown = true)
      : client(authority.issue({"client.example"}, crypto::KeyKind::P256, claims)) {
    const auto now = [] { return tls::testing::made_at + 60; };
    auto up = std::make_shared<Wire>();
    auto down = std::make_shared<Wire>();
    const auto accepting = tls::Context::server({.identity = server.identity(),
                                                 .client = tls::ClientCertificate::Request,
                                                 .trust = {authority.root()},
                                                 .now = now});
    const auto connecting =
        tls::Context::client({.identity = shown ? client.identity() : tls::Identity(),
                              .trust = {authority.root()},
                              .now = now});
    here = Session::accept(accepting.value(), std::make_unique<MemoryStream>(up, down)).value();
    there = Session::connect(connecting.value(), std::make_unique<MemoryStream>(down, up),
                             "keep.example")
                .value();
  }
  void shake() {
    for (int i = 0; i < 20; ++i) {
      static_cast<void>(there->shake());
      static_cast<void>(here->shake());
    }
    ASSERT_TRUE(here->is_established() && there->is_established()) << here->trouble();
  }
};

std::size_t index_of(wasi::ServedDirectory& directory, std::string_view name) {
  const auto names = directory.names();
  const auto at = std::ranges::find(names, name, &wasi::ServedName::name);
  EXPECT_NE(at, names.end()) << name;
  return static_cast<std::size_t>(at - names.begin());
}

/// The content, or the errno as "(name)".
std::string read(wasi::ServedDirectory& directory, std::string_view name) {
  const auto file = directory.open(index_of(directory, name));
  if (!file) return std::string("(") + std::string(wasi::describe(file.error().number)) + ")";
  return std::string(core::as_text((*file)->content().value()));
}

const std::string missing = std::string("(") + std::string(wasi::describe(Errno::Noent)) + ")";

TEST(Connections, AreThereOnceTheirHandshakeIsOver) {
  wasi::FdTable files;
  const auto directory = connections_directory(files);
  EXPECT_TRUE(directory->names().empty());
  Pair pair;
  ASSERT_TRUE(files.insert(wasi::null_file()));
  ASSERT_EQ(files.insert(wasi::stream_socket(pair.here)).value(), 1U);
  EXPECT_TRUE(directory->names().empty());
  pair.shake();
  ASSERT_EQ(directory->names().size(), 1U);
  EXPECT_EQ(directory->names()[0].name, "1");
  EXPECT_TRUE(directory->names()[0].directory);
  EXPECT_FALSE(directory->open(0));
  ASSERT_TRUE(files.close(1));
  EXPECT_TRUE(directory->names().empty());
}

TEST(Connections, TellWhoThePeerIsAndWhatItsIssuerSaysOfIt) {
  wasi::FdTable files;
  Pair pair({extension(result().to_extension())});
  pair.shake();
  ASSERT_TRUE(files.insert(wasi::stream_socket(pair.here)));
  const auto directory = connections_directory(files);
  const auto one = directory->enter(index_of(*directory, "0")).value();
  EXPECT_NE(one->inode(), directory->inode());
  EXPECT_EQ(read(*one, "certificate"), codec::to_pem("CERTIFICATE", pair.client.chain.front()) +
                                           codec::to_pem("CERTIFICATE", pair.authority.root()));
  EXPECT_EQ(read(*one, "claims"), result().to_json());
  const auto bytes = pair.there->exported("EXPORTER-Channel-Binding", 32).value();
  EXPECT_EQ(read(*one, "exporter"), core::as_text(bytes));
}

TEST(Connections, OfPeersThatShowNothingHaveAnExporterOnly) {
  wasi::FdTable files;
  Pair pair({}, false);
  pair.shake();
  ASSERT_TRUE(files.insert(wasi::stream_socket(pair.here)));
  const auto directory = connections_directory(files);
  const auto one = directory->enter(index_of(*directory, "0")).value();
  EXPECT_EQ(read(*one, "certificate"), missing);
  EXPECT_EQ(read(*one, "claims"), missing);
  EXPECT_EQ(read(*one, "exporter").size(), exporter_size);
}

TEST(Connections, ADirectoryIsOfOneConnectionAndNotOfTheNextWithItsNumber) {
  wasi::FdTable files;
  Pair first;
  first.shake();
  ASSERT_TRUE(files.insert(wasi::stream_socket(first.here)));
  const auto directory = connections_directory(files);
  const auto one = directory->enter(index_of(*directory, "0")).value();
  ASSERT_TRUE(files.close(0));
  first.here.reset();
  Pair second;
  second.shake();
  ASSERT_EQ(files.insert(wasi::stream_socket(second.here)).value(), 0U);
  EXPECT_EQ(read(*one, "exporter"), missing);
}

TEST(Connections, ClaimsAreBelievedOfAnIssuerAndNotOfThePeerItself) {
  const Authority authority;
  const auto claims = extension(result().to_extension());
  const auto holder = authority.issue({"client.example"}, crypto::KeyKind::P256, {claims});
  const tls::Certificate& own = holder.chain.front();
  EXPECT_TRUE(peer_claims({own, authority.root()}));
  const auto code = [](const auto& outcome) { return outcome.error().code; };
  EXPECT_EQ(code(peer_claims({own})), core::ErrorCode::NotFound) << "trusted by itself";
  EXPECT_EQ(code(peer_claims({})), core::ErrorCode::NotFound);
  EXPECT_EQ(code(peer_claims({authority.root(), authority.root()})), core::ErrorCode::NotFound);
  EXPECT_EQ(code(peer_claims({tls::Certificate{1, 2}, own})), core::ErrorCode::NotFound);
}

TEST(Connections, ClaimsThatCannotBeReadAreAnError) {
  wasi::FdTable files;
  auto value = result().to_extension();
  const core::ByteView build = core::as_bytes("test");
  *std::ranges::search(value, build).begin() = 0x07;  // a bell
  Pair pair({extension(value)});
  pair.shake();
  const auto claims = peer_claims(pair.here->verified_chain());
  ASSERT_FALSE(claims);
  EXPECT_EQ(failure_of(claims.error()), wasi::fail(Errno::Io));
}

TEST(Connections, OtherStreamsAreNone) {
  const MemoryStream plain(std::make_shared<Wire>(), std::make_shared<Wire>());
  EXPECT_EQ(session_of(plain), nullptr);
}

TEST(Connections, OfAKeepThatNothingAttestsAreInItsDirectory) {
  wasi::FdTable files;
  const auto directory = directory_of_connections(files);
  ASSERT_EQ(directory->names().size(), 2U);
  EXPECT_EQ(directory->names()[0].name, "connections");
  EXPECT_FALSE(directory->open(0));
  EXPECT_TRUE(directory->enter(0).value()->names().empty());
}

}  // namespace
}  // namespace merlon::keep
