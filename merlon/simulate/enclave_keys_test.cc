#include "merlon/simulate/enclave_keys.h"

#include <functional>
#include <set>

#include <gtest/gtest.h>

namespace merlon::simulate {
namespace {

using sgx::KeyName;
using sgx::KeyPolicy;
using sgx::KeyRequest;
using Key = std::vector<std::uint8_t>;

template <typename T>
T filled(std::uint8_t value) {
  std::array<std::uint8_t, T::size> bytes{};
  bytes.fill(value);
  return T::from(bytes).value();
}

EnclaveProcessor processor(std::uint8_t fuse = 1) {
  return {crypto::SecretBytes(Key(EnclaveProcessor::fuse_size, fuse)), filled<sgx::CpuSvn>(3)};
}

EnclaveIdentity enclave() {
  EnclaveIdentity made;
  made.flags = sgx::attribute_init | 4U;
  made.xfrm = 7;
  made.misc_select = 1;
  made.mr_enclave = filled<sgx::MrEnclave>(0xE1);
  made.mr_signer = filled<sgx::MrSigner>(0x51);
  made.product_id = 2;
  made.svn = 5;
  return made;
}

EnclaveIdentity with_kss() {
  EnclaveIdentity made = enclave();
  made.flags |= sgx::attribute_kss;
  made.config_id = filled<sgx::ConfigId>(0xC1);
  made.config_svn = 4;
  made.family_id = filled<sgx::IsvFamilyId>(0xF1);
  made.ext_product_id = filled<sgx::IsvExtProdId>(0xA1);
  return made;
}

KeyRequest seal(std::initializer_list<KeyPolicy> policies) {
  KeyRequest request;
  for (const KeyPolicy each : policies) request.policy |= static_cast<std::uint16_t>(each);
  return request;
}

Key key_of(const EnclaveProcessor& machine, const EnclaveIdentity& self,
           const KeyRequest& request) {
  const auto key = machine.egetkey(self, request);
  if (!key) return {};
  return {key->reveal().begin(), key->reveal().end()};
}

/// The same enclave with one thing changed, each.
std::vector<EnclaveIdentity> others(const EnclaveIdentity& self) {
  const std::vector<std::function<void(EnclaveIdentity&)>> changes{
      [](auto& e) { e.flags ^= sgx::attribute_debug; },
      [](auto& e) { e.flags ^= 0x100; },
      [](auto& e) { e.xfrm ^= 8; },
      [](auto& e) { e.misc_select ^= 2; },
      [](auto& e) { e.mr_enclave = filled<sgx::MrEnclave>(0xE2); },
      [](auto& e) { e.mr_signer = filled<sgx::MrSigner>(0x52); },
      [](auto& e) { e.product_id ^= 1; },
      [](auto& e) { e.config_id = filled<sgx::ConfigId>(0xC2); },
      [](auto& e) { e.config_svn ^= 1; },
      [](auto& e) { e.family_id = filled<sgx::IsvFamilyId>(0xF2); },
      [](auto& e) { e.ext_product_id = filled<sgx::IsvExtProdId>(0xA2); }};
  std::vector<EnclaveIdentity> made(changes.size(), self);
  for (std::size_t i = 0; i < changes.size(); ++i) changes[i](made[i]);
  return made;
}

/// Which of others() have another key, as their numbers.
std::set<std::size_t> told_apart(const EnclaveIdentity& self, const KeyRequest& request) {
  const auto machine = processor();
  const Key own = key_of(machine, self, request);
  EXPECT_EQ(own.size(), EnclaveProcessor::key_size);
  std::set<std::size_t> apart;
  const auto all = others(self);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (key_of(machine, all[i], request) != own) apart.insert(i);
  }
  return apart;
}

TEST(EnclaveKeys, ASealKeyIsOfWhatItsPolicyNames) {
  using enum KeyPolicy;
  using Apart = std::set<std::size_t>;
  EXPECT_EQ(told_apart(with_kss(), seal({})), (Apart{0, 6}));
  EXPECT_EQ(told_apart(with_kss(), seal({OfEnclave})), (Apart{0, 4, 6}));
  EXPECT_EQ(told_apart(with_kss(), seal({OfSigner})), (Apart{0, 5, 6}));
  EXPECT_EQ(told_apart(with_kss(), seal({OfSigner, NoProductId})), (Apart{0, 5}));
  // The version of the configuration is the request's, so that later ones get older ones' keys.
  EXPECT_EQ(told_apart(with_kss(), seal({OfConfig})), (Apart{0, 6, 7}));
  EXPECT_EQ(told_apart(with_kss(), seal({OfFamily})), (Apart{0, 6, 9}));
  EXPECT_EQ(told_apart(with_kss(), seal({OfExtendedProduct})), (Apart{0, 6, 10}));
  KeyRequest masks = seal({OfEnclave});
  masks.flags_mask = ~std::uint64_t{0};
  masks.xfrm_mask = ~std::uint64_t{0};
  masks.misc_mask = ~std::uint32_t{0};
  EXPECT_EQ(told_apart(with_kss(), masks), (Apart{0, 1, 2, 3, 4, 6}));
}

TEST(EnclaveKeys, EachRequestAndEachMachineGivesAnotherKey) {
  const auto machine = processor();
  const EnclaveIdentity self = with_kss();
  std::vector<KeyRequest> requests(10, seal({KeyPolicy::OfEnclave}));
  requests[1].key_id = filled<sgx::KeyId>(1);
  requests[2].svn = 1;
  requests[3].cpu_svn = filled<sgx::CpuSvn>(1);
  requests[4].flags_mask = 1;  // whose bits are in the key anyway
  requests[5].xfrm_mask = 1ULL << 40U;
  requests[6].misc_mask = 1ULL << 20U;
  requests[7].policy |= static_cast<std::uint16_t>(KeyPolicy::OfConfig);
  requests[8] = requests[7];
  requests[8].config_svn = 1;
  requests[9] = seal({KeyPolicy::OfEnclave, KeyPolicy::OfSigner});
  std::set<Key> keys;
  for (const KeyRequest& each : requests) keys.insert(key_of(machine, self, each));
  keys.insert(key_of(processor(2), self, requests[0]));
  EXPECT_EQ(keys.size(), requests.size() + 1);
  EXPECT_FALSE(keys.contains({}));
  EXPECT_EQ(key_of(machine, self, requests[0]), key_of(processor(), self, requests[0]));
}

KeyError refused(const EnclaveIdentity& self, const KeyRequest& request) {
  const auto key = processor().egetkey(self, request);
  EXPECT_FALSE(key.has_value());
  return key ? KeyError::Fault : key.error();
}

TEST(EnclaveKeys, NoKeyIsOfVersionsThatAreNotReached) {
  KeyRequest request = seal({KeyPolicy::OfSigner});
  request.svn = 5;
  request.cpu_svn = filled<sgx::CpuSvn>(3);
  EXPECT_TRUE(processor().egetkey(enclave(), request).has_value());
  for (std::size_t i = 0; i < sgx::CpuSvn::size; ++i) {
    std::array<std::uint8_t, sgx::CpuSvn::size> svn{};
    svn[i] = 4;
    request.cpu_svn = sgx::CpuSvn::from(svn).value();
    EXPECT_EQ(refused(enclave(), request), KeyError::InvalidCpuSvn) << i;
  }
  request.svn = 6;
  EXPECT_EQ(refused(enclave(), request), KeyError::InvalidCpuSvn);  // which is judged first
  request.cpu_svn = {};
  EXPECT_EQ(refused(enclave(), request), KeyError::InvalidIsvSvn);
  request.svn = 5;
  request.config_svn = 5;
  EXPECT_EQ(refused(with_kss(), request), KeyError::InvalidIsvSvn);
}

TEST(EnclaveKeys, WithoutKssNothingOfItCanBeAskedFor) {
  for (const KeyPolicy each : {KeyPolicy::NoProductId, KeyPolicy::OfConfig, KeyPolicy::OfFamily,
                               KeyPolicy::OfExtendedProduct}) {
    EXPECT_EQ(refused(enclave(), seal({each})), KeyError::Fault);
    EXPECT_TRUE(processor().egetkey(with_kss(), seal({each})).has_value());
  }
  KeyRequest request = seal({});
  request.config_svn = 1;
  EXPECT_EQ(refused(enclave(), request), KeyError::Fault);
  request = seal({});
  request.policy = 0x40;
  EXPECT_EQ(refused(with_kss(), request), KeyError::Fault);
  request = seal({});
  request.cet_mask = 1;
  EXPECT_EQ(refused(with_kss(), request), KeyError::Fault);
}

TEST(EnclaveKeys, KeysOfLaunchAndProvisioningWantTheirAttribute) {
  std::set<Key> keys;
  for (const auto& [name, flag] :
       {std::pair{KeyName::EinitToken, sgx::attribute_einit_token_key},
        std::pair{KeyName::Provision, sgx::attribute_provision_key},
        std::pair{KeyName::ProvisionSeal, sgx::attribute_provision_key}}) {
    KeyRequest request;
    request.name = name;
    EXPECT_EQ(refused(enclave(), request), KeyError::InvalidAttribute);
    EnclaveIdentity allowed = enclave();
    allowed.flags |= flag;
    keys.insert(key_of(processor(), allowed, request));
    request.svn = 6;
    EXPECT_EQ(refused(allowed, request), KeyError::InvalidIsvSvn);
  }
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_FALSE(keys.contains({}));
  for (const unsigned name : {5U, 0xFFU, 0xFFFFU}) {
    KeyRequest request;
    request.name = static_cast<KeyName>(name);
    EXPECT_EQ(refused(enclave(), request), KeyError::InvalidKeyName);
  }
}

sgx::TargetInfo target_of(const EnclaveIdentity& of) {
  return sgx::TargetInfo::of(processor().ereport(of, {}, {}).body);
}

TEST(EnclaveKeys, AReportIsGenuineForItsTargetAlone) {
  const auto machine = processor();
  const EnclaveIdentity self = enclave();
  EnclaveIdentity quoting = with_kss();
  quoting.mr_enclave = filled<sgx::MrEnclave>(0x0E);
  const auto data = filled<sgx::ReportData>(0xDA);
  const sgx::Report report = machine.ereport(self, target_of(quoting), data);
  EXPECT_EQ(report.body.report_data, data);
  EXPECT_EQ(report.body.cpu_svn, machine.cpu_svn());
  EXPECT_EQ(report.body.mr_enclave, self.mr_enclave);
  EXPECT_EQ(report.body.svn, self.svn);
  EXPECT_TRUE(machine.is_genuine(quoting, report));
  EXPECT_FALSE(machine.is_genuine(self, report));
  EXPECT_FALSE(processor(2).is_genuine(quoting, report));
  // Signer, product, family and extended product are not of the key [SDM vol. 3D EGETKEY].
  const std::set<std::size_t> not_mixed{5, 6, 9, 10};
  const auto all = others(quoting);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(machine.is_genuine(all[i], report), not_mixed.contains(i)) << i;
  }
}

