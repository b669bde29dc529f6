#include "merlon/s3/s3_objects.h"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "merlon/base/text.h"

namespace merlon::s3 {
namespace {

using base::concat;
using core::ErrorCode;

/// An S3 of the test's own: what it is told to do wrong it does.
class SmallS3 {
 public:
  SmallS3() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    // SAFETY: the kernel's own form of an address.
    auto* const plain = reinterpret_cast<::sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, plain, size), 0);
    EXPECT_EQ(::listen(listener_, 20), 0);
    EXPECT_EQ(::getsockname(listener_, plain, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SmallS3() {
    ends_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  SmallS3(const SmallS3&) = delete;
  SmallS3& operator=(const SmallS3&) = delete;

  [[nodiscard]] std::string endpoint() const { return concat("http://127.0.0.1:", port_); }

  /// What was done to what stands below is seen by the other thread.
  void settle() { const std::scoped_lock lock(mutex_); }

  // Between requests only.
  std::map<std::string, std::string> objects;
  std::set<std::string> unlisted;  ///< listings lag
  int failures = 0;                ///< so many requests are answered with 503
  int lost_answers = 0;            ///< so many are done, and the connection breaks
  std::string instead;             ///< this is answered, whatever was asked
  bool cuts_bodies = false;
  std::atomic<int> requests = 0;
  std::atomic<int> connections = 0;

 private:
  void serve() {
    while (!ends_) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      connection_ = peer;
      ++connections;
      while (!ends_ && answer(peer)) {
      }
      connection_ = -1;
      ::close(peer);
    }
  }

  static bool receive(int peer, std::string& said) {
    std::array<char, 65536> room{};
    const ::ssize_t size = ::read(peer, room.data(), room.size());
    if (size > 0) said.append(room.data(), static_cast<std::size_t>(size));
    return size > 0;
  }
  static std::string field(const std::string& head, std::string_view name) {
    const std::size_t at = head.find(concat("\r\n", name, ": "));
    if (at == std::string::npos) return "";
    const std::size_t start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
  }

  bool answer(int peer) {
    std::string said;
    std::size_t end = 0;
    while ((end = said.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(peer, said)) return false;
    }
    const std::string head = said.substr(0, end + 2);
    const std::size_t length = std::stoul(field(head, "Content-Length"));
    std::string body = said.substr(end + 4);
    while (body.size() < length) {
      if (!receive(peer, body)) return false;
    }
    ++requests;
    std::string answered;
    bool goes_on = false;
    {
      const std::scoped_lock lock(mutex_);
      answered = instead;
      if (answered.empty()) answered = failures > 0 ? refuse() : carry_out(head, body);
      if (lost_answers > 0) {
        --lost_answers;
        return false;
      }
      if (cuts_bodies) answered.resize(answered.size() - 1);
      goes_on = !cuts_bodies && instead.empty();
    }
    const bool sent =
        ::write(peer, answered.data(), answered.size()) == static_cast<::ssize_t>(answered.size());
    return sent && goes_on;
  }

  std::string refuse() {
    --failures;
    return "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n";
  }
  static std::string with(std::string_view status, std::string_view body) {
    return concat("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  }

  std::string carry_out(const std::string& head, const std::string& body) {
    const std::size_t first = head.find(' ') + 1;
    const std::string target = head.substr(first, head.find(' ', first) - first);
    EXPECT_TRUE(target.starts_with("/bucket")) << target;
    if (target.starts_with("/bucket?")) return with("200 OK", listing(target));
    const std::string key = target.substr(8);
    if (head.starts_with("PUT")) {
      EXPECT_EQ(field(head, "x-amz-content-sha256"),
                base::hex(crypto::sha256({core::as_bytes(body)}).view()));
      objects[key] = body;
      return with("200 OK", "");
    }
    const auto found = objects.find(key);
    if (found == objects.end()) return with("404 Not Found", "<Error/>");
    if (head.starts_with("DELETE")) {
      objects.erase(found);
      return "HTTP/1.1 204 No Content\r\n\r\n";
    }
    const std::string range = field(head, "range").substr(6);
    const std::size_t from = std::stoul(range);
    const std::size_t to = std::stoul(range.substr(range.find('-') + 1));
    return with("206 Partial Content", found->second.substr(from, to - from + 1));
  }

  std::string listing(const std::string& target) {
    std::string prefix = target.substr(target.find("prefix=") + 7);
    for (std::size_t at; (at = prefix.find("%2F")) != std::string::npos;)
      prefix.replace(at, 3, "/");
    prefix = prefix.substr(0, prefix.find('&'));
    const bool flat = target.find("delimiter=") != std::string::npos;
    std::string text = "<ListBucketResult>";
    std::set<std::string> deeper;
    for (const auto& [key, content] : objects) {
      if (!key.starts_with(prefix) || unlisted.contains(key)) continue;
      const std::size_t slash = key.find('/', prefix.size());
      if (flat && slash != std::string::npos) {
        deeper.insert(key.substr(0, slash + 1));
      } else {
        text +=
            concat("<Contents><Key>", key, "</Key><Size>", content.size(), "</Size></Contents>");
      }
    }
    for (const std::string& each : deeper) {
      text += concat("<CommonPrefixes><Prefix>", each, "</Prefix></CommonPrefixes>");
    }
    return text + "</ListBucketResult>";
  }

  std::mutex mutex_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connection_ = -1;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

class Objects : public ::testing::Test {
 protected:
  static constexpr std::size_t chunk = 100;

  [[nodiscard]] Client client() {
    Settings settings{server().endpoint(), "us-east-1", "bucket", {}};
    settings.credentials = {"ID", crypto::SecretBytes({'s'})};
    auto made =
        Client::create(std::move(settings), {[this] {
                                               server_.settle();
                                               return codec::UnixTime{1};
                                             },
                                             [this](std::chrono::nanoseconds) { ++rests; }});
    MERLON_CHECK(made.has_value());
    return *std::move(made);
  }
  core::Result<void> write(const registry_store::ObjectName& to, std::string_view text) {
    const auto writer = TRY(objects->create(to));
    TRY(writer->append(core::as_bytes(text)));
    return writer->finish();
  }
  core::Result<std::string> read(std::uint64_t offset, std::size_t count) {
    const auto reader = TRY(objects->open(name, content.size()));
    std::vector<std::uint8_t> bytes(count);
    TRY(reader->read(offset, bytes));
    return core::Result<std::string>(std::string(core::as_text(bytes)));
  }

  /// Between requests.
  SmallS3& server() {
    server_.settle();
    return server_;
  }

  SmallS3 server_;
  int rests = 0;
  std::unique_ptr<S3Objects> objects = *S3Objects::of(client(), "p/q", {chunk, 10 * chunk});
  const registry_store::ObjectName name = "ab" + std::string(30, '0');
  const std::string folder = "p/q/ab/" + name + "/";
  std::string content = [] {
    std::string text;
    for (int i = 0; i < 250; ++i) text += static_cast<char>(i);
    return text;
  }();
};

TEST_F(Objects, AreRowsOfChunks) {
  ASSERT_TRUE(write(name, content));
  ASSERT_EQ(server().objects.size(), 3U);
  EXPECT_EQ(server().objects[folder + "000002"], content.substr(200));
  EXPECT_EQ(*read(0, 250), content);
  EXPECT_EQ(*read(90, 20), content.substr(90, 20));
  EXPECT_FALSE(read(240, 11));
  EXPECT_EQ(*objects->kept(name), 250U);
  EXPECT_EQ(objects->list(0xAB)->front(), name);
  EXPECT_TRUE(objects->list(0xAC)->empty());
  EXPECT_EQ(objects->resume(name).error().code, ErrorCode::Unsupported);
  ASSERT_TRUE(objects->remove(name));
  ASSERT_TRUE(objects->remove(name));
  EXPECT_TRUE(server().objects.empty());
  EXPECT_EQ(server().connections, 1);  // all of it over one
}

TEST_F(Objects, WhatCameOfAnUploadIsKeptInWholeChunks) {
  {
    const auto writer = *objects->create(name);
    ASSERT_TRUE(writer->append(core::as_bytes(content)));
  }
  EXPECT_EQ(*objects->kept(name), 200U);
  server().objects.erase(folder + "000000");  // one that is not there ends it
  EXPECT_EQ(*objects->kept(name), 0U);
  server().objects[folder + "000000"] = content.substr(0, 100);
  server().unlisted.insert(folder + "000001");  // a listing that lags says less
  EXPECT_EQ(*objects->kept(name), 100U);
}

TEST_F(Objects, AStormPassesAndALongOneIsUnavailable) {
  server().failures = 2;
  EXPECT_TRUE(write(name, "abc"));
  EXPECT_EQ(rests, 2);
  server().failures = 100;
  server().requests = 0;
  const auto failed = write(name, "abc");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(failed.error().detail, 503U);
  EXPECT_EQ(server().requests, 4);
}

TEST_F(Objects, ALostAnswerIsAskedForAgain) {
  server().lost_answers = 2;
  EXPECT_TRUE(write(name, "abc"));
  EXPECT_EQ(server().objects.size(), 1U);
  server().lost_answers = 2;
  EXPECT_TRUE(objects->remove(name));
  EXPECT_TRUE(server().objects.empty());
}

TEST_F(Objects, ARedirectionIsNotFollowed) {
  server().instead = concat("HTTP/1.1 307 There\r\nLocation: ", server().endpoint(),
                            "/bucket/other\r\nContent-Length: 0\r\n\r\n");
  server().requests = 0;
  const auto failed = write(name, "abc");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().detail, 307U);
  EXPECT_FALSE(read(0, 1));
  EXPECT_EQ(server().requests, 2);
  objects.reset();  // the server has one connection at a time
  EXPECT_NE(client().probe().error().find("not followed"), std::string::npos);
}

TEST_F(Objects, AnotherPartThanWasAskedForIsNotTaken) {
  ASSERT_TRUE(write(name, content));
  server().objects[folder + "000001"].resize(50);
  EXPECT_TRUE(read(100, 50));
  EXPECT_FALSE(read(100, 60));
  for (const char* answer : {"HTTP/1.1 206 P\r\nContent-Length: 11\r\n\r\n0123456789x",
                             "HTTP/1.1 206 P\r\nContent-Length: 9\r\n\r\n012345678",
                             "HTTP/1.1 206 P\r\n\r\n", "HTTP/1.1 204 P\r\n\r\n",
                             "HTTP/1.1 206 P\r\nContent-Length: 99999999\r\n\r\n", "SSH-2.0\r\n"}) {
    server().instead = answer;
    EXPECT_FALSE(read(0, 10)) << answer;
  }
  server().instead.clear();
  server().cuts_bodies = true;
  EXPECT_FALSE(read(0, 10));
}

TEST_F(Objects, AListingThatIsNoneIsUnavailable) {
  for (const char* body :
       {"<html>", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    server().instead = concat("HTTP/1.1 200 OK\r\nContent-Length: ", std::string_view(body).size(),
                              "\r\n\r\n", body);
    EXPECT_EQ(objects->kept(name).error().code, ErrorCode::Unavailable);
    EXPECT_EQ(objects->list(1).error().code, ErrorCode::Unavailable);
  }
}

TEST_F(Objects, TooManyUploadsAtATimeAreToldSo) {
  std::vector<std::unique_ptr<registry_store::ObjectWriter>> writers;
  bool refused = false;
  for (int i = 0; i < 20 && !refused; ++i) {
    writers.push_back(*objects->create(registry_store::new_object_name()));
    refused = !writers.back()->append(core::as_bytes(content).first(99));
  }
  EXPECT_TRUE(refused);
  writers.clear();
  EXPECT_TRUE(write(name, content));
}

TEST_F(Objects, ARefusalSaysWhy) {
  const std::string_view body = "<Error><Code>NoSuchBucket</Code></Error>";
  server().instead = concat("HTTP/1.1 404 Not\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  EXPECT_EQ(objects->kept(name).error().code, ErrorCode::Unavailable);
  objects.reset();
  EXPECT_NE(client().probe().error().find("404 NoSuchBucket"), std::string::npos);
}

TEST(S3Settings, ThatCannotBeAreRefused) {
  const auto with = [](std::string endpoint, std::string region, std::string bucket) {
    return Client::create({std::move(endpoint), std::move(region), std::move(bucket), {}}, {});
  };
  EXPECT_FALSE(with("https://h/path", "r", "bucket"));
  EXPECT_FALSE(with("http://h", "r", "bucket"));
  EXPECT_FALSE(with("https://h", "r/x", "bucket"));
  EXPECT_FALSE(with("https://h", "r", "Bucket/x"));
  for (const char* prefix : {"/a", "a/", "a//b", "a/../b", "a b", "?"}) {
    EXPECT_FALSE(S3Objects::of(*with("http://127.0.0.1", "r", "bucket"), prefix)) << prefix;
  }
}

}  // namespace
}  // namespace merlon::s3
