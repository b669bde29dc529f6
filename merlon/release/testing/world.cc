#include "merlon/release/testing/world.h"

#include <cstdlib>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/core/check.h"
#include "merlon/database/sqlite.h"
#include "merlon/evidence/binding.h"

namespace merlon::release::testing {

Folder::Folder() : path_((std::filesystem::temp_directory_path() / "release_XXXXXX").string()) {
  MERLON_CHECK(::mkdtemp(path_.data()) != nullptr);
}
Folder::~Folder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

launch::Proof Keep::proof(const delivery::Nonce& nonce) const {
  launch::Proof proof;
  proof.tls_key = tls_key;
  const core::ByteView own_key = key.public_key().view();
  proof.hpke_key.assign(own_key.begin(), own_key.end());
  verify::testing::FakeAmd bound = amd;
  const auto data =
      evidence::keep_report_data(crypto::sha256({proof.tls_key}), crypto::sha256({proof.hpke_key}),
                                 evidence::Nonce::from(nonce.view()).value());
  constexpr std::ptrdiff_t report_data = 0x50;
  std::ranges::copy(data.view(), bound.report.begin() + report_data);
  proof.evidence = bound.signed_report();
  return proof;
}

verify::Collateral Keep::own() const { return verify::Collateral::prepare(amd.endorsements()); }

std::string Keep::policy() const {
  constexpr std::size_t measurement = 0x90;
  constexpr std::size_t size = 48;
  const auto root = amd.policy().roots.front();
  return base::concat("technologies = [\"snp\"]\nroots = [\"", base::hex(root.view()),
                      "\"]\n[snp]\nmeasurement = [\"",
                      base::hex(core::ByteView(amd.report).subspan(measurement, size)), "\"]\n");
}

Deposit deposit_for(const std::string& policy, std::uint32_t releases) {
  Deposit deposit;
  deposit.name = "app";
  deposit.releases = releases;
  deposit.until = {now.seconds + 1000};
  deposit.policy = policy;
  deposit.offer = R"({"wishes":[]})";
  delivery::Workload workload;
  workload.message.program = "registry.example/acme/app:1.0.0";
  launch::RemotePackage package{"registry.example", 443, "/api/v0.1.0/acme/app/_tag/1.0.0"};
  package.module.fill(9);
  package.key.emplace().fill(0x5c);
  workload.message.package = package;
  deposit.workload = crypto::SecretBytes(delivery::encode(workload).value());
  constexpr std::string_view words = "some words";
  const core::ByteView input = core::as_bytes(words);
  deposit.input = crypto::SecretBytes({input.begin(), input.end()});
  return deposit;
}

Bytes document(const Deposit& deposit) {
  const auto encoded = encode(deposit).value();
  return {encoded.reveal().begin(), encoded.reveal().end()};
}

Life::Life(const Folder& folder, std::uint8_t key, Quota quota)
    : database_([path = folder.file("release.db")] { return database::connect_sqlite(path); }),
      keyring_(Bytes(Keyring::key_size, key)) {
  auto mark = Mark::open(folder.file("release.mark"));
  if (!mark) {
    trouble_ = mark.error();
    return;
  }
  auto store = Store::open(database_, keyring_, *std::move(mark), quota);
  if (!store) {
    trouble_ = store.error();
    return;
  }
  store_ = *std::move(store);
  broker_.emplace(*store_, keyring_);
}

Outcome<Released> Life::release(const DepositId& id, const Keep& keep, codec::UnixTime at) {
  const auto invitation = TRY(broker().challenge(id, at));
  const auto claim = encode(Claim{invitation.token, keep.proof(invitation.nonce)}).value();
  verify::Memory seen;
  const auto own = keep.own();
  return broker().release(id, claim, {own, verify::Moment::by_clock(at, {})}, at, seen);
}

}  // namespace merlon::release::testing