TEST(EnclaveKeys, NoAlteredBitOfAReportIsTaken) {
  const auto machine = processor();
  const sgx::Report report = machine.ereport(enclave(), target_of(with_kss()), {});
  const auto whole = report.to_bytes();
  ASSERT_TRUE(machine.is_genuine(with_kss(), sgx::Report::parse(whole).value()));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto altered = whole;
    altered[at] ^= 0x10;
    const auto parsed = sgx::Report::parse(altered);
    EXPECT_FALSE(parsed && machine.is_genuine(with_kss(), *parsed)) << at;
  }
}

TEST(EnclaveKeys, TheReportKeyIsThatOfWhoAsks) {
  // An enclave checks a report that was made for it by asking for its key.
  KeyRequest request;
  request.name = KeyName::Reporting;
  request.svn = 0xFFFF;  // which this key is not of
  const auto machine = processor();
  const Key own = key_of(machine, enclave(), request);
  EXPECT_EQ(own.size(), EnclaveProcessor::key_size);
  EXPECT_NE(own, key_of(machine, with_kss(), request));
  request.key_id = filled<sgx::KeyId>(9);
  EXPECT_NE(own, key_of(machine, enclave(), request));
}

TEST(EnclaveKeys, AnIdentityIsWhatItsReportSays) {
  const sgx::ReportBody body = processor().ereport(with_kss(), {}, {}).body;
  EXPECT_EQ(processor().ereport(EnclaveIdentity::of(body), {}, {}).body, body);
}

}  // namespace
}  // namespace merlon::simulate
