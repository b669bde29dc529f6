#include "merlon/cli/platform_report.h"

#include <gtest/gtest.h>

namespace merlon::cli {
namespace {

using host::probe::Need;

PlatformReport sample() {
  return {"Linux 6.1",
          {{"kvm",
            {{"/dev/kvm", Need::Required, false, "No such file or directory", "load it", 0},
             {"API version", Need::Required, true, "12", "", 1},
             {"CPU", Need::Note, true, "A", "", 0},
             {"one", Need::Optional, false, "", "do one", 1},
             {"two", Need::Required, true, "", "", 2},
             {"three", Need::Required, true, "", "", 1},
             {"four", Need::Required, false, "", "do four", 1},
             {"five", Need::Required, false, "", "do five", 2}}}},
          {"kvm"}};
}

TEST(PlatformReport, TextNamesEachDatumAndTheRemedyOfWhatFails) {
  EXPECT_EQ(to_text(sample(), false),
            "Merlon version 0.1.0\n"
            "System Info: Linux 6.1\n"
            "\n"
            "✗ Backend: kvm\n"
            "  ✗ /dev/kvm                                      No such file or directory\n"
            "      load it\n"
            "    ✔ API version                                 12\n"
            "  · CPU                                           A\n"
            "    ✗ one\n"
            "        do one\n"
            "      ✔ two\n"
            "    ✔ three\n"
            "    ✗ four\n"
            "        do four\n"
            "      ✗ five\n");
}

TEST(PlatformReport, ABackendThatThisVersionLacksIsNamed) {
  PlatformReport report = sample();
  report.supported = {"nil"};
  EXPECT_NE(to_text(report, false).find("Backend: kvm (this version"), std::string::npos);
  EXPECT_NE(to_json(report).find("\"supported\":false"), std::string::npos);
}

TEST(PlatformReport, ColoursStandAroundMarksOnly) {
  const std::string text = to_text(sample(), true);
  EXPECT_NE(text.find("  \x1b[31m✗\x1b[0m /dev/kvm"), std::string::npos);
  EXPECT_NE(text.find("    \x1b[32m✔\x1b[0m API version"), std::string::npos);
  EXPECT_NE(text.find("    \x1b[33m✗\x1b[0m one"), std::string::npos);
}

TEST(PlatformReport, JsonNestsDataAsTheyDependOnEachOther) {
  const auto leaf = [](std::string_view name, std::string_view rest) {
    return "{\"name\":\"" + std::string(name) + "\"," + std::string(rest) + ",\"data\":[]}";
  };
  const std::string pass = R"("pass":true,"need":"required","info":null,"mesg":null)";
  EXPECT_EQ(
      to_json(sample()),
      R"({"version":"0.1.0","system_info":"Linux 6.1","backends":[{"backend":"kvm","ready":false,)"
      R"("supported":true,)"
      R"("data":[{"name":"/dev/kvm","pass":false,"need":"required",)"
      R"("info":"No such file or directory","mesg":"load it","data":[)" +
          leaf("API version", R"("pass":true,"need":"required","info":"12","mesg":null)") +
          R"(]},{"name":"CPU","pass":true,"need":"note","info":"A","mesg":null,"data":[)"
          R"({"name":"one","pass":false,"need":"optional","info":null,"mesg":"do one","data":[)" +
          leaf("two", pass) + "]}," + leaf("three", pass) +
          R"(,{"name":"four","pass":false,"need":"required","info":null,"mesg":"do four","data":[)" +
          leaf("five", R"("pass":false,"need":"required","info":null,"mesg":"do five")") +
          "]}]}]}]}\n");
}

TEST(PlatformReport, InfoCannotSteerATerminal) {
  PlatformReport report = sample();
  report.backends[0].data[0].info = "\x1b[2J";
  EXPECT_EQ(to_text(report, false).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace merlon::cli
