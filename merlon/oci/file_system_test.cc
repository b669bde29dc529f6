#include "merlon/oci/file_system.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::oci {
namespace {

using base::concat;

void put(std::string& header, std::size_t at, std::string_view text) {
  header.replace(at, text.size(), text);
}
std::string octal(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value /= 8) {
    text[i] = static_cast<char>('0' + static_cast<int>(value % 8));
  }
  return text;
}

std::string entry(std::string_view name, std::string_view content, char type = '0') {
  std::string header(512, '\0');
  put(header, 0, name);
  put(header, 100, "0000644");
  put(header, 124, octal(content.size(), 11));
  header[156] = type;
  put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  put(header, 148, "        ");
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, octal(sum, 6) + std::string("\0 ", 2));
  std::string padded(content);
  padded.resize((content.size() + 511) / 512 * 512);
  return header + padded;
}
const std::string end(1024, '\0');

std::string lay(FileSystem& files, const std::string& tar) {
  const auto done = files.apply(core::as_bytes(std::string_view(tar)));
  return done ? std::string() : done.error();
}
std::string listing(const FileSystem& files) {
  std::string text;
  const auto archive = files.archive();
  if (!archive) return archive.error();
  for (const auto& each : archive->entries()) {
    text += concat(each.path, each.kind == files::ArchiveEntry::Kind::Directory ? "/" : "=",
                   core::as_text(each.bytes), " ");
  }
  return text;
}

TEST(FileSystems, AreMadeOfArchives) {
  FileSystem files;
  EXPECT_EQ(lay(files, entry("./", "", '5') + entry("./app.wasm", "module") + entry("lib-x", "1") +
                           entry("lib/b/c", "2") + entry("/lib/a", "3") + end),
            "");
  EXPECT_EQ(listing(files), "app.wasm=module lib/ lib/a=3 lib/b/ lib/b/c=2 lib-x=1 ");
  EXPECT_EQ(files.room(), max_content - 9);
  EXPECT_FALSE(files.make_main("lib"));
  EXPECT_TRUE(files.make_main("app.wasm"));
  EXPECT_TRUE(files.has_file("main.wasm"));
}

TEST(FileSystems, AreLaidOverOneAnother) {
  FileSystem files;
  EXPECT_EQ(lay(files, entry("a", "1") + entry("d/x", "2") + entry("d/y", "3") + entry("e/z", "4")),
            "");
  EXPECT_EQ(lay(files, entry("a", "one") + entry("d/.wh.x", "") + entry("e/.wh..wh..opq", "") +
                           entry("e/new", "5") + entry(".wh.nothing", "")),
            "");
  EXPECT_EQ(listing(files), "a=one d/ d/y=3 e/ e/new=5 ");
  EXPECT_EQ(lay(files, entry("d", "file")), "");
  EXPECT_EQ(listing(files), "a=one d=file e/ e/new=5 ");
  EXPECT_EQ(lay(files, entry("d/", "", '5')), "");
  EXPECT_EQ(listing(files), "a=one d/ e/ e/new=5 ");
}

TEST(FileSystems, UnderstandLongNames) {
  const std::string name = std::string(120, 'n') + "/x";
  FileSystem files;
  EXPECT_EQ(
      lay(files, entry("pax", "11 mtime=1\n15 path=a/long\n16 size=0000003\n", 'x') +
                     entry("short", "abc") + entry("l", name + '\0', 'L') + entry("cut", "1")),
      "");
  EXPECT_EQ(listing(files), concat("a/ a/long=abc ", std::string(120, 'n'), "/ ", name, "=1 "));
}

TEST(FileSystems, RefuseWhatNoPackageHas) {
  for (const char type : {'1', '2', '3', '4', '6', 'S'}) {
    FileSystem files;
    EXPECT_NE(lay(files, entry("evil", "", type)).find("'evil'"), std::string::npos) << type;
  }
  for (const std::string_view name : {"../x", "a/../b", "a b", "a//b", "\xff"}) {
    FileSystem files;
    EXPECT_NE(lay(files, entry(name, "1")), "") << name;
    EXPECT_NE(lay(files, entry(name, "", '5')), "") << name;
  }
  FileSystem files;
  EXPECT_EQ(lay(files, entry("a", "1")), "");
  EXPECT_NE(lay(files, entry("a/b", "1")), "");
}

TEST(FileSystems, RefuseWhatIsNoArchive) {
  const std::string good = entry("a", "1");
  FileSystem files;
  EXPECT_NE(lay(files, good.substr(0, 511)), "");
  EXPECT_NE(lay(files, good.substr(0, 512)), "");
  EXPECT_NE(lay(files, std::string(512, 'x')), "");
  std::string other = good;
  other[0] = 'b';  // not what its checksum is of
  EXPECT_NE(lay(files, other), "");
  EXPECT_NE(lay(files, entry("x", "5 a=b\n", 'x')), "");
  EXPECT_NE(lay(files, entry("x", "99 path=b\n", 'x')), "");
  EXPECT_NE(lay(files, entry("g", "10 path=b\n", 'g')), "");
  EXPECT_NE(lay(files, entry("x", "30 size=9999999999999999999\n", 'x')), "");
  EXPECT_NE(lay(files, entry("x", "12 size=999\n", 'x') + good), "");
}

}  // namespace
}  // namespace merlon::oci
