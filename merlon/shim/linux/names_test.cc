#include "merlon/shim/linux/names.h"

#include <vector>

#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

using sallyport::Call;
using testing::Asked;
namespace nr = abi::number;
using Numbers = std::vector<std::uint64_t>;

constexpr std::uint64_t directory = 3;
/// As a program passes AT_FDCWD or a descriptor: an int, with anything above it.
constexpr std::uint64_t with_garbage = 0xdead'beef'0000'0003;

class NamesTest : public testing::KeepTest {
 protected:
  static Numbers first(const Asked& asked, std::size_t count) {
    return {asked.arguments.begin(), asked.arguments.begin() + static_cast<std::ptrdiff_t>(count)};
  }
};

TEST_F(NamesTest, NoCallIsMadeForADirectoryThatTheKeepDoesNotHold) {
  const std::uint64_t path = place_path("name");
  const std::uint64_t how = place_item(abi::OpenHow{0, 0, abi::resolve_beneath});
  for (const std::uint64_t other : {not_held, static_cast<std::uint64_t>(abi::at_fdcwd)}) {
    EXPECT_EQ(call(nr::openat, {other, path, 0, 0}), -abi::Badf);
    EXPECT_EQ(call(nr::openat2, {other, path, how, sizeof(abi::OpenHow)}), -abi::Badf);
    EXPECT_EQ(call(nr::newfstatat, {other, path, next_, 0}), -abi::Badf);
    EXPECT_EQ(call(nr::utimensat, {other, path, 0, 0}), -abi::Badf);
    EXPECT_EQ(call(nr::mkdirat, {other, path, 0}), -abi::Badf);
    EXPECT_EQ(call(nr::unlinkat, {other, path, 0}), -abi::Badf);
    EXPECT_EQ(call(nr::readlinkat, {other, path, next_, 8}), -abi::Badf);
    EXPECT_EQ(call(nr::symlinkat, {path, other, path}), -abi::Badf);
    for (const std::uint64_t number : {nr::renameat, nr::linkat}) {
      EXPECT_EQ(call(number, {other, path, directory, path}), -abi::Badf);
      EXPECT_EQ(call(number, {directory, path, other, path}), -abi::Badf);
    }
  }
  EXPECT_TRUE(asked_nothing());
}

