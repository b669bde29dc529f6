#include "merlon/keep/own_directory.h"

#include <gtest/gtest.h>

#include "merlon/keep/statement_file.h"

namespace merlon::keep {
namespace {

TEST(OwnDirectory, ItsNameIsNobodyElses) {
  for (const char* name :
       {"/keep", "keep", "./keep", "//keep", "/./keep", "/keep/", "keep/x", "/keep/deeper"}) {
    EXPECT_TRUE(hides_own_directory(name)) << name;
  }
  for (const char* name : {"/", ".", "", "/keeper", "/data/keep", "kee", "/keep2/x"}) {
    EXPECT_FALSE(hides_own_directory(name)) << name;
  }
}

TEST(OwnDirectory, WithoutAProcessorItsFilesAreErrors) {
  Self self;
  ASSERT_FALSE(self.is_attested());
  OwnDirectory directory(self, {}, {}, nullptr, nullptr);
  EXPECT_EQ(directory.names().size(), 11U);
  for (std::size_t i = 0; i < directory.names().size(); ++i) {
    const auto file = directory.open(i);
    if (directory.names()[i].name == "certificates" || directory.names()[i].name == "request") {
      EXPECT_TRUE(file) << "empty, and a request around nothing";
    } else if (directory.names()[i].name == credential_name) {
      EXPECT_FALSE(file) << "nobody gives this keep one";
    } else if (directory.names()[i].name == statement_name) {
      EXPECT_TRUE(file) << "proofs need no processor";
    } else if (directory.names()[i].takes) {
      ASSERT_TRUE(file);
      EXPECT_TRUE((*file)->take({}));
      EXPECT_FALSE((*file)->take(core::as_bytes("nonce")));
      EXPECT_TRUE((*file)->content()->empty());
    } else {
      EXPECT_FALSE(file) << directory.names()[i].name;
    }
  }
}

TEST(OwnDirectory, ShowsTheCertificatesOfTheKeepAsText) {
  Self self;
  const auto shown = std::make_shared<Shown>(Shown{{{{1, 2}, {3}}, {}, 0, 0}});
  OwnDirectory directory(self, {}, {}, nullptr, shown);
  const auto names = directory.names();
  const auto at = std::ranges::find(names, "certificate", &wasi::ServedName::name);
  ASSERT_NE(at, names.end());
  const auto file = directory.open(static_cast<std::size_t>(at - names.begin()));
  ASSERT_TRUE(file);
  EXPECT_EQ(core::as_text(*(*file)->content()),
            "-----BEGIN CERTIFICATE-----\nAQI=\n-----END CERTIFICATE-----\n"
            "-----BEGIN CERTIFICATE-----\nAw==\n-----END CERTIFICATE-----\n");
}

}  // namespace
}  // namespace merlon::keep
