#include "merlon/http_client/answer.h"

#include <gtest/gtest.h>

namespace merlon::http_client {
namespace {

/// What comes of `text` when it arrives in pieces of `piece` bytes.
std::string read(std::string_view text, std::size_t piece, bool ends = false,
                 std::size_t max_body = 100) {
  AnswerReader reader(max_body);
  while (!text.empty()) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    if (const auto taken = reader.take(core::as_bytes(part)); !taken) {
      return std::string(taken.error().message());
    }
  }
  if (ends) {
    if (const auto ended = reader.end(); !ended) return std::string(ended.error().message());
  }
  if (!reader.is_complete()) return "incomplete";
  const Answer answer = reader.take_answer();
  return std::to_string(answer.status) + " " + answer.content_type + " " +
         std::string(answer.body.begin(), answer.body.end());
}

TEST(HttpAnswer, IsReadHoweverItIsCut) {
  for (std::size_t piece = 1; piece < 60; ++piece) {
    EXPECT_EQ(
        read("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\ncontent-length:  5 \r\n\r\nhello", piece),
        "200 a/b hello");
    EXPECT_EQ(read("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", piece), "404  ");
    EXPECT_EQ(
        read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", piece),
        "200  x");
    EXPECT_EQ(read("HTTP/1.1 204 No Content\r\n\r\n", piece), "204  ");
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: z\r\n\r\n",
                   piece),
              "200  abc0123456789");
    EXPECT_EQ(read("HTTP/1.0 200 OK\r\n\r\nuntil the end", piece, true), "200  until the end");
  }
}

TEST(HttpAnswer, ThatEndsEarlyIsNone) {
  for (const std::string_view text :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"}) {
    EXPECT_EQ(read(text, 100, true), "the answer ends early") << text;
  }
}

TEST(HttpAnswer, OfTwoMeaningsIsRefused) {
  const auto with = [](std::string_view fields) {
    return read("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n\r\nbody", 1000);
  };
  EXPECT_EQ(with("Content-Length: 4\r\nContent-Length: 4"), "two lengths of one answer");
  EXPECT_EQ(with("Content-Length: 4\r\nTransfer-Encoding: chunked"), "two lengths of one answer");
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 4"), "two lengths of one answer");
  EXPECT_EQ(with("Transfer-Encoding: gzip, chunked"), "an unknown encoding");
  for (const std::string_view length :
       {"+4", "-1", "4, 4", "0x4", "", "4 4", "99999999999999999"}) {
    EXPECT_EQ(with("Content-Length: " + std::string(length)), "a length that is no number");
  }
  EXPECT_EQ(with("Content-Length : 4"), "a header that is none");
  EXPECT_EQ(with(" folded: 4"), "a header that is none");
  EXPECT_EQ(with("no colon"), "a header that is none");
  EXPECT_EQ(with(std::string("x: a\0b", 6)), "a header that is none");
  EXPECT_EQ(with("Content-Length: 3"), "bytes behind the answer");
  EXPECT_EQ(read("HTTP/2 200\r\n\r\n", 100), "no status line of HTTP/1.1");
  EXPECT_EQ(read("HTTP/1.1 20\r\n\r\n", 100), "no status line of HTTP/1.1");
  EXPECT_EQ(read("HTTP/1.1 2000\r\n\r\n", 100), "no status line of HTTP/1.1");
  EXPECT_EQ(read("HTTP/1.1 999 x\r\n\r\n", 100), "no status of HTTP");
  EXPECT_EQ(read("HTTP/1.1 101 x\r\n\r\n", 100), "another protocol was not asked for");
  EXPECT_EQ(read("HTTP/1.1 100 x\r\nContent-Length: 1\r\n\r\n", 100),
            "an interim answer with a body");
}

TEST(HttpAnswer, IsBounded) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", 100),
            "an answer that is too long");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), 7, true),
            "an answer that is too long");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nx: " + std::string(max_head_size, 'x'), 1000),
            "an answer with a head that is too long");
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read(chunked + "65\r\n", 100), "an answer that is too long");
  EXPECT_EQ(read(chunked + "60\r\n" + std::string(96, 'x') + "\r\n5\r\n", 100),
            "an answer that is too long");
  EXPECT_EQ(read(chunked + std::string(2000, '0'), 100), "a line too long");
  EXPECT_EQ(read(chunked + "x\r\n", 100), "a chunk without a size");
  EXPECT_EQ(read(chunked + "2\r\nabcd", 100), "a chunk of another size than it says");
  std::string trailers = chunked + "0\r\n";
  for (int i = 0; i < 100; ++i) trailers += std::string(900, 'x') + "\r\n";
  EXPECT_EQ(read(trailers, 1000), "too long a trailer");
}

TEST(HttpAnswer, HasABoundForWhatIsNoPartOfIt) {
  const std::string end = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  const auto often = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  constexpr std::string_view interim = "HTTP/1.1 102 P\r\n\r\n";
  EXPECT_EQ(read(often(interim, 100) + end, 1000), "200  x");
  EXPECT_EQ(read(often(interim, 10'000) + end, 1000), "too much beside the answer");
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "1;x=" + std::string(1000, 'y') + "\r\nz\r\n";
  EXPECT_EQ(read(chunks + often(chunk, 3) + "0\r\n\r\n", 1000), "200  zzz");
  EXPECT_EQ(read(chunks + often(chunk, 99) + "0\r\n\r\n", 1000), "too much beside the answer");
}

TEST(HttpAnswer, GoesToASinkWhereOneWaits) {
  const auto read_into = [](std::string_view text, std::uint64_t most, std::string& sunk) {
    AnswerReader reader(20);
    reader.set_sink(
        [&](core::ByteView bytes) -> core::Result<void> {
          sunk += core::as_text(bytes);
          return {};
        },
        most);
    return reader.take(core::as_bytes(text)) && reader.is_complete()
               ? std::optional(reader.take_answer())
               : std::nullopt;
  };
  const std::string_view good = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  std::string sunk;
  const auto answer = read_into(good, 5, sunk);
  ASSERT_TRUE(answer);
  EXPECT_EQ(sunk, "hello");
  EXPECT_TRUE(answer->body.empty());
  EXPECT_FALSE(read_into(good, 4, sunk));
  EXPECT_FALSE(read_into(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 4, sunk));
  sunk.clear();
  const auto refused = read_into("HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nnone", 2, sunk);
  ASSERT_TRUE(refused);
  EXPECT_EQ(core::as_text(refused->body), "none");
  EXPECT_TRUE(sunk.empty());
}

TEST(HttpAnswer, HasItsHeaders) {
  AnswerReader reader(0, AnswerBody::None);
  ASSERT_TRUE(reader.take(
      core::as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag:  x \r\nA: 1\r\na: 2\r\n\r\n")));
  ASSERT_TRUE(reader.is_complete());
  const Answer answer = reader.take_answer();
  EXPECT_EQ(answer.field("etag"), "x");
  EXPECT_EQ(answer.field("a"), std::nullopt);
  EXPECT_EQ(answer.field("content-length"), "5");
}

TEST(HttpAnswer, SaysWhetherItsConnectionStays) {
  const auto stays = [](std::string_view head) {
    AnswerReader reader(9);
    EXPECT_TRUE(reader.take(core::as_bytes(head)) && reader.end()) << head;
    return reader.take_answer().leaves_connection();
  };
  EXPECT_TRUE(stays("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(stays("HTTP/1.1 204 No\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(stays("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(stays("HTTP/1.1 200 OK\r\n\r\n"));
}

}  // namespace
}  // namespace merlon::http_client
