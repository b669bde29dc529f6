#include "merlon/os/resolver.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

using testing::ScratchDirectory;

Path path_of(std::string_view text) { return Path::from(text).value(); }

/// Every rule holds for the kernel's resolution and for ours. The tree: in/ is the root, out/ lies
/// beside it and must never be reached.
class ResolverRule : public ::testing::TestWithParam<Resolver::Method> {
 protected:
  void SetUp() override {
    scratch_.make_directory("in");
    scratch_.make_directory("out");
    scratch_.make_directory("out/dir");
    scratch_.make_file("out/secret", "secret");
    scratch_.make_directory("in/dir");
    scratch_.make_directory("in/dir/sub");
    scratch_.make_file("in/file", "file");
    scratch_.make_file("in/dir/file", "inner");
    root_ = Fd::adopt(::open((scratch_ / "in").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (GetParam() == Resolver::Method::Kernel &&
        !resolver_.open(root_, path_of("."), {}).has_value()) {
      GTEST_SKIP() << "this kernel has no openat2";
    }
  }

  void link(const std::string& target, const std::string& name) {
    scratch_.make_symlink(target, "in/" + name);
  }
  /// What is in the file, or why it cannot be opened.
  std::string opened(std::string_view path, OpenHow how = {.follow = Follow::Yes}) {
    const Result<Fd> file = resolver_.open(root_, path_of(path), how);
    if (!file.has_value()) return std::string(describe(file.error()));
    std::array<char, 32> text{};
    const std::array into{::iovec{text.data(), text.size()}};
    const Result<std::size_t> size = read(*file, into);
    return size.has_value() ? std::string(text.data(), *size) : "(directory)";
  }
  Errno refusal(std::string_view path, OpenHow how = {.follow = Follow::Yes}) {
    return resolver_.open(root_, path_of(path), how).error();
  }
  bool in_exists(const std::string& name) const { return scratch_.exists("in/" + name); }

  ScratchDirectory scratch_;
  Fd root_;
  Resolver resolver_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Both, ResolverRule,
                         ::testing::Values(Resolver::Method::Kernel, Resolver::Method::Walk),
                         [](const auto& method) {
                           return method.param == Resolver::Method::Kernel ? "Kernel" : "Walk";
                         });

TEST_P(ResolverRule, OpensWhatLiesBeneath) {
  EXPECT_EQ(opened("file"), "file");
  EXPECT_EQ(opened("dir/file"), "inner");
  EXPECT_EQ(opened("./dir//./file"), "inner");
  EXPECT_EQ(opened("dir/sub/../../file"), "file");
  EXPECT_EQ(opened("dir/.//sub/../../dir/sub/../sub///./../file"), "inner");
  EXPECT_EQ(opened("."), "(directory)");
  EXPECT_EQ(opened("dir/.."), "(directory)");
}

TEST_P(ResolverRule, DotDotNeverLeavesTheRoot) {
  for (const char* path : {"..", "../", "../in/file", "../out/secret", "dir/../../out/secret",
                           "dir/sub/../../../out/secret", "./../out/secret", "../../../../etc"}) {
    EXPECT_EQ(refusal(path), Errno::Outside) << path;
  }
}

TEST_P(ResolverRule, LinksThatLeadOutAreRefused) {
  link("../out/secret", "relative");
  link(scratch_ / "out/secret", "absolute");
  link(scratch_ / "in/file", "absolute-but-inside");
  link("../out", "directory");
  link("dir/../../out/secret", "winding");
  link("relative", "chain");
  for (const char* path : {"relative", "absolute", "absolute-but-inside", "directory",
                           "directory/secret", "directory/", "winding", "chain"}) {
    EXPECT_EQ(refusal(path), Errno::Outside) << path;
  }
}

TEST_P(ResolverRule, LinksThatStayInsideAreFollowed) {
  link("dir/file", "to-file");
  link("dir", "to-dir");
  link("to-dir/sub/../file", "through");
  link("../file", "dir/up");
  EXPECT_EQ(opened("to-file"), "inner");
  EXPECT_EQ(opened("to-dir/file"), "inner");
  EXPECT_EQ(opened("through"), "inner");
  EXPECT_EQ(opened("dir/up"), "file");
  EXPECT_EQ(opened("to-dir/up"), "file");
}

TEST_P(ResolverRule, TheLastLinkIsFollowedOnlyWhenAskedOrBeforeASlash) {
  link("dir", "to-dir");
  link("file", "to-file");
  EXPECT_EQ(refusal("to-file", {}), Errno::Loop);
  EXPECT_EQ(opened("to-dir/file", {}), "inner");
  EXPECT_EQ(opened("to-dir/", {}), "(directory)");
  EXPECT_EQ(refusal("to-dir", {.directory = true}), Errno::Notdir);
  EXPECT_EQ(refusal("to-file/", {}), Errno::Notdir);
  EXPECT_EQ(refusal("file/"), Errno::Notdir);
  EXPECT_EQ(refusal("file/x"), Errno::Notdir);
}

TEST_P(ResolverRule, LoopsEnd) {
  link("self", "self");
  link("b", "a");
  link("a", "b");
  for (const char* path : {"self", "a", "self/x", "a/x"}) {
    EXPECT_EQ(refusal(path), Errno::Loop) << path;
  }
}

TEST_P(ResolverRule, AChainOfFortyLinksIsTheLimit) {
  link("file", "0");
  for (int i = 1; i <= 45; ++i) link(std::to_string(i - 1), std::to_string(i));
  EXPECT_EQ(opened("39"), "file");
  EXPECT_EQ(refusal("45"), Errno::Loop);
}

TEST_P(ResolverRule, ALinkThatGrowsWithEachTurnIsALoopNotALongName) {
  link("grows/" + std::string(200, 'x'), "grows");
  EXPECT_EQ(refusal("grows"), Errno::Loop);
}

TEST_P(ResolverRule, CreatingNeverLandsOutside) {
  const OpenHow create{.access = Access::Write, .follow = Follow::Yes, .create = true};
  link("../out/new", "dangling-out");
  link("dir/new", "dangling-in");
  EXPECT_TRUE(resolver_.open(root_, path_of("dir/made"), create).has_value());
  EXPECT_TRUE(in_exists("dir/made"));
  EXPECT_EQ(refusal("dangling-out", create), Errno::Outside);
  EXPECT_EQ(refusal("../out/new", create), Errno::Outside);
  EXPECT_FALSE(scratch_.exists("out/new"));
  EXPECT_TRUE(resolver_.open(root_, path_of("dangling-in"), create).has_value());
  EXPECT_TRUE(in_exists("dir/new"));
  EXPECT_EQ(refusal("fresh/", create), Errno::Isdir);
}

TEST_P(ResolverRule, ExclusiveCreationMeetsTheLinkItself) {
  link("dir/new", "dangling");
  const OpenHow how{
      .access = Access::Write, .follow = Follow::Yes, .create = true, .exclusive = true};
  EXPECT_EQ(refusal("dangling", how), Errno::Exist);
  EXPECT_EQ(refusal("file", how), Errno::Exist);
  EXPECT_FALSE(in_exists("dir/new"));
}

TEST_P(ResolverRule, OpeningAFifoDoesNotWait) {
  ASSERT_EQ(::mkfifo((scratch_ / "in/fifo").c_str(), 0666), 0);
  EXPECT_TRUE(resolver_.open(root_, path_of("fifo"), {}).has_value());
  EXPECT_EQ(refusal("fifo", {.access = Access::Write}), Errno::Nxio);
}

TEST_P(ResolverRule, StatusSeesTheLinkOrWhatItNames) {
  link("dir", "to-dir");
  link("../out/secret", "out");
  const auto type = [&](const char* path, Follow follow) {
    return resolver_.status(root_, path_of(path), follow).value().type;
  };
  EXPECT_EQ(type("to-dir", Follow::No), FileType::Symlink);
  EXPECT_EQ(type("to-dir", Follow::Yes), FileType::Directory);
  EXPECT_EQ(type("to-dir/", Follow::No), FileType::Directory);
  EXPECT_EQ(type(".", Follow::No), FileType::Directory);
  EXPECT_EQ(type("dir/file", Follow::Yes), FileType::Regular);
  EXPECT_EQ(type("out", Follow::No), FileType::Symlink);
  EXPECT_EQ(resolver_.status(root_, path_of("out"), Follow::Yes).error(), Errno::Outside);
  EXPECT_EQ(resolver_.status(root_, path_of("out/"), Follow::No).error(), Errno::Outside);
  EXPECT_EQ(resolver_.status(root_, path_of(".."), Follow::No).error(), Errno::Outside);
  EXPECT_EQ(resolver_.status(root_, path_of("none"), Follow::No).error(), Errno::Noent);
}

TEST_P(ResolverRule, TimesAreSetOnTheLinkOrOnWhatItNames) {
  link("file", "to-file");
  link("../out/secret", "out");
  const TimeChange set{TimeChange::Kind::Set, 1'000'000'000};
  const TimeChanges changes{.accessed = set, .modified = set};
  const auto modified = [&](const char* path) {
    return resolver_.status(root_, path_of(path), Follow::No).value().modified;
  };
  ASSERT_TRUE(resolver_.set_times(root_, path_of("to-file"), Follow::No, changes).has_value());
  EXPECT_EQ(modified("to-file"), 1'000'000'000U);
  EXPECT_NE(modified("file"), 1'000'000'000U);
  ASSERT_TRUE(resolver_.set_times(root_, path_of("to-file"), Follow::Yes, changes).has_value());
  EXPECT_EQ(modified("file"), 1'000'000'000U);
  EXPECT_EQ(resolver_.set_times(root_, path_of("out"), Follow::Yes, changes).error(),
            Errno::Outside);
  EXPECT_EQ(resolver_.set_times(root_, path_of("file/"), Follow::No, changes).error(),
            Errno::Notdir);
}

TEST_P(ResolverRule, DirectoriesComeAndGo) {
  EXPECT_TRUE(resolver_.create_directory(root_, path_of("dir/new/")).has_value());
  EXPECT_TRUE(in_exists("dir/new"));
  EXPECT_EQ(resolver_.create_directory(root_, path_of("dir")).error(), Errno::Exist);
  EXPECT_EQ(resolver_.create_directory(root_, path_of("../out/new")).error(), Errno::Outside);
  EXPECT_EQ(resolver_.create_directory(root_, path_of("..")).error(), Errno::Outside);
  EXPECT_EQ(resolver_.remove_directory(root_, path_of("dir")).error(), Errno::Notempty);
  EXPECT_EQ(resolver_.remove_directory(root_, path_of("file")).error(), Errno::Notdir);
  EXPECT_EQ(resolver_.remove_directory(root_, path_of("../out/dir")).error(), Errno::Outside);
  EXPECT_TRUE(resolver_.remove_directory(root_, path_of("dir/new/")).has_value());
  EXPECT_FALSE(in_exists("dir/new"));
  EXPECT_TRUE(scratch_.exists("out/dir"));
}

TEST_P(ResolverRule, RemovingALinkBeforeASlashDoesNotReachItsTarget) {
  link("../out/dir", "out");
  link("dir/sub", "inside");
  EXPECT_EQ(resolver_.remove_directory(root_, path_of("out/")).error(), Errno::Notdir);
  EXPECT_EQ(resolver_.remove_directory(root_, path_of("inside/")).error(), Errno::Notdir);
  EXPECT_FALSE(resolver_.create_directory(root_, path_of("out/")).has_value());
  EXPECT_TRUE(scratch_.exists("out/dir"));
  EXPECT_TRUE(in_exists("dir/sub"));
}

TEST_P(ResolverRule, UnlinkTakesFilesAndLinksOnly) {
  link("../out/secret", "out");
  EXPECT_EQ(resolver_.unlink(root_, path_of("dir")).error(), Errno::Isdir);
  EXPECT_EQ(resolver_.unlink(root_, path_of("dir/")).error(), Errno::Isdir);
  EXPECT_EQ(resolver_.unlink(root_, path_of("file/")).error(), Errno::Notdir);
  EXPECT_EQ(resolver_.unlink(root_, path_of("../out/secret")).error(), Errno::Outside);
  EXPECT_TRUE(resolver_.unlink(root_, path_of("out")).has_value());
  EXPECT_TRUE(resolver_.unlink(root_, path_of("dir/sub/../file")).has_value());
  EXPECT_TRUE(scratch_.exists("out/secret"));
  EXPECT_FALSE(in_exists("dir/file"));
}

TEST_P(ResolverRule, LinksAreMadeAndRead) {
  EXPECT_TRUE(resolver_.symlink(path_of("../file"), root_, path_of("dir/up")).has_value());
  EXPECT_EQ(opened("dir/up"), "file");
  EXPECT_EQ(resolver_.symlink(path_of("x"), root_, path_of("file")).error(), Errno::Exist);
  EXPECT_EQ(resolver_.symlink(path_of("x"), root_, path_of("new/")).error(), Errno::Noent);
  EXPECT_EQ(resolver_.symlink(path_of("x"), root_, path_of("../out/new")).error(), Errno::Outside);
  std::array<std::uint8_t, 4> text{};
  EXPECT_EQ(resolver_.read_link(root_, path_of("dir/up"), text).value(), 4U);
  EXPECT_EQ(core::as_text(text), "../f");
  EXPECT_EQ(resolver_.read_link(root_, path_of("file"), text).error(), Errno::Inval);
  EXPECT_EQ(resolver_.read_link(root_, path_of("dir/up/"), text).error(), Errno::Notdir);
  link("../out/dir", "out");
  EXPECT_EQ(resolver_.read_link(root_, path_of("out/"), text).error(), Errno::Outside);
}

TEST_P(ResolverRule, RenameStaysBeneathOnBothSides) {
  EXPECT_TRUE(resolver_.rename(root_, path_of("dir/"), root_, path_of("moved/")).has_value());
  EXPECT_EQ(opened("moved/file"), "inner");
  EXPECT_EQ(resolver_.rename(root_, path_of("file"), root_, path_of("../out/f")).error(),
            Errno::Outside);
  EXPECT_EQ(resolver_.rename(root_, path_of("../out/secret"), root_, path_of("s")).error(),
            Errno::Outside);
  EXPECT_EQ(resolver_.rename(root_, path_of("moved"), root_, path_of("moved/sub/x")).error(),
            Errno::Inval);
  EXPECT_EQ(resolver_.rename(root_, path_of("file/"), root_, path_of("g")).error(), Errno::Notdir);
  EXPECT_TRUE(scratch_.exists("out/secret"));
}

TEST_P(ResolverRule, HardLinksNeverFollowTheLastLink) {
  link("../out/secret", "out");
  EXPECT_TRUE(resolver_.link(root_, path_of("out"), root_, path_of("copy")).has_value());
  EXPECT_EQ(resolver_.status(root_, path_of("copy"), Follow::No).value().type, FileType::Symlink);
  EXPECT_EQ(resolver_.link(root_, path_of("dir"), root_, path_of("d")).error(), Errno::Perm);
  EXPECT_EQ(resolver_.link(root_, path_of("dir/"), root_, path_of("d")).error(), Errno::Perm);
  EXPECT_EQ(resolver_.link(root_, path_of("file"), root_, path_of("new/")).error(), Errno::Noent);
  EXPECT_EQ(resolver_.link(root_, path_of("out/"), root_, path_of("s")).error(), Errno::Outside);
  EXPECT_EQ(resolver_.link(root_, path_of("../out/secret"), root_, path_of("s")).error(),
            Errno::Outside);
  EXPECT_FALSE(in_exists("s"));
}

TEST_P(ResolverRule, NamesThatAreTooLongAreRefused) {
  EXPECT_EQ(refusal(std::string(300, 'a')), Errno::Nametoolong);
  std::string deep;
  for (int i = 0; i < 1300; ++i) deep += "dir/../";
  EXPECT_EQ(Path::from(deep).error(), Errno::Nametoolong);
  EXPECT_EQ(opened(deep.substr(0, 7 * 500) + "file"), "file");
}

TEST(Resolver, DetectsItsMethodAndThenWorks) {
  const ScratchDirectory scratch;
  scratch.make_file("file");
  Resolver resolver;
  EXPECT_TRUE(resolver.open(scratch.fd(), path_of("file"), {}).has_value());
  EXPECT_EQ(resolver.open(scratch.fd(), path_of("../x"), {}).error(), Errno::Outside);
}

}  // namespace
}  // namespace merlon::os
