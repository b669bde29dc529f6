#include "merlon/workload/config.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::workload {
namespace {

Config parsed(std::string_view text) {
  auto config = Config::parse(text, "Enarx.toml");
  EXPECT_TRUE(config.has_value()) << (config ? "" : config.error().text());
  return config ? *std::move(config) : Config::standard();
}

/// The one line that refuses `text`.
std::string refusal(std::string_view text) {
  const auto config = Config::parse(text, "Enarx.toml");
  return config ? "accepted" : config.error().text();
}

TEST(Config, WithoutAFileThereAreTheThreeStandardStreams) {
  const Config config = Config::standard();
  ASSERT_EQ(config.files().size(), 3U);
  EXPECT_EQ(config.files()[1], File(StreamFile{Stream::Stdout, "stdout"}));
  EXPECT_TRUE(config.arguments().empty());
  EXPECT_FALSE(config.steward().has_value());
}

TEST(Config, WhereAWorkloadMayConnect) {
  const Config config = parsed(R"(
    [[allow]]
    name = "api.example.com"
    trust = ["ca.pem"]
    alpn = ["h2"]
    server_name = "other.example.com"
    [[allow]]
    name = "192.0.2.1"
    port = 25
    prot = "tcp"
    [[allow]]
    name = "api.example.com"
    port = 8443
  )");
  ASSERT_EQ(config.allowed().size(), 3U);
  const Allow& first = config.allowed()[0];
  EXPECT_EQ(first.port, 443U);
  EXPECT_EQ(first.protocol, Protocol::Tls);
  EXPECT_EQ(first.tls.trust.files, std::vector<std::string>{"ca.pem"});
  EXPECT_FALSE(first.tls.trust.web);
  EXPECT_EQ(first.tls.server_name, "other.example.com");
  EXPECT_EQ(config.allowed()[1], (Allow{"192.0.2.1", 25, Protocol::Tcp, {}}));
  EXPECT_TRUE(config.allowed()[2].tls.trust.web);
}

TEST(Config, DestinationsThatCannotBeMeantAreRefused) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"allow = 1", "allow: must be an array of tables, not an integer"},
      {"allow = [1]", "allow[0]: must be a table, not an integer"},
      {"[[allow]]\nport = 1", "allow[0].name: is missing"},
      {"[[allow]]\nname = ''", "allow[0].name: must be the name of a host"},
      {"[[allow]]\nname = 'a b'", "allow[0].name: must be the name of a host"},
      {"[[allow]]\nname = '*.example.com'", "allow[0].name: must be the name of a host"},
      {"[[allow]]\nname = 'A'", "allow[0].name: must be the name of a host in lower case"},
      {"[[allow]]\nname = 'a'\nport = 0", "allow[0].port: must not be 0"},
      {"[[allow]]\nname = 'a'\nport = 65536", "allow[0].port: must be an integer"},
      {"[[allow]]\nname = 'a'\nprot = 'udp'", "allow[0].prot: must be tcp or tls"},
      {"[[allow]]\nname = 'a'\nprot = 'tcp'\nalpn = ['h2']", "allow[0].alpn: needs prot"},
      {"[[allow]]\nname = 'a'\nhost = 'a'", "allow[0].host: is no key"},
      {"[[allow]]\nname = 'a'\n[[allow]]\nname = 'a'", "allow[1]: is there twice"}};
  for (const auto& [text, words] : cases) {
    EXPECT_NE(refusal(text).find(words), std::string::npos) << refusal(text);
  }
  std::string many;
  for (std::size_t i = 0; i <= Config::max_allowed; ++i) {
    many += "[[allow]]\nname = 'a'\nport = " + std::to_string(i + 1) + "\n";
  }
  EXPECT_NE(refusal(many).find("has more than 1024 entries"), std::string::npos);
}

TEST(Config, AnEmptyFileGivesNoFilesAtAll) {
  const Config config = parsed("");
  EXPECT_TRUE(config.files().empty());
  EXPECT_TRUE(config.environment().empty());
}

TEST(Config, TheTemplateMeansWhatNoFileMeans) {
  const Config config = parsed(config_template());
  EXPECT_EQ(config.files(), Config::standard().files());
  EXPECT_TRUE(config.arguments().empty());
  EXPECT_TRUE(config.environment().empty());
}

