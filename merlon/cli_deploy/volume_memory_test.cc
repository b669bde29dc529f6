#include "merlon/cli_deploy/volume_memory.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/gatehouse_client.h"

namespace merlon::cli_deploy {
namespace {

std::string folder() { return testing::TempDir() + "volumes-" + std::to_string(::getpid()); }
std::string variable(const char* name) {
  return std::string_view(name) == "XDG_STATE_HOME" ? folder() : "";
}

class VolumeMemories : public ::testing::Test {
 protected:
  ~VolumeMemories() override { std::filesystem::remove_all(folder()); }

  [[nodiscard]] VolumeMemory memory(const std::string& url = "",
                                    const std::string& volume = "data") const {
    const auto tenant = crypto::sha256({core::as_bytes("tenant")});
    return VolumeMemory::open(terminal_, url, tenant, volume).value();
  }
  [[nodiscard]] static launch::Volume demanded(const VolumeMemory& memory) {
    launch::Volume volume{"data"};
    EXPECT_TRUE(memory.demand(volume));
    return volume;
  }
  static delivery::VolumeMark mark() {
    const std::vector<std::uint8_t> id(delivery::VolumeMark::Id::size, 5);
    return {7, crypto::sha256({core::as_bytes("index")}),
            delivery::VolumeMark::Id::from(id).value()};
  }
  /// The one file there is, beside the lock.
  static std::string path() {
    for (const auto& each :
         std::filesystem::directory_iterator(folder() + "/merlon/volume-memory")) {
      if (each.path().extension() != ".lock") return each.path();
    }
    return {};
  }
  static void write(std::string_view text) { std::ofstream(path()) << text; }

