#include "merlon/keep/launch_facts.h"

#include <gtest/gtest.h>

namespace merlon::keep {
namespace {

launch::Message message() {
  launch::Message made;
  made.program = "app.wasm";
  made.arguments = {"app", "a \"b\""};
  made.environment = {"KEY=value"};
  made.files = {{launch::FileKind::Stdin, launch::FileAccess::ReadWrite, "stdin"},
                {launch::FileKind::Directory, launch::FileAccess::ReadOnly, "/data"}};
  made.max_memory_bytes = 4096;
  return made;
}

OwnDigests digests() {
  return {crypto::sha256({core::as_bytes("m")}), crypto::sha256({core::as_bytes("t")}),
          crypto::sha256({core::as_bytes("h")})};
}

Source source() { return {{}, crypto::sha256({core::as_bytes("t")}), {}, 4096, 0}; }

TEST(LaunchFacts, AreOneTextOfAllThatTheLaunchDecides) {
  EXPECT_EQ(launch_facts(message(), source(), digests()),
            "{\"version\":1,\"tls_key_sha256\":"
            "\"e3b98a4da31a127d4bde6e43033f66ba274cab0eb7eb1c70ec41402bf6273dd8\","
            "\"hpke_key_sha256\":"
            "\"aaa9402664f1a41f40ebbc52c9993eb66aeb366602958fdfaa283b71e64db123\","
            "\"message_sha256\":"
            "\"e3b98a4da31a127d4bde6e43033f66ba274cab0eb7eb1c70ec41402bf6273dd8\","
            "\"configuration_sha256\":"
            "\"0000000000000000000000000000000000000000000000000000000000000000\","
            "\"workload\":{\"from\":\"host\",\"sha256\":"
            "\"62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a\","
            "\"invoke\":\"\",\"arguments\":[\"app\",\"a \\\"b\\\"\"],"
            "\"environment\":[\"KEY=value\"],\"files\":[{\"kind\":\"stdin\",\"name\":\"stdin\"},"
            "{\"kind\":\"directory\",\"name\":\"/data\",\"access\":\"read-only\"}]},"
            "\"host\":{\"max_memory_bytes\":4096,\"timeout_nanoseconds\":0}}\n");
}

TEST(LaunchFacts, NameWhereTheWorkloadMayConnect) {
  launch::Message made = message();
  made.allowed = {
      {"a.example", 443, launch::TlsSettings{.trust = {.web = true}, .server_name = "a"}},
      {"b.example", 80, {}}};
  EXPECT_NE(
      launch_facts(made, source(), digests())
          .find("\"allowed\":[{\"name\":\"a.example\",\"port\":443,\"tls\":{\"client\":\"none\","
                "\"trust\":[\"web\"],\"alpn\":[],\"server_name\":\"a\"}},"
                "{\"name\":\"b.example\",\"port\":80}]"),
      std::string::npos);
}

TEST(LaunchFacts, ChangeWithEachDecision) {
  const std::string before = launch_facts(message(), source(), digests());
  const auto changed = [&](auto change) {
    launch::Message made = message();
    change(made);
    return launch_facts(made, source(), digests()) != before;
  };
  EXPECT_TRUE(changed([](auto& m) { m.arguments.pop_back(); }));
  EXPECT_TRUE(changed([](auto& m) { m.environment[0] = "KEY=other"; }));
  EXPECT_TRUE(changed([](auto& m) { m.files[1].access = launch::FileAccess::ReadWrite; }));
  EXPECT_TRUE(changed([](auto& m) { m.files[1].name = "/other"; }));
  EXPECT_TRUE(changed([](auto& m) { m.files[0].kind = launch::FileKind::Null; }));
  EXPECT_TRUE(changed([](auto& m) { m.allowed = {{"a.example", 443, {}}}; }));
  EXPECT_TRUE(changed([](auto& m) { m.invoke = "f"; }));
  OwnDigests other = digests();
  other.module = other.hpke_key;
  EXPECT_NE(launch_facts(message(), source(), other), before);
  const auto of_source = [&](auto change) {
    Source made = source();
    change(made);
    return launch_facts(message(), made, digests()) != before;
  };
  EXPECT_TRUE(of_source([](Source& made) { made.message = digests().module; }));
  EXPECT_TRUE(of_source([](Source& made) { made.host_timeout_nanoseconds = 1; }));
  EXPECT_TRUE(of_source([](Source& made) { made.host_max_memory_bytes = 0; }));
  EXPECT_TRUE(of_source([](Source& made) { made.tenant = digests().module; }));
}

TEST(LaunchFacts, NameTheTenantWhoDelivered) {
  Source made = source();
  made.tenant = crypto::sha256({core::as_bytes("m")});
  EXPECT_NE(launch_facts(message(), made, digests())
                .find("\"workload\":{\"from\":\"tenant\",\"tenant_key_sha256\":"
                      "\"62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a\","),
            std::string::npos);
}

}  // namespace
}  // namespace merlon::keep
