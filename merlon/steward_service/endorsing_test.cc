#include "merlon/steward_service/endorsing.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

namespace merlon::steward_service {
namespace {

/// The trouble that is told when a VCEK is wanted beside so many other endorsements.
std::string trouble_beside(std::size_t count) {
  Options options;
  options.renew = {"Milan"};
  options.fetcher = "/nowhere/merlon-fetch";
  const auto generation = std::make_shared<Generation>();
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(generation->endorsements.add_document(std::to_string(i)));
  }
  std::string trouble;
  const auto say = [&](std::string_view, std::string_view,
                       const std::vector<http::Header>& fields) {
    for (const auto& [name, value] : fields) {
      if (name == "trouble") trouble = value;
    }
  };
  Statistics statistics;
  const std::string folder = ::testing::TempDir() + "endorsing-" + std::to_string(::getpid());
  Endorsing endorsing(
      options, folder, statistics,
      {[] { return codec::UnixTime{0}; }, [&] { return generation; }, [] { return true; }, say});
  EXPECT_FALSE(endorsing.obtain_vcek({}));
  std::filesystem::remove_all(folder);
  return trouble;
}

TEST(Endorsing, AsksForNoVcekThatWouldBeOneTooMany) {
  EXPECT_NE(trouble_beside(evidence::Endorsements::max_artefacts - 64).find("no room"),
            std::string::npos);
  const std::string asked = trouble_beside(evidence::Endorsements::max_artefacts - 65);
  EXPECT_FALSE(asked.empty());
  EXPECT_EQ(asked.find("no room"), std::string::npos) << asked;
}

}  // namespace
}  // namespace merlon::steward_service