TEST(Config, EveryLineOfTheTemplateIsValidWhenUncommented) {
  std::string text;
  std::size_t start = 0;
  const std::string_view source = config_template();
  while (start < source.size()) {
    const std::size_t end = source.find('\n', start);
    std::string_view line = source.substr(start, end - start);
    // Prose starts with a capital or a lower-case word; keys hold '=' and tables start with '['.
    if (line.starts_with("# ") &&
        (line.find(" = ") != std::string_view::npos || line.starts_with("# ["))) {
      line.remove_prefix(2);
    }
    text.append(line).push_back('\n');
    start = end + 1;
  }
  const Config config = parsed(text);
  EXPECT_EQ(config.files().size(), 6U);
  EXPECT_EQ(config.steward(), "https://steward.example");
  EXPECT_EQ(config.arguments().size(), 2U);
  EXPECT_EQ(config.environment().size(), 1U);
}

TEST(Config, ReadsEveryKindOfFile) {
  const Config config = parsed(R"(
steward = "https://attest.example"
args = ["a", "b c"]
files = [
  { kind = "null" },
  { kind = "stdin", name = "in" },
  { kind = "stdout" },
  { kind = "stderr" },
  { kind = "listen", prot = "tcp", name = "web" },
  { kind = "listen", prot = "tls", name = "tls", addr = "127.0.0.1", port = 0 },
  { kind = "connect", prot = "tcp", host = "db" },
  { kind = "connect", prot = "tls", host = "db", name = "secure", port = 65535 },
]
[env]
B = "2"
A = ""
)");
  EXPECT_EQ(config.steward(), "https://attest.example");
  EXPECT_EQ(config.arguments(), (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(config.environment(),
            (std::vector<std::pair<std::string, std::string>>{{"A", ""}, {"B", "2"}}));
  const std::vector<File> files{
      NullFile{"null"},
      StreamFile{Stream::Stdin, "in"},
      StreamFile{Stream::Stdout, "stdout"},
      StreamFile{Stream::Stderr, "stderr"},
      ListenFile{"web", Protocol::Tcp, "::", 80},
      ListenFile{"tls", Protocol::Tls, "127.0.0.1", 0},
      ConnectFile{"db", Protocol::Tcp, "db", 80},
      ConnectFile{"secure", Protocol::Tls, "db", 65535, {.trust = {.web = true}}},
  };
  EXPECT_EQ(config.files(), files);
}

TEST(Config, TlsPortsDefaultTo443) {
  const Config config = parsed("files = [{kind='connect', prot='tls', host='h'}]");
  EXPECT_EQ(std::get<ConnectFile>(config.files()[0]).port, 443);
}

TEST(Config, UnknownKeysAreIgnoredOnlyAtTheTop) {
  EXPECT_TRUE(parsed("unknown = 1\n[table]\nx = 2\n").files().empty());
  EXPECT_EQ(refusal("[[files]]\nkind = 'stdin'\ncolour = 'red'\n"),
            "Enarx.toml:3: files[0].colour: is no key of this kind of file; there are: kind, name");
}

TEST(Config, SaysHowTlsIsSpoken) {
  const Config config = parsed(R"(
steward_trust = ["ca.pem", "web"]
files = [
  { kind = "listen", name = "a", client = "require", trust = ["steward", "x.pem"], alpn = ["h2"] },
  { kind = "listen", name = "b", client = "none" },
  { kind = "connect", host = "h", trust = ["steward"], server_name = "keep", alpn = ["a", "b"] },
])");
  EXPECT_EQ(config.steward_trust(), (Trust{.web = true, .files = {"ca.pem"}}));
  EXPECT_EQ(std::get<ListenFile>(config.files()[0]).tls,
            (TlsOptions{.client = ClientCertificate::Require,
                        .trust = {.steward = true, .files = {"x.pem"}},
                        .alpn = {"h2"}}));
  EXPECT_EQ(std::get<ListenFile>(config.files()[1]).tls, TlsOptions{});
  EXPECT_EQ(std::get<ConnectFile>(config.files()[2]).tls,
            (TlsOptions{.trust = {.steward = true}, .alpn = {"a", "b"}, .server_name = "keep"}));
  EXPECT_EQ(parsed("").steward_trust(), Trust{.web = true});
}

TEST(Config, RefusesTlsThatWouldNotBeWhatItSeems) {
  const auto of_listener = [](std::string_view keys) {
    return refusal("files = [{kind='listen', name='a', " + std::string(keys) + "}]");
  };
  const std::string at = "Enarx.toml:1: files[0].";
  EXPECT_EQ(of_listener("prot='tcp', client='require', trust=['steward']"),
            at + "client: needs prot = \"tls\"");
  EXPECT_EQ(of_listener("prot='tcp', alpn=['h2']"), at + "alpn: needs prot = \"tls\"");
  EXPECT_EQ(of_listener("client='require'"),
            at + "client: needs trust, which says whose certificates clients may show");
  EXPECT_EQ(of_listener("trust=['web']"), at + "trust: needs client = \"request\" or \"require\"");
  EXPECT_EQ(of_listener("client='always', trust=['web']"),
            at + "client: must be none, request or require, not 'always'");
  EXPECT_EQ(of_listener("client='require', trust=[]"),
            at + "trust: must be an array of 1 to 16 strings");
  for (const std::string_view name : {"../ca.pem", "/etc/ca.pem", "..", ""}) {
    EXPECT_EQ(of_listener("client='require', trust=['" + std::string(name) + "']"),
              at + "trust: must name web, steward or a file beside Enarx.toml, not '" +
                  std::string(name) + "'");
  }
  EXPECT_EQ(of_listener("alpn=['']"),
            at + "alpn: must name protocols of 1 to 255 bytes, such as \"http/1.1\"");
  EXPECT_EQ(refusal("files = [{kind='connect', host='h', server_name=''}]"),
            at + "server_name: must be a name or an address");
  EXPECT_EQ(refusal("steward_trust = ['steward']"),
            "Enarx.toml:1: steward_trust: a Steward cannot vouch for its own address; name web or "
            "a file");
}

TEST(Config, HostIsNoKeyOfAListeningSocket) {
  EXPECT_EQ(refusal("[[files]]\nkind='listen'\nprot='tcp'\nname='a'\nhost='b'\n"),
            "Enarx.toml:5: files[0].host: is no key of this kind of file; there are: kind, name, "
            "prot, addr, port, client, trust, alpn");
}

/// As Enarx's documents have it.
TEST(Config, SocketsSpeakTlsUnlessTheyNameAnotherProtocol) {
  const Config config = parsed("files = [{kind='listen', name='a'}, {kind='connect', host='h'}]");
  EXPECT_EQ(std::get<ListenFile>(config.files()[0]).protocol, Protocol::Tls);
  EXPECT_EQ(std::get<ListenFile>(config.files()[0]).port, 443);
  EXPECT_EQ(std::get<ConnectFile>(config.files()[1]).protocol, Protocol::Tls);
  EXPECT_EQ(std::get<ConnectFile>(config.files()[1]).tls, TlsOptions{.trust = {.web = true}});
  EXPECT_EQ(refusal("files = [{kind='connect', host='h', prot='udp'}]"),
            "Enarx.toml:1: files[0].prot: must be tcp or tls, not 'udp'");
}

TEST(Config, ListeningSocketsMustHaveAName) {
  EXPECT_EQ(refusal("files = [{kind='listen', prot='tcp'}]"),
            "Enarx.toml:1: files[0].name: is missing");
}

TEST(Config, ConnectionsMustHaveAHost) {
  EXPECT_EQ(refusal("files = [{kind='connect', prot='tcp'}]"),
            "Enarx.toml:1: files[0].host: is missing");
}

TEST(Config, NamesHoldNoColonUnlessTheyAreTheHost) {
  EXPECT_EQ(refusal("files = [\n {kind='stdin', name='a:b'}\n]"),
            "Enarx.toml:2: files[0].name: must not contain ':'");
  const Config config = parsed("files = [{kind='connect', prot='tcp', host='::1'}]");
  EXPECT_EQ(name_of(config.files()[0]), "::1");
}

TEST(Config, PortsAreIntegersOf16Bits) {
  for (const char* port : {"-1", "65536", "'80'", "80.0", "true"}) {
    const std::string text =
        std::string("files = [{kind='listen', prot='tcp', name='a', port=") + port + "}]";
    EXPECT_EQ(refusal(text), "Enarx.toml:1: files[0].port: must be an integer from 0 to 65535");
  }
}

TEST(Config, KindIsOneOfSix) {
  EXPECT_EQ(refusal("[[files]]\nname = 'x'\n"), "Enarx.toml:1: files[0].kind: is missing");
  EXPECT_EQ(refusal("[[files]]\nkind = 'STDIN'\n"),
            "Enarx.toml:2: files[0].kind: must be null, stdin, stdout, stderr, listen or connect, "
            "not 'STDIN'");
}

TEST(Config, TypesAreNamedWhenTheyAreWrong) {
  EXPECT_EQ(refusal("args = 'a'"), "Enarx.toml:1: args: must be an array of strings, not a string");
  EXPECT_EQ(refusal("args = [\n'a',\n1]"),
            "Enarx.toml:3: args[1]: must be a string, not an integer");
  EXPECT_EQ(refusal("[env]\nA = 1979-05-27"), "Enarx.toml:2: env.A: must be a string, not a date");
  EXPECT_EQ(refusal("env = []"), "Enarx.toml:1: env: must be a table, not an array");
  EXPECT_EQ(refusal("files = 1.5"),
            "Enarx.toml:1: files: must be an array of tables, not a floating-point number");
  EXPECT_EQ(refusal("files = [true]"), "Enarx.toml:1: files[0]: must be a table, not a boolean");
}

TEST(Config, StewardMustBeAUrl) {
  EXPECT_EQ(refusal("steward = 'attest.example'"),
            "Enarx.toml:1: steward: must be a URL such as https://steward.example, not "
            "'attest.example'");
  EXPECT_EQ(refusal("steward = 1"), "Enarx.toml:1: steward: must be a string, not an integer");
}

TEST(Config, NulCharactersAreRefused) {
  EXPECT_EQ(refusal("args = [\"a\\u0000b\"]"),
            "Enarx.toml:1: args[0]: must not contain a NUL character");
  EXPECT_EQ(refusal("[env]\n\"a\\u0000\" = ''"),
            "Enarx.toml:2: env.'a\\x00': its name must not contain a NUL character");
}

TEST(Config, BrokenTomlIsRefusedWithItsLine) {
  const std::string line = refusal("args = []\nfiles = [\n");
  EXPECT_TRUE(line.starts_with("Enarx.toml:")) << line;
  EXPECT_NE(line.find("not valid TOML"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Config, InputsThatBreakTheLibrarysPromisesAreRefused) {
  for (const char* text : {"[[[a]]]", "[{b = 0", "[=", "é = 1", "a = 1 é", "\xEF\xBB\xB7"}) {
    EXPECT_NE(refusal(text).find("not valid TOML"), std::string::npos) << text;
  }
  EXPECT_EQ(parsed("args = [\"é\"] # é\n").arguments()[0], "é");
}

TEST(Config, DeepNestingIsRefusedAndDoesNotOverflowTheStack) {
  const std::string line = refusal("a = " + std::string(100'000, '[') + std::string(100'000, ']'));
  EXPECT_NE(line.find("not valid TOML"), std::string::npos) << line;
}

TEST(Config, LongTextsAreRefused) {
  EXPECT_EQ(refusal(std::string(max_config_size + 1, '\n')),
            "Enarx.toml: is longer than 1000000 bytes");
  EXPECT_TRUE(parsed(std::string(max_config_size, '\n')).files().empty());
}

TEST(ConfigNotes, TellKeysThatArePassedOver) {
  const auto config = Config::parse(
      "[[files]]\nkind = \"stdout\"\n[network.incoming.9000]\nprot = \"tcp\"\n"
      "[\"\\u009b31m\\u202e\"]\n",
      "Enarx.toml");
  ASSERT_TRUE(config.has_value()) << config.error().text();
  ASSERT_EQ(config->notes().size(), 2U);
  EXPECT_EQ(config->notes()[0], "Enarx.toml:3: network is no key of Enarx.toml and is passed over");
  EXPECT_EQ(config->notes()[1].find("\xC2\x9B"), std::string::npos);
}

TEST(ConfigNotes, AreNotMoreThanAnybodyReads) {
  std::string text = "[[files]]\nkind = \"stdout\"\n";
  for (int i = 0; i < 5000; ++i) text += "[key" + std::to_string(i) + "]\n";
  const auto config = Config::parse(text, "Enarx.toml");
  ASSERT_TRUE(config.has_value());
  ASSERT_EQ(config->notes().size(), Config::max_notes);
  EXPECT_EQ(config->notes().back(),
            "Enarx.toml: 4993 more keys are no keys of Enarx.toml and are passed over");
}

TEST(ConfigNotes, TellThatThereAreNoStandardStreams) {
  const auto none = Config::parse("args = []\n", "Enarx.toml");
  ASSERT_TRUE(none.has_value());
  ASSERT_EQ(none->notes().size(), 1U);
  EXPECT_NE(none->notes()[0].find("no standard stream"), std::string::npos);
  EXPECT_TRUE(Config::parse("[[files]]\nkind = \"stderr\"\n", "Enarx.toml")->notes().empty());
  EXPECT_TRUE(Config::standard().notes().empty());
}

TEST(Config, DirectoriesThatTheWorkloadFinds) {
  const Config config = parsed(R"(
    [[mounts]]
    path = "/lib"
    source = "lib/python"
    [[mounts]]
    path = "/"
    source = "."
    write = true
    [[mounts]]
    path = "/tmp"
    source = "memory"
    [[mounts]]
    path = "/sealed"
    source = "sealed"
    volume = "mine"
    bound_to = "workload"
    [[mounts]]
    path = "/memory"
    source = "./memory"
  )");
  using Source = Mount::Source;
  const std::vector<Mount> expected{
      {"/lib", Source::Package, "lib/python", false},
      {"/", Source::Package, "", true},
      {"/tmp", Source::Memory},
      {"/sealed", Source::Sealed, "", true, "mine", Mount::Binding::Workload},
      {"/memory", Source::Package, "memory", false}};
  EXPECT_EQ(config.mounts(), expected);
  EXPECT_EQ(parsed("[[mounts]]\npath = '/s'\nsource = 'sealed'").mounts()[0].volume, "data");
}

TEST(Config, MountsThatMeanNothingAreRefused) {
  const std::string start = "[[mounts]]\npath = '/a'\n";
  for (const auto& [text, line] :
       {std::pair<std::string, std::string>{"mounts = 1", "mounts: must be an array of tables"},
        {"[[mounts]]\nsource = 'memory'", "mounts[0].path: is missing"},
        {start, "mounts[0].source: is missing"},
        {"[[mounts]]\npath = 'a'\nsource = 'memory'", "mounts[0].path: must be a path from /"},
        {"[[mounts]]\npath = '/a/'\nsource = 'memory'", "mounts[0].path: must be a path"},
        {"[[mounts]]\npath = '/a/..'\nsource = 'memory'", "mounts[0].path: must be a path"},
        {start + "source = ''", "mounts[0].source: must be memory, sealed or a directory"},
        {start + "source = '/etc'", "mounts[0].source: must be memory, sealed or a directory"},
        {start + "source = '../x'", "mounts[0].source: must be memory, sealed or a directory"},
        {start + "source = 'x/../..'", "mounts[0].source: must be memory, sealed or a"},
        {start + "source = 'x'\nwrite = 1", "mounts[0].write: must be true or false"},
        {start + "source = 'x'\nvolume = 'v'", "mounts[0].volume: is no key of this kind"},
        {start + "source = 'memory'\nwrite = false", "mounts[0].write: must not be false"},
        {start + "source = 'sealed'\nwrite = false", "mounts[0].write: must not be false"},
        {start + "source = 'sealed'\nvolume = '../v'", "mounts[0].volume: must be 1 to 64"},
        {start + "source = 'sealed'\nbound_to = 'x'", "mounts[0].bound_to: must be tenant"},
        {start + "source = 'x'\n" + start + "source = 'y'", "mounts[1].path: is there twice"},
        {start + "source = 'sealed'\n[[mounts]]\npath = '/b'\nsource = 'sealed'",
         "mounts[1].source: is sealed twice"}}) {
    EXPECT_NE(refusal(text).find(line), std::string::npos) << text << " gives " << refusal(text);
  }
}

}  // namespace
}  // namespace merlon::workload
