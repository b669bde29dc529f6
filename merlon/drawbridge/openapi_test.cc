#include "merlon/drawbridge/openapi.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

#include "merlon/codec/json.h"
#include "merlon/drawbridge/target.h"

namespace merlon::drawbridge {
namespace {

/// With a name that can be in the place of each parameter.
std::string filled(std::string path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> names{
      {{"{user}", "bob"},
       {"{repository}", "my-app"},
       {"{tag}", "1.0.0"},
       {"{path}", "a/b"},
       {"{id}", "0123456789abcdef"}}};
  for (const auto& [parameter, name] : names) {
    const std::size_t at = path.find(parameter);
    if (at != std::string::npos) path.replace(at, parameter.size(), name);
  }
  return path;
}

/// Every path of the document is one of the registry's, and none of the registry's kinds is left
/// out; for methods see service_test.cc.
TEST(OpenApi, NamesEveryKindOfPath) {
  const auto document = codec::JsonDocument::parse(openapi());
  ASSERT_TRUE(document);
  std::set<Target::What> named;
  for (const std::string_view path : document->root().find("paths")->names()) {
    if (!path.starts_with("/api/")) continue;
    const auto target = parse_target(filled(std::string(path)));
    ASSERT_TRUE(target) << path;
    named.insert(target->what);
  }
  for (int what = 0; what <= static_cast<int>(Target::What::Token); ++what) {
    EXPECT_TRUE(named.contains(static_cast<Target::What>(what))) << what;
  }
}

}  // namespace
}  // namespace merlon::drawbridge
