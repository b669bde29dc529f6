#include "merlon/cli/grants.h"

#include <gtest/gtest.h>

namespace merlon::cli {
namespace {

struct Parts {
  std::string host;
  std::string guest;
  bool read_only;
  bool operator==(const Parts&) const = default;
};

Parts parts(std::string_view text) {
  const auto grant = parse_directory_grant(text);
  return grant ? Parts{grant->host, grant->guest, grant->read_only} : Parts{"refused", "", false};
}

TEST(DirectoryGrant, TheGuestFindsItUnderTheHostsPathUnlessAnotherIsNamed) {
  EXPECT_EQ(parts("data"), (Parts{"data", "data", false}));
  EXPECT_EQ(parts("/srv/x::/data"), (Parts{"/srv/x", "/data", false}));
}

TEST(DirectoryGrant, ColonRoForbidsChanges) {
  EXPECT_EQ(parts("data:ro"), (Parts{"data", "data", true}));
  EXPECT_EQ(parts("/srv::/data:ro"), (Parts{"/srv", "/data", true}));
}

TEST(DirectoryGrant, OneColonIsPartOfAName) {
  EXPECT_EQ(parts("a:b"), (Parts{"a:b", "a:b", false}));
  EXPECT_EQ(parts("a::ro"), (Parts{"a", "ro", false}));
  EXPECT_EQ(parts("a::ro:ro"), (Parts{"a", "ro", true}));
}

TEST(DirectoryGrant, EmptyPartsAreRefused) {
  for (const char* text : {"", ":ro", "::/data", "data::", "::"}) {
    EXPECT_EQ(parts(text).host, "refused") << text;
  }
}

}  // namespace
}  // namespace merlon::cli
