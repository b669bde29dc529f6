#include "merlon/sealed/index.h"

#include <gtest/gtest.h>

namespace merlon::sealed {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

Piece piece(std::uint8_t with) {
  return {ObjectId::from(Bytes(16, with)).value(),
          crypto::Sha256Digest::from(Bytes(32, with)).value()};
}

Entry named(Entry::Kind kind, std::string name, std::uint32_t parent = 0) {
  Entry entry;
  entry.kind = kind;
  entry.name = std::move(name);
  entry.parent = parent;
  return entry;
}

Index example() {
  Index index;
  index.generation = 77;
  index.entries.push_back({});
  index.entries.push_back(named(Entry::Kind::Directory, "d"));
  Entry file = named(Entry::Kind::File, "f", 1);
  file.size = piece_size + 1;
  file.times = {1, 2, 3};
  index.entries.push_back(file);
  Entry link = named(Entry::Kind::Link, "l", 1);
  link.target = "f";
  index.entries.push_back(link);
  Entry name = named(Entry::Kind::Name, "n");
  name.of = 2;
  index.entries.push_back(name);
  index.pieces = {{}, {}, {piece(1), Piece{}}, {}, {}};
  return index;
}

TEST(Index, IsReadAsItWasWritten) {
  const Bytes bytes = example().bytes().value();
  const Index read = Index::parse(bytes).value();
  EXPECT_EQ(read.generation, 77U);
  EXPECT_EQ(read.entries.size(), 5U);
  EXPECT_EQ(read.entries[2].name, "f");
  EXPECT_EQ(read.entries[2].times, (Times{1, 2, 3}));
  EXPECT_EQ(read.pieces[2], (Pieces{piece(1), Piece{}}));
  EXPECT_EQ(read.entries[3].target, "f");
  EXPECT_EQ(read.entries[4].of, 2U);
  EXPECT_EQ(read.bytes().value(), bytes);
}

TEST(Index, EachLengthButTheWholeIsRefused) {
  Bytes bytes = example().bytes().value();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Index::parse(core::ByteView(bytes).first(size)).has_value()) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(Index::parse(bytes).has_value());
}

/// Whether neither a writer nor a reader takes it.
bool is_refused(const Index& index, ErrorCode code = ErrorCode::Malformed) {
  const auto bytes = index.bytes();
  return !bytes && bytes.error().code == code;
}

TEST(Index, WhatIsNoTreeIsRefused) {
  Index index = example();
  index.entries[0].name = "root";
  EXPECT_TRUE(is_refused(index));
  index = example();
  index.entries[0].kind = Entry::Kind::File;
  EXPECT_TRUE(is_refused(index));
  for (const std::uint32_t parent : {2U, 3U, 99U}) {
    index = example();
    index.entries[2].parent = parent;
    EXPECT_TRUE(is_refused(index)) << "itself, one behind it, none";
  }
  index = example();
  index.entries[3].parent = 2;
  EXPECT_TRUE(is_refused(index)) << "a file is no directory";
  for (const char* name : {"", ".", "..", "a/b"}) {
    index = example();
    index.entries[1].name = name;
    EXPECT_TRUE(is_refused(index)) << name;
  }
  index = example();
  index.entries[1].name = std::string(256, 'x');
  EXPECT_TRUE(is_refused(index));
  index.entries[1].name = std::string("a\0b", 3);
  EXPECT_TRUE(is_refused(index));
  index = example();
  index.entries[3].name = "f";
  EXPECT_TRUE(is_refused(index)) << "twice in one directory";
  EXPECT_TRUE(is_refused(Index{}));
}

TEST(Index, WhatIsNoFileIsRefused) {
  Index index = example();
  index.entries[4].of = 1;
  EXPECT_TRUE(is_refused(index)) << "a further name of a directory";
  index.entries[4].of = 4;
  EXPECT_TRUE(is_refused(index)) << "of itself";
  index = example();
  index.entries[3].target.clear();
  EXPECT_TRUE(is_refused(index));
  index.entries[3].target = std::string(max_link_size + 1, 'x');
  EXPECT_TRUE(is_refused(index));
  index = example();
  index.entries[2].size = 2 * piece_size + 1;
  EXPECT_TRUE(is_refused(index)) << "pieces are missing";
  index = example();
  index.entries[2].size = max_volume_size + 1;
  EXPECT_TRUE(is_refused(index, ErrorCode::Exhausted));
}

TEST(Index, NoSizeThatItTellsIsBelieved) {
  Index index;
  index.entries = {Entry{}, named(Entry::Kind::File, "f")};
  index.pieces = {{}, {}};
  Bytes bytes = index.bytes().value();
  bytes[bytes.size() - 5] = 1;  // 2^24 bytes that need 16 pieces
  EXPECT_EQ(Index::parse(bytes).error().code, ErrorCode::Malformed);
  bytes[bytes.size() - 1] = 0xFF;
  EXPECT_EQ(Index::parse(bytes).error().code, ErrorCode::Exhausted);
  bytes[8] = 0xFF;
  bytes[10] = 0xFF;
  EXPECT_EQ(Index::parse(bytes).error().code, ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::sealed
