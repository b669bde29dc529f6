#include "merlon/gatehouse/openapi.h"

#include <algorithm>
#include <cctype>

#include <gtest/gtest.h>

#include "merlon/codec/json.h"
#include "merlon/gatehouse/service.h"

namespace merlon::gatehouse {
namespace {

/// Every route of the document is one of the service, with each of its methods.
TEST(OpenApi, SaysWhatTheServiceDoes) {
  const auto document = codec::JsonDocument::parse(openapi());
  ASSERT_TRUE(document);
  HouseSettings settings;
  settings.folder = testing::TempDir() + "none";
  House house(settings);
  Service service(house,
                  {[] { return codec::UnixTime{0}; }, [] { return http::Counters{}; }, true});
  const codec::JsonValue& paths = *document->root().find("paths");
  ASSERT_GT(paths.names().size(), 8U);
  for (std::size_t i = 0; i < paths.names().size(); ++i) {
    std::string path(paths.names()[i]);
    if (const std::size_t at = path.find("{id}"); at != std::string::npos) {
      path.replace(at, 4, std::string(32, '0'));
    }
    for (const std::string_view method : paths.items()[i].names()) {
      if (method == "parameters") continue;
      http::Request request;
      request.method = method;
      std::ranges::transform(request.method, request.method.begin(),
                             [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      request.target = path;
      const http::Response answer = service.handle(request);
      EXPECT_EQ(answer.body.find("route.unknown"), std::string::npos) << method << " " << path;
      EXPECT_EQ(answer.body.find("request.method"), std::string::npos) << method << " " << path;
    }
  }
}

}  // namespace
}  // namespace merlon::gatehouse
