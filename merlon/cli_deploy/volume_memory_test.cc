#include "merlon/cli_deploy/volume_memory.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

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
  /// The one file there is.
  static std::string path() {
    return std::filesystem::directory_iterator(folder() + "/merlon/volume-memory")->path();
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
