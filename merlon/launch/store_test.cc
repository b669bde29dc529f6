#include "merlon/launch/store.h"

#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"
#include "merlon/os/file.h"
#include "merlon/os/process.h"

namespace merlon::launch {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

ObjectName named(std::uint8_t byte) {
  ObjectName name{};
  name.fill(byte);
  return name;
}

/// A host that keeps objects in memory.
void serve(os::BorrowedFd channel, std::size_t room) {
  std::map<ObjectName, Bytes> objects;
  std::optional<Bytes> index;
  while (const auto request = receive_request(channel)) {
    StoreOutcome outcome = StoreOutcome::Done;
    Bytes bytes;
    switch (request->what) {
      case StoreRequest::What::List:
        if (objects.size() > request->most) outcome = StoreOutcome::TooMuch;
        if (outcome != StoreOutcome::Done) break;
        for (const auto& [name, content] : objects)
          bytes.insert(bytes.end(), name.begin(), name.end());
        break;
      case StoreRequest::What::Get: {
        const bool there = request->name ? objects.contains(*request->name) : index.has_value();
        outcome = there ? StoreOutcome::Done : StoreOutcome::NotFound;
        if (there) bytes = request->name ? objects[*request->name] : *index;
        break;
      }
      case StoreRequest::What::Put:
        if (request->bytes.size() > room) outcome = StoreOutcome::NoRoom;
        if (outcome != StoreOutcome::Done) break;
        if (request->name) objects[*request->name] = request->bytes;
        if (!request->name) index = request->bytes;
        break;
      case StoreRequest::What::Remove: objects.erase(*request->name); break;
    }
    if (!send_answer(channel, outcome, bytes)) return;
  }
}

TEST(Store, GivesBackWhatItWasGiven) {
  auto channel = os::open_channel().value();
  std::jthread host([there = std::move(channel.there)] { serve(there, 5'000'000); });
  StoreClient client(std::move(channel.here));
  EXPECT_TRUE(client.list(10)->empty());
  EXPECT_EQ(client.get(std::nullopt, 10).error().code, ErrorCode::NotFound);
  const Bytes large(1'500'000, 7);
  EXPECT_TRUE(client.put(named(1), large));
  EXPECT_TRUE(client.put(named(2), {}));
  EXPECT_TRUE(client.put(std::nullopt, Bytes{1, 2}));
  EXPECT_EQ(client.get(named(1), large.size()).value(), large);
  EXPECT_EQ(client.get(named(2), 0).value(), Bytes());
  EXPECT_EQ(client.get(std::nullopt, 10).value(), (Bytes{1, 2}));
  EXPECT_EQ(client.list(10).value(), (std::vector<ObjectName>{named(1), named(2)}));
  EXPECT_EQ(client.list(1).error().code, ErrorCode::Exhausted);
  EXPECT_TRUE(client.remove(named(1)));
  EXPECT_TRUE(client.remove(named(1)));
  EXPECT_EQ(client.get(named(1), 10).error().code, ErrorCode::NotFound);
  EXPECT_EQ(client.put(std::nullopt, Bytes(6'000'000)).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(client.put(named(3), Bytes(max_object_size + 1)).error().code, ErrorCode::Exhausted);
}

/// What a client makes of an answer of these bytes, after which the host is gone.
ErrorCode answered(const Bytes& answer) {
  auto channel = os::open_channel().value();
  EXPECT_TRUE(write_stream(channel.there, answer));
  StoreClient client(std::move(channel.here));
  std::jthread host([there = std::move(channel.there)] { (void)receive_request(there); });
  const auto got = client.get(named(1), 4);
  EXPECT_FALSE(got);
  return got ? ErrorCode::Internal : got.error().code;
}

TEST(Store, AnswersOfAHostThatLies) {
  Bytes none(16);
  none[0] = 1;
  EXPECT_EQ(answered(none), ErrorCode::NotFound);
  none[0] = 4;
  EXPECT_EQ(answered(none), ErrorCode::Denied);
  none[0] = 6;  // no outcome
  EXPECT_EQ(answered(none), ErrorCode::Malformed);
  none[0] = 1;
  none[8] = 1;  // bytes where there are none
  EXPECT_EQ(answered(none), ErrorCode::Malformed);
  Bytes much(16);
  much[8] = 5;  // more than was asked for
  EXPECT_EQ(answered(much), ErrorCode::Malformed);
  Bytes unused(16);
  unused[3] = 1;
  EXPECT_EQ(answered(unused), ErrorCode::Malformed);
}

TEST(Store, AfterNonsenseNothingIsBelieved) {
  os::ignore_broken_pipes();
  auto channel = os::open_channel().value();
  EXPECT_TRUE(write_stream(channel.there, Bytes(16, 0xFF)));
  StoreClient client(std::move(channel.here));
  EXPECT_EQ(client.get(named(1), 4).error().code, ErrorCode::Malformed);
  EXPECT_TRUE(write_stream(channel.there, Bytes(16)).error().code == ErrorCode::Unavailable);
  EXPECT_EQ(client.get(named(1), 4).error().code, ErrorCode::Unavailable);
}

/// What a host makes of these bytes.
std::string asked(const Bytes& request) {
  auto channel = os::open_channel().value();
  EXPECT_TRUE(write_stream(channel.here, request));
  channel.here.close();
  const auto received = receive_request(channel.there);
  return received ? "taken" : received.error().what;
}

TEST(Store, RequestsOfAKeepThatLies) {
  Bytes request(32);
  request[0] = 2;
  EXPECT_EQ(asked(request), "taken");
  for (const auto& [at, value] :
       {std::pair<std::size_t, std::uint8_t>{0, 0}, {0, 5}, {1, 2}, {2, 1}}) {
    Bytes wrong = request;
    wrong[at] = value;
    EXPECT_EQ(asked(wrong), "no request to a volume") << at;
  }
  Bytes named_index = request;
  named_index[1] = 1;
  named_index[8] = 1;
  EXPECT_EQ(asked(named_index), "no request to a volume");
  Bytes removes_index = request;
  removes_index[0] = 4;
  removes_index[1] = 1;
  EXPECT_EQ(asked(removes_index), "no request to a volume");
  Bytes large = request;
  large[0] = 3;
  large[28] = 1;
  EXPECT_EQ(asked(large), "more than a volume can hold");
  Bytes cut = request;
  cut[0] = 3;
  cut[24] = 9;
  EXPECT_NE(asked(cut), "taken");
}

}  // namespace
}  // namespace merlon::launch
