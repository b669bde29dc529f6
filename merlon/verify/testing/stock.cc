// What an attester can get hold of: genuine things of several ages and about several platforms, and
// a stranger's under the same names.

#include "merlon/core/check.h"
#include "merlon/verify/testing/attester.h"
#include "merlon/verify/testing/fake_amd.h"
#include "merlon/verify/testing/fake_intel.h"

namespace merlon::verify::testing {

namespace {

using codec::UnixTime;
using x509::testing::issue;
using x509::testing::issue_crl;
using x509::testing::test_now;

constexpr std::uint64_t leaf_serial = 7, ca_serial = 8, signer_serial = 9, other_serial = 1234;

UnixTime at_day(std::int64_t day) { return {test_now.seconds + day * codec::seconds_per_day}; }

class Shelf {
 public:
  explicit Shelf(std::vector<Ware>& wares) : wares_(wares) {}

  void certificate(Role role, Effect effect, const CertificateTemplate& shape,
                   const SigningKey& key, const SigningKey& issuer) {
    wares_.push_back(
        {role, effect, issue(shape, key.spki(), issuer), shape.not_before, shape.not_after});
  }

  /// One that serves, its expired edition with the same key, and a stranger's of the same name.
  void editions(Role role, const CertificateTemplate& shape, const SigningKey& key,
                const SigningKey& issuer, const SigningKey& stranger,
                const SigningKey& strangers_issuer) {
    CertificateTemplate expired = shape;
    expired.not_after = at_day(-100);
    certificate(role, Effect::Serves, shape, key, issuer);
    certificate(role, Effect::Serves, expired, key, issuer);
    certificate(role, Effect::None, shape, stranger, strangers_issuer);
  }

  void list(Role role, Effect effect, const CrlTemplate& shape, const SigningKey& issuer) {
    wares_.push_back(
        {role, effect, issue_crl(shape, issuer), shape.this_update, shape.next_update});
  }

  /// Of one issuer: lists of now and before, lists that name `revoked`, and a stranger's that does.
  void lists(Role role, const std::string& issuer, const std::vector<std::uint64_t>& revoked,
             const SigningKey& key, const SigningKey& stranger) {
    CrlTemplate shape;
    // Two of one issuer differ in when they were issued, and in nothing else that could be relied
    // on.
    if (role == Role::SecondList) shape.this_update.seconds += 3600;
    shape.issuer = issuer;
    shape.serials = {other_serial};
    list(role, Effect::Serves, shape, key);
    list(role, Effect::None, shape, stranger);
    CrlTemplate early = shape;
    early.this_update = {at_day(-30).seconds + (role == Role::SecondList ? 3600 : 0)};
    early.next_update = at_day(-11);
    list(role, Effect::Serves, early, key);
    for (const std::uint64_t serial : revoked) {
      shape.serials = early.serials = {other_serial, serial};
      list(role, Effect::Refuses, shape, key);
      list(role, Effect::Refuses, early, key);
      list(role, Effect::None, shape, stranger);
    }
  }

