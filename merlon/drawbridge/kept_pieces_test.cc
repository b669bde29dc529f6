#include "merlon/drawbridge/kept_pieces.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::drawbridge {
namespace {

KeptPieces::Bytes bytes(std::size_t size) {
  return std::make_shared<const std::vector<std::uint8_t>>(size, 'x');
}

void add(KeptPieces& pieces, const std::string& object, std::uint64_t number, std::size_t size) {
  for (int i = 0; i < 2; ++i) pieces.add(object, number, bytes(size));
}

TEST(KeptPieces, AreThoseThatWereAskedForLast) {
  KeptPieces pieces(300);
  for (int i = 0; i < 3; ++i) add(pieces, std::to_string(i), 7, 100);
  EXPECT_TRUE(pieces.find("0", 7));  // and so it stays
  add(pieces, "one more", 7, 100);
  EXPECT_TRUE(pieces.find("0", 7));
  EXPECT_FALSE(pieces.find("1", 7));
  EXPECT_TRUE(pieces.find("one more", 7));
}

TEST(KeptPieces, AreKnownByObjectAndNumber) {
  KeptPieces pieces(300);
  add(pieces, "a", 1, 1);
  add(pieces, "a", 2, 2);
  add(pieces, "a", 2, 3);  // objects never change
  EXPECT_FALSE(pieces.find("a", 0));
  EXPECT_FALSE(pieces.find("b", 1));
  EXPECT_EQ(pieces.find("a", 1)->size(), 1U);
  EXPECT_EQ(pieces.find("a", 2)->size(), 2U);
}

TEST(KeptPieces, OneThatIsTooLargeIsNone) {
  KeptPieces pieces(300);
  add(pieces, "small", 0, 10);
  add(pieces, "large", 0, 301);
  EXPECT_FALSE(pieces.find("large", 0));
  EXPECT_TRUE(pieces.find("small", 0));
}

TEST(KeptPieces, WhatIsReadOnceIsNotKept) {
  KeptPieces pieces(300);
  pieces.add("a", 0, bytes(1));
  EXPECT_FALSE(pieces.find("a", 0));
  pieces.add("a", 0, bytes(1));
  EXPECT_TRUE(pieces.find("a", 0));
  // Whom nobody asked for in a long while begins anew.
  pieces.add("b", 0, bytes(1));
  for (std::uint64_t i = 0; i < 5000; ++i) pieces.add("c", i, bytes(1));
  pieces.add("b", 0, bytes(1));
  EXPECT_FALSE(pieces.find("b", 0));
}

}  // namespace
}  // namespace merlon::drawbridge
