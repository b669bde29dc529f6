#include "merlon/door/terms.h"

#include <gtest/gtest.h>

namespace merlon::door {
namespace {

using Kind = host::Wish::Kind;

Opening opening_with(std::vector<host::Wish> wishes) {
  Opening opening;
  opening.request.offer.wishes = std::move(wishes);
  return opening;
}

std::string refusal(const Terms& terms, const Opening& opening) {
  const auto checked = check(terms, opening);
  return checked ? "" : checked.error();
}

TEST(DoorTerms, PlacesAreReadOrRefused) {
  EXPECT_EQ(*parse_place("0.0.0.0:80"), (Place{"0.0.0.0", 80}));
  EXPECT_EQ(*parse_place("[::1]:443"), (Place{"::1", 443}));
  EXPECT_EQ(*parse_place("*:*"), (Place{"*", 0}));
  EXPECT_EQ(parse_places(" a:1, b:2  ")->size(), 2U);
  EXPECT_TRUE(parse_places("")->empty());
  for (const char* text :
       {"", "a", "a:", ":1", "a:0", "a:65536", "::1:80", "-a:1", "a b:1", "a:+1"}) {
    EXPECT_FALSE(parse_place(text)) << text;
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += "a:1 ";
  EXPECT_FALSE(parse_places(many));
}

TEST(DoorTerms, WhatIsNotGrantedIsNamed) {
  Terms terms;
  terms.listen = {{"0.0.0.0", 8080}};
  terms.connect = {{"db", 0}};
  terms.steward = Place{"steward.example", 443};
  EXPECT_EQ(refusal(terms, opening_with({{Kind::Listen, "0.0.0.0", 8080},
                                         {Kind::Connect, "DB", 5432},
                                         {Kind::Allowed, "db", 1},
                                         {Kind::Steward, "steward.example", 443}})),
            "");
  const std::pair<host::Wish, std::string> refused[] = {
      {{Kind::Listen, "0.0.0.0", 8081}, "listen on 0.0.0.0:8081"},
      {{Kind::Listen, "::", 8080}, "listen on [::]:8080"},
      {{Kind::Connect, "other", 5432}, "connect to other:5432"},
      {{Kind::Allowed, "169.254.169.254", 80}, "reach 169.254.169.254:80"},
      {{Kind::Steward, "steward.evil", 443}, "reach the Steward steward.evil:443"},
      {{Kind::Registry, "registry.example", 443}, "reach the registry registry.example:443"},
      {{Kind::Volume, "data"}, "keep the volume"}};
  for (const auto& [wish, words] : refused) {
    EXPECT_NE(refusal(terms, opening_with({wish})).find(words), std::string::npos)
        << refusal(terms, opening_with({wish}));
  }
}

TEST(DoorTerms, AnotherBackendIsRefused) {
  Terms terms;
  terms.backend = host::Backend::SgxSim;
  EXPECT_EQ(refusal(terms, {}), "the backend: this keep is of sgx-sim, not of snp-sim");
}

TEST(DoorTerms, TheNamedTenantMustHaveMadeTheChallenge) {
  auto key = crypto::PrivateKey::generate(crypto::KeyKind::P256);
  ASSERT_TRUE(key);
  const auto challenge = delivery::Challenge::make(*std::move(key));
  ASSERT_TRUE(challenge);
  Terms terms;
  terms.tenant = delivery::name_of(challenge->tenant());
  Opening opening;
  EXPECT_NE(refusal(terms, opening).find("none was shown"), std::string::npos);
  opening.tenant = NamedTenant{challenge->tenant(), challenge->salt()};
  EXPECT_NE(refusal(terms, opening).find("not made by the key"), std::string::npos);
  std::ranges::copy(challenge->nonce().view(), opening.request.offer.nonce.begin());
  EXPECT_EQ(refusal(terms, opening), "");
  terms.tenant = crypto::sha256({});
  EXPECT_NE(refusal(terms, opening).find("not for"), std::string::npos);
}

TEST(DoorTerms, TheNamedPolicyMustBeTheTenants) {
  Terms terms;
  terms.policy = crypto::sha256({});
  Opening opening;
  EXPECT_NE(refusal(terms, opening).find("the policy"), std::string::npos);
  opening.policy = terms.policy;
  EXPECT_EQ(refusal(terms, opening), "");
}

}  // namespace
}  // namespace merlon::door