 private:
  std::vector<Ware>& wares_;
};

/// The documents of `intel` as wares; the first day that counts and the first that does not.
void add_documents(std::vector<Ware>& wares, const FakeIntel& intel, Effect effect,
                   std::int64_t from, std::int64_t until) {
  const auto all = intel.endorsements();
  const Role roles[]{Role::TcbInfo, Role::Identity};
  for (std::size_t i = 0; i < 2; ++i) {
    const core::ByteView bytes = core::as_bytes(all.documents[i]);
    wares.push_back({roles[i], effect, {bytes.begin(), bytes.end()}, at_day(from), at_day(until)});
  }
}

FakeIntel dated(FakeIntel intel, int evaluation, const std::string& issued,
                const std::string& next) {
  for (DocumentShape* shape : {&intel.tcb_info, &intel.identity}) {
    shape->evaluation = evaluation;
    shape->issued = issued;
    shape->next = next;
  }
  return intel;
}

FakeIntel pessimistic(FakeIntel intel) {
  intel.tcb_info.levels = level(5, "Revoked", intel.is_tdx);
  intel.identity.levels = isv_level(8, "Revoked");
  return intel;
}

void stock_documents(std::vector<Ware>& wares, const FakeIntel& intel, const FakeIntel& stranger) {
  const std::string may = "2025-05-01T00:00:00Z", june = "2025-06-01T00:00:00Z",
                    july = "2025-07-01T00:00:00Z";
  add_documents(wares, intel, Effect::Serves, -14, 15);
  add_documents(wares, dated(intel, 16, may, june), Effect::Serves, -45, -15);
  add_documents(wares, pessimistic(dated(intel, 18, june, july)), Effect::RefusesOnceIssued, -14,
                15);
  add_documents(wares, pessimistic(dated(intel, 16, june, july)), Effect::None, -14, 15);
  add_documents(wares, dated(stranger, 19, june, july), Effect::None, -14, 15);
  FakeIntel other(!intel.is_tdx);  // of the other kind of TEE
  other.signer_key = intel.signer_key;
  add_documents(wares, dated(other, 19, june, july), Effect::None, -14, 15);
  add_documents(wares, pessimistic(dated(intel, 18, may, june)), Effect::RefusesOnceIssued, -45,
                -15);
}

std::vector<Exhibit> exhibits_of(const FakeIntel& intel, const FakeIntel& stranger) {
  std::vector<Exhibit> exhibits;
  const auto show = [&](bool sound, auto change) {
    FakeIntel changed = intel;
    change(changed);
    exhibits.push_back({changed.quote(), sound, !changed.no_pck_ca, !changed.no_pck_root});
  };
  show(true, [](FakeIntel&) {});
  show(true, [](FakeIntel& i) { i.no_pck_ca = i.no_pck_root = true; });
  show(true, [](FakeIntel& i) { i.no_pck_ca = true; });
  show(true, [](FakeIntel& i) { i.no_pck_root = true; });
  show(false, [](FakeIntel& i) { i.body[i.is_tdx ? 48 + 72 : 0x30] |= i.is_tdx ? 1 : 2; });
  show(false, [](FakeIntel& i) { i.qe_report[0x102] = 4; });  // a revoked quoting enclave
  show(false, [](FakeIntel& i) { i.platform.components.fill(4); });
  show(false, [](FakeIntel& i) { i.platform.fmspc[0] = 1; });
  show(false, [](FakeIntel& i) { i.bad_quote_signature = true; });
  show(false, [](FakeIntel& i) { i.bad_qe_signature = true; });
  show(false, [](FakeIntel& i) { i.bad_binding = true; });
  show(false, [](FakeIntel& i) { i.bad_binding_tail = true; });
  show(false, [](FakeIntel& i) { i.stranger_signs_leaf = true; });
  show(false, [&](FakeIntel& i) {  // a stranger's leaf that hopes for the vendor's CA
    i = stranger;
    i.no_pck_ca = i.no_pck_root = true;
  });
  show(false, [&](FakeIntel& i) { i = stranger; });
  if (!intel.is_tdx) return exhibits;
  show(false, [](FakeIntel& i) { i.body[0] = 1; });            // a revoked module
  show(false, [](FakeIntel& i) { i.body[120 + 3] |= 0x20; });  // migratable
  return exhibits;
}

Stock intel_stock(std::string_view name, bool tdx) {
  const FakeIntel intel(tdx);
  const FakeIntel stranger(tdx);
  Stock stock{name, intel.policy(), {}, exhibits_of(intel, stranger), {}};
  stock.needs = {Role::Root,   Role::Ca,      Role::Signer,  Role::RootList,
                 Role::CaList, Role::TcbInfo, Role::Identity};
  Shelf shelf(stock.wares);
  shelf.editions(Role::Root, intel.root, intel.root_key, intel.root_key, stranger.root_key,
                 stranger.root_key);
  shelf.editions(Role::Ca, intel.ca, intel.ca_key, intel.root_key, stranger.ca_key,
                 stranger.root_key);
  shelf.editions(Role::Signer, intel.signer, intel.signer_key, intel.root_key, stranger.signer_key,
                 stranger.root_key);
  // The genuine key under a stranger's signature.
  shelf.certificate(Role::Signer, Effect::None, intel.signer, intel.signer_key, stranger.root_key);
  shelf.lists(Role::RootList, intel.root.subject, {ca_serial, signer_serial}, intel.root_key,
              stranger.root_key);
  shelf.lists(Role::CaList, intel.ca.subject, {leaf_serial}, intel.ca_key, stranger.ca_key);
  stock_documents(stock.wares, intel, stranger);
  return stock;
}

std::vector<Exhibit> exhibits_of(const FakeAmd& amd, const FakeAmd& stranger) {
  std::vector<Exhibit> exhibits;
  const auto show = [&](bool sound, auto change) {
    FakeAmd changed = amd;
    change(changed);
    exhibits.push_back({changed.signed_report(), sound, false, false});
  };
  show(true, [](FakeAmd&) {});
  show(false, [](FakeAmd& a) { a.report[0x0A] |= 8; });                    // debug
  show(false, [](FakeAmd& a) { a.report[0x0A] |= 4; });                    // migration agent
  show(false, [](FakeAmd& a) { std::fill_n(&a.report[0x30], 4, 0xFF); });  // the host's
  show(false, [](FakeAmd& a) { a.report[0x30] = 1; });                     // VMPL
  show(false, [](FakeAmd& a) { a.report[0x48] ^= 4; });                    // other kind of key
  show(false, [](FakeAmd& a) { a.report[0x180] = 2; });                    // REPORTED_TCB
  show(false, [](FakeAmd& a) { a.report[0x1E0] = 2; });                    // COMMITTED_TCB
  show(false, [](FakeAmd& a) { a.report[0x189] = 0x11; });                 // another product
  show(false, [](FakeAmd& a) { a.report[0x1E8] = 6; });                    // provisional firmware
  show(false, [](FakeAmd& a) { a.bad_signature = true; });
  show(false, [&](FakeAmd& a) { a = stranger; });
  if (amd.endorsed.hwid) show(false, [](FakeAmd& a) { a.report[0x1A0] ^= 1; });
  return exhibits;
}

Bytes leaf_of(const FakeAmd& amd) { return amd.endorsements().certificates.at(2); }

Stock amd_stock(std::string_view name, bool vlek) {
  const FakeAmd amd("Milan", vlek);
  const FakeAmd stranger("Milan", vlek);
  Stock stock{name, amd.policy(), {}, exhibits_of(amd, stranger), {}};
  stock.needs = {Role::Root, Role::Ca, Role::Leaf, Role::RootList};
  Shelf shelf(stock.wares);
  shelf.editions(Role::Root, amd.root, amd.root_key, amd.root_key, stranger.root_key,
                 stranger.root_key);
  shelf.editions(Role::Ca, amd.ca, amd.ca_key, amd.root_key, stranger.ca_key, stranger.root_key);
  const SigningKey another(crypto::KeyKind::P384);  // the vendor's, but of other chips and CAs
  shelf.certificate(Role::Ca, Effect::None, amd.ca, another, amd.root_key);
  const auto leaf = [&](Effect effect, auto change) {
    FakeAmd changed = amd;
    change(changed);
    stock.wares.push_back(
        {Role::Leaf, effect, leaf_of(changed), changed.leaf.not_before, changed.leaf.not_after});
  };
  leaf(Effect::Serves, [](FakeAmd&) {});
  leaf(Effect::Serves, [](FakeAmd& a) { a.leaf.not_after = at_day(-100); });
  leaf(Effect::None, [&](FakeAmd& a) { a.leaf_key = another; });        // another chip's
  leaf(Effect::None, [&](FakeAmd& a) { a.ca_key = stranger.ca_key; });  // forged
  leaf(Effect::None, [](FakeAmd& a) { a.stranger_signs_leaf = true; });
  leaf(Effect::None, [&](FakeAmd& a) { a = stranger; });
  std::vector<std::uint64_t> revoked{ca_serial};
  if (vlek) revoked.push_back(amd.leaf.serial);
  shelf.lists(Role::RootList, amd.root.subject, revoked, amd.root_key, stranger.root_key);
  if (vlek) {
    stock.needs.push_back(Role::SecondList);
    shelf.lists(Role::SecondList, amd.root.subject, revoked, amd.root_key, stranger.root_key);
  }
  return stock;
}

}  // namespace

std::vector<Stock> stocks() {
  std::vector<Stock> all{intel_stock("SGX", false), intel_stock("TDX", true),
                         amd_stock("SEV-SNP", false), amd_stock("SEV-SNP with a VLEK", true)};
  for (const Stock& stock : all) MERLON_CHECK(stock.wares.size() < 128);
  return all;
}

}  // namespace merlon::verify::testing
