#include "merlon/keep/own_directory.h"

#include <gtest/gtest.h>

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
  OwnDirectory directory(self, {}, nullptr);
  EXPECT_EQ(directory.names().size(), 6U);
  for (std::size_t i = 0; i < directory.names().size(); ++i) {
    const auto file = directory.open(i);
    if (directory.names()[i].name == "certificates") {
      EXPECT_TRUE(file) << "empty";
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

}  // namespace
}  // namespace merlon::keep