  cli::Terminal terminal_{"merlon", nullptr, nullptr, &variable};
};

TEST_F(VolumeMemories, OfNothingDemandNothing) {
  EXPECT_EQ(demanded(memory()), launch::Volume{"data"});
}

TEST_F(VolumeMemories, DemandTheVolumeAndTheStateThatWasNoted) {
  memory().note(mark(), 3);
  const launch::Volume volume = demanded(memory());
  EXPECT_EQ(volume.generation, 7U);
  EXPECT_TRUE(std::ranges::equal(volume.head, mark().head.view()));
  EXPECT_TRUE(std::ranges::equal(volume.id, mark().id.view()));
  EXPECT_EQ(volume.epoch, 3U);
  EXPECT_EQ(demanded(memory("", "other")), launch::Volume{"data"});
}

TEST_F(VolumeMemories, OfAGatehouseAreOneHoweverItsAddressIsWritten) {
  memory("https://House.example").note(mark(), 3);
  for (const char* const url : {"https://house.example", "HTTPS://HOUSE.EXAMPLE:443",
                                "https://house.example/", "https://house.example:0443/"}) {
    EXPECT_EQ(demanded(memory(url)).generation, 7U) << url;
  }
  for (const char* const url : {"https://house.example:8443", "http://house.example", ""}) {
    EXPECT_EQ(demanded(memory(url)).generation, 0U) << url;
  }
}

TEST_F(VolumeMemories, OfTheFirstFormatAreFoundByTheTextAsItWasTyped) {
  const std::string typed = "https://House.example:443";
  const std::string nul(1, '\0');
  const auto tenant = crypto::sha256({core::as_bytes("tenant")});
  const auto name = crypto::sha256(
      {core::as_bytes(typed), core::as_bytes(nul), tenant.view(), core::as_bytes("data")});
  memory("").note(mark(), 3);
  std::filesystem::rename(path(), folder() + "/merlon/volume-memory/" + base::hex(name.view()));
  EXPECT_EQ(demanded(memory(typed)).generation, 7U);
  EXPECT_EQ(demanded(memory("https://house.example")).generation, 7U);
}

TEST(GatehouseAddresses, AreWrittenInOneWay) {
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP://LocalHost:80", "http://localhost"},
      {"http://127.0.0.1:443", "http://127.0.0.1:443"},
      {"https://[::1]", "https://[::1]"},
      {"https://[FE80::1]:443/", "https://[fe80::1]"},
      {"https://[::1]:8443", "https://[::1]:8443"},
      {"https://h:80", "https://h:80"},
  };
  for (const auto& [given, expected] : cases) EXPECT_EQ(normalised(given), expected) << given;
  for (const char* const none : {"", "h", "https://", "https://h/path", "ftp://h", "https://h:0"}) {
    EXPECT_FALSE(normalised(none)) << none;
  }
}

TEST(VolumeOptions, SayWhatIsTooOld) {
  cli::Arguments arguments;
  launch::Volume volume{"data"};
  EXPECT_FALSE(apply_volume_options(arguments, volume));  // no key
  arguments.options["--key"] = {"key.pem"};
  arguments.options["--volume-oldest-svn"] = {"7"};
  arguments.options["--volume-oldest-tcb"] = {"0xC815000000000003"};
  arguments.options["--volume-epoch"] = {"2"};
  ASSERT_TRUE(apply_volume_options(arguments, volume));
  EXPECT_EQ(volume.oldest_svn, 7U);
  EXPECT_EQ(volume.oldest_tcb[0], 3U);
  EXPECT_EQ(volume.oldest_tcb[7], 0xC8U);
  EXPECT_EQ(volume.epoch, 2U);
  arguments.options["--volume-oldest-tcb"] = {"0102030405060708090a0b0c0d0e0f10"};
  ASSERT_TRUE(apply_volume_options(arguments, volume));
  EXPECT_EQ(volume.oldest_tcb[0], 1U);
  EXPECT_EQ(volume.oldest_tcb[15], 16U);
  for (const char* const option :
       {"--volume-oldest-svn", "--volume-oldest-tcb", "--volume-epoch"}) {
    cli::Arguments wrong;
    wrong.options["--key"] = {"key.pem"};
    for (const char* const value : {"", "-1", "x", "99999999999999999999"}) {
      wrong.options[option] = {value};
      EXPECT_FALSE(apply_volume_options(wrong, volume)) << option << value;
    }
  }
  arguments.options["--volume-oldest-svn"] = {"4294967296"};
  EXPECT_FALSE(apply_volume_options(arguments, volume));
}

TEST_F(VolumeMemories, BringTheTenantsOwnKeyWhereHeHasOne) {
  std::filesystem::create_directories(folder());
  const std::string file = folder() + "/volume.key";
  cli::Arguments arguments;
  arguments.options["--key"] = {"key.pem"};
  arguments.options["--volume-key"] = {file};
  launch::Volume volume{"data"};
  EXPECT_FALSE(apply_volume_options(arguments, volume));
  std::ofstream(file) << std::string(64, 'a') << "\r\n";
  ASSERT_TRUE(apply_volume_options(arguments, volume));
  ASSERT_TRUE(volume.key);
  EXPECT_EQ(volume.key->front(), 0xAAU);
  for (const std::string& bad : {std::string("aa"), std::string(64, 'x'), std::string(66, 'a')}) {
    std::ofstream(file) << bad;
    EXPECT_FALSE(apply_volume_options(arguments, volume)) << bad;
    EXPECT_FALSE(volume.key);
  }
}

TEST_F(VolumeMemories, HaveAPlaceOrNone) {
  const cli::Terminal nowhere{"merlon", nullptr, nullptr,
                              [](const char*) { return std::string(); }};
  EXPECT_FALSE(VolumeMemory::open(nowhere, "", {}, "data"));
  const VolumeMemory gone = memory();
  VolumeMemory noted = gone;
  EXPECT_EQ(noted.trouble(), "");
  std::filesystem::remove_all(folder());
  noted.note(mark(), 1);
  EXPECT_NE(noted.trouble(), "");
}

TEST_F(VolumeMemories, DoNotGoBack) {
  delivery::VolumeMark later = mark();
  later.generation += 5;
  memory().note(later, 4);
  // A host has held back what an earlier keep said.
  memory().note(mark(), 3);
  memory().note(mark(), 4);
  EXPECT_EQ(demanded(memory()).generation, later.generation);
  EXPECT_EQ(demanded(memory()).epoch, 4U);
  // Another volume, which the tenant took knowingly, is another matter.
  delivery::VolumeMark other = mark();
  other.id = delivery::VolumeMark::Id::from(std::vector<std::uint8_t>(16, 0x77)).value();
  memory().note(other, 1);
  EXPECT_EQ(demanded(memory()).generation, other.generation);
}

TEST_F(VolumeMemories, GoBackOnceWhereTheTenantTakesAnyState) {
  delivery::VolumeMark later = mark();
  later.generation += 5;
  memory().note(later, 4);
  VolumeMemory any = memory();
  any.forget_on_note();
  any.note(mark(), 4);
  EXPECT_EQ(demanded(memory()).generation, mark().generation);
  any.note(later, 4);
  any.note(mark(), 4);
  EXPECT_EQ(demanded(memory()).generation, later.generation);
}

TEST_F(VolumeMemories, ThatNameNoVolumeTakeWhichIsShown) {
  memory().note(mark(), 0);
  write(R"({"generation":9,"head":")" + std::string(64, 'a') + R"(","epoch":2})");
  const launch::Volume volume = demanded(memory());
  EXPECT_EQ(volume.generation, 9U);
  EXPECT_EQ(volume.id, launch::Volume{}.id);
  memory().note(mark(), 2);
  EXPECT_TRUE(std::ranges::equal(demanded(memory()).id, mark().id.view()));
}

TEST_F(VolumeMemories, ThatSayNothingAreRefused) {
  memory().note(mark(), 0);
  const std::string head(64, 'a');
  for (const std::string& text :
       std::vector<std::string>{"", "{}", R"({"generation":9,"head":"aa","epoch":2})",
                                R"({"generation":9,"head":")" + head + R"(","epoch":2,"id":"aa"})",
                                R"({"generation":9,"head":")" + head + R"(","epoch":2,"id":7})"}) {
    write(text);
    launch::Volume volume{"data"};
    EXPECT_FALSE(memory().demand(volume)) << text;
    EXPECT_EQ(volume.generation, 0U);
  }
}

}  // namespace
}  // namespace merlon::cli_deploy