TEST_F(NamesTest, NoCallIsMadeForANameThatIsNotTheKeeps) {
  const std::uint64_t path = place_path("name");
  const std::uint64_t how = place_item(abi::OpenHow{0, 0, abi::resolve_beneath});
  EXPECT_EQ(call(nr::openat, {directory, nowhere, 0, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::openat2, {directory, nowhere, how, sizeof(abi::OpenHow)}), -abi::Fault);
  EXPECT_EQ(call(nr::newfstatat, {directory, nowhere, next_, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::utimensat, {directory, nowhere, 0, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::mkdirat, {directory, nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::unlinkat, {directory, nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::readlinkat, {directory, nowhere, next_, 8}), -abi::Fault);
  EXPECT_EQ(call(nr::symlinkat, {nowhere, directory, path}), -abi::Fault);
  EXPECT_EQ(call(nr::symlinkat, {path, directory, nowhere}), -abi::Fault);
  EXPECT_EQ(call(nr::renameat, {directory, nowhere, directory, path}), -abi::Fault);
  EXPECT_EQ(call(nr::linkat, {directory, path, directory, nowhere}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(NamesTest, FilesAreOpenedBeneathADirectory) {
  answer(5);
  EXPECT_EQ(call(nr::openat, {with_garbage, place_path("a/b"), 0xffff'ffff'0000'0042, 0177777}), 5);
  Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Open);
  EXPECT_EQ(asked.sent, "a/b");
  EXPECT_EQ(first(asked, 3), (Numbers{directory, 0x42, 07777}));
  EXPECT_TRUE(machine_.port().descriptors().holds(5));

  answer(6);
  const abi::OpenHow how{0x41, 0600, abi::resolve_beneath | 4};
  EXPECT_EQ(call(nr::openat2, {directory, place_path("c"), place_item(how), sizeof(how)}), 6);
  asked = only_asked();
  EXPECT_EQ(asked.call, Call::Open);
  EXPECT_EQ(first(asked, 3), (Numbers{directory, 0x41, 0600}));
}

TEST_F(NamesTest, AKeepThatDoesNotWantToStayBeneathIsRefused) {
  const std::uint64_t path = place_path("c");
  const std::uint64_t how = place_item(abi::OpenHow{0, 0, 4});
  EXPECT_EQ(call(nr::openat2, {directory, path, how, sizeof(abi::OpenHow)}), -abi::Inval);
  const std::uint64_t good = place_item(abi::OpenHow{0, 0, abi::resolve_beneath});
  EXPECT_EQ(call(nr::openat2, {directory, path, good, sizeof(abi::OpenHow) + 8}), -abi::Inval);
  EXPECT_EQ(call(nr::openat2, {directory, path, nowhere, sizeof(abi::OpenHow)}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(NamesTest, AttributesOfAnEntry) {
  sallyport::Status status{};
  status.inode = 8;
  const std::uint64_t at = make_room(sizeof(abi::Stat));
  answer(0, {reinterpret_cast<const char*>(&status), sizeof(status)});
  EXPECT_EQ(call(nr::newfstatat, {with_garbage, place_path("entry"), at, 0x100}), 0);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::StatusAt);
  EXPECT_EQ(asked.sent, "entry");
  EXPECT_EQ(first(asked, 2), (Numbers{directory, 0x100}));
  EXPECT_EQ(item_at<abi::Stat>(at).inode, 8U);
  EXPECT_EQ(call(nr::newfstatat, {directory, place_path("entry"), read_only_, 0}), -abi::Fault);
  answer(-abi::Noent);
  EXPECT_EQ(call(nr::newfstatat, {directory, place_path("entry"), at, 0}), -abi::Noent);
}

TEST_F(NamesTest, AnEmptyNameIsTheDescriptorItselfIfThatIsWanted) {
  const std::uint64_t at = make_room(sizeof(abi::Stat));
  EXPECT_EQ(call(nr::newfstatat, {1, place_path(""), at, abi::at_empty_path}), 0);
  EXPECT_EQ(only_asked().call, Call::Status);
  EXPECT_EQ(call(nr::newfstatat, {1, place_path(""), at, 0}), 0);
  EXPECT_EQ(only_asked().call, Call::StatusAt);
  EXPECT_EQ(call(nr::newfstatat, {1, place_path("x"), at, abi::at_empty_path}), 0);
  EXPECT_EQ(only_asked().call, Call::StatusAt);
}

TEST_F(NamesTest, TimesAreSetOfAnEntryOrOfTheDescriptor) {
  const sallyport::Times times{{1, 2}, {3, 4}};
  const std::string bytes(reinterpret_cast<const char*>(&times), sizeof(times));
  EXPECT_EQ(call(nr::utimensat, {with_garbage, place_path("e"), place_item(times), 0x100}), 0);
  Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::SetTimesAt);
  EXPECT_EQ(asked.sent, bytes + "e");
  EXPECT_EQ(first(asked, 2), (Numbers{directory, 0x100}));
  EXPECT_EQ(call(nr::utimensat, {directory, 0, place_item(times), 0}), 0);
  asked = only_asked();
  EXPECT_EQ(asked.call, Call::SetTimes);
  EXPECT_EQ(asked.sent, bytes);
  // Without times it is now, which the kernel says so:
  EXPECT_EQ(call(nr::utimensat, {directory, 0, 0, 0}), 0);
  const sallyport::Times now{{0, 0x3fffffff}, {0, 0x3fffffff}};
  EXPECT_EQ(only_asked().sent, std::string(reinterpret_cast<const char*>(&now), sizeof(now)));
  EXPECT_EQ(call(nr::utimensat, {directory, 0, nowhere, 0}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(NamesTest, EntriesAreMadeAndRemoved) {
  EXPECT_EQ(call(nr::mkdirat, {with_garbage, place_path("d"), 0170755}), 0);
  Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::MakeDirectory);
  EXPECT_EQ(asked.sent, "d");
  EXPECT_EQ(first(asked, 2), (Numbers{directory, 0755}));
  EXPECT_EQ(call(nr::unlinkat, {with_garbage, place_path("d"), 0x200}), 0);
  asked = only_asked();
  EXPECT_EQ(asked.call, Call::Remove);
  EXPECT_EQ(first(asked, 2), (Numbers{directory, 0x200}));
}

TEST_F(NamesTest, TwoNamesAreSentWithANulBetweenThem) {
  const std::uint64_t one = place_path("one");
  const std::uint64_t two = place_path("two");
  EXPECT_EQ(call(nr::renameat, {with_garbage, one, 2, two}), 0);
  Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Rename);
  EXPECT_EQ(asked.sent, std::string("one\0two", 7));
  EXPECT_EQ(first(asked, 2), (Numbers{directory, 2}));
  EXPECT_EQ(call(nr::linkat, {with_garbage, one, 2, two}), 0);
  asked = only_asked();
  EXPECT_EQ(asked.call, Call::Link);
  EXPECT_EQ(first(asked, 2), (Numbers{directory, 2}));
  EXPECT_EQ(call(nr::symlinkat, {one, with_garbage, two}), 0);
  asked = only_asked();
  EXPECT_EQ(asked.call, Call::Symlink);
  EXPECT_EQ(asked.sent, std::string("one\0two", 7)) << "target, then name";
  EXPECT_EQ(first(asked, 1), (Numbers{directory}));
  answer(-abi::Perm);
  EXPECT_EQ(call(nr::renameat, {directory, one, directory, two}), -abi::Perm);
}

TEST_F(NamesTest, LinksAreReadAsFarAsThereIsRoom) {
  const std::uint64_t at = make_room(8);
  answer(6, "target");
  EXPECT_EQ(call(nr::readlinkat, {with_garbage, place_path("l"), at, 8}), 6);
  EXPECT_EQ(machine_.get(at, 8), "target??");
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::ReadLink);
  EXPECT_EQ(asked.sent, "l");
  EXPECT_EQ(asked.room, 8U);
  EXPECT_EQ(first(asked, 1), (Numbers{directory}));
  const std::uint64_t large = make_room(2 * page_size);
  answer(0);
  EXPECT_EQ(call(nr::readlinkat, {directory, place_path("l"), large, 2 * page_size}), 0);
  EXPECT_EQ(only_asked().room, sallyport::max_path + 1);
  EXPECT_EQ(call(nr::readlinkat, {directory, place_path("l"), read_only_, 8}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

}  // namespace
}  // namespace merlon::shim::linux
