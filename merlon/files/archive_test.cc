#include "merlon/files/archive.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::files {
namespace {

using Kind = ArchiveEntry::Kind;

ArchiveEntry directory(std::string_view path) { return {Kind::Directory, 5, path, {}}; }
ArchiveEntry file(std::string_view path, std::string_view text) {
  return {Kind::File, 6, path, core::as_bytes(text)};
}
ArchiveEntry link(std::string_view path, std::string_view target) {
  return {Kind::Link, 7, path, core::as_bytes(target)};
}

SharedBytes share(std::vector<std::uint8_t> bytes) {
  return std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

std::vector<std::uint8_t> some() {
  ArchiveWriter writer;
  for (const ArchiveEntry& entry :
       {directory("a"), file("a/b", "text"), directory("a/c"), link("a/c/d", "../b"),
        file("a.b", ""), file("e", std::string_view("\0x", 2))}) {
    EXPECT_TRUE(writer.add(entry));
  }
  return writer.take();
}

TEST(Archive, IsReadAsItWasWritten) {
  const auto archive = Archive::read(share(some()));
  ASSERT_TRUE(archive);
  ASSERT_EQ(archive->entries().size(), 6U);
  const ArchiveEntry& second = archive->entries()[1];
  EXPECT_EQ(second.path, "a/b");
  EXPECT_EQ(second.kind, Kind::File);
  EXPECT_EQ(second.modified, 6U);
  EXPECT_EQ(core::as_text(second.bytes), "text");
  EXPECT_EQ(core::as_text(archive->entries()[3].bytes), "../b");
  ArchiveWriter again;
  for (const ArchiveEntry& entry : archive->entries()) ASSERT_TRUE(again.add(entry));
  EXPECT_EQ(again.take(), some());
}

TEST(Archive, HasOneOrder) {
  const auto refuses = [](std::initializer_list<ArchiveEntry> entries) {
    ArchiveWriter writer;
    for (const ArchiveEntry& entry : entries) {
      if (!writer.add(entry)) return true;
    }
    return false;
  };
  EXPECT_FALSE(refuses({directory("a"), file("a/z", ""), file("a-", "")}));
  EXPECT_TRUE(refuses({directory("a"), file("a-", ""), file("a/z", "")}));
  EXPECT_TRUE(refuses({file("b", ""), file("a", "")}));
  EXPECT_TRUE(refuses({file("a", ""), file("a", "")}));
  EXPECT_TRUE(refuses({file("a/b", "")}));                  // in no directory
  EXPECT_TRUE(refuses({file("a", ""), file("a/b", "")}));   // in a file
  EXPECT_TRUE(refuses({link("a", "."), file("a/b", "")}));  // through a link
  EXPECT_TRUE(refuses({directory("a"), file("a/b/c", "")}));
  EXPECT_FALSE(refuses({directory("a"), directory("a/b"), file("a/b/c", ""), file("a/c", "")}));
  EXPECT_TRUE(refuses({directory("a"), directory("b"), file("a/c", "")}));
}

TEST(Archive, RefusesNamesThatNoDirectoryCanHave) {
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string("a/"), std::string("."), std::string(".."),
        std::string("a//b"), std::string("a\0b", 3), std::string(256, 'x')}) {
    ArchiveWriter writer;
    ASSERT_TRUE(writer.add(directory("A")));
    EXPECT_FALSE(writer.add(file(path, ""))) << path;
  }
  ArchiveWriter writer;
  EXPECT_TRUE(writer.add(file(std::string(255, 'x'), "")));
  EXPECT_FALSE(writer.add(link("y", "")));
  EXPECT_FALSE(writer.add(link("z", std::string_view("a\0", 2))));
}

TEST(Archive, RefusesEveryCutAndWhatStandsBehind) {
  const auto whole = some();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(
        Archive::read(share({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})));
  }
  auto longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(Archive::read(share(longer)));
}

TEST(Archive, EachChangedByteIsRefusedOrAnotherTree) {
  const auto whole = some();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t flip : {std::uint8_t{1}, std::uint8_t{0x80}}) {
      auto changed = whole;
      changed[at] ^= flip;
      const auto archive = Archive::read(share(changed));
      if (!archive) continue;
      ArchiveWriter again;
      for (const ArchiveEntry& entry : archive->entries()) ASSERT_TRUE(again.add(entry));
      EXPECT_EQ(again.take(), changed);  // there is one encoding of each tree
    }
  }
}

TEST(Archive, DoesNotReserveWhatItIsToldOnly) {
  auto lie = some();
  lie[12] = lie[13] = 0xFF;
  EXPECT_EQ(Archive::read(share(lie)).error().code, core::ErrorCode::Exhausted);
}

}  // namespace
}  // namespace merlon::files
