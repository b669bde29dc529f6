#include "merlon/host/keep.h"

#include <algorithm>
#include <array>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/socket.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host {
namespace {

using launch::FileAccess;
using launch::FileKind;

/// Who runs this test may have given it sockets, and then every keep reaches them.
bool has_socket_for_a_stream() {
  return std::ranges::any_of(std::array{0, 1, 2}, [](int number) {
    struct ::stat found{};
    return ::fstat(number, &found) == 0 && S_ISSOCK(found.st_mode);
  });
}

/// What a pool is asked for where a workload has a file of this kind.
launch::PoolQuestion asked_for(FileKind kind) {
  const os::testing::ScratchDirectory scratch;
  scratch.make_file("module");
  LaunchPlan plan;
  plan.module = os::open_file(scratch / "module").value();
  plan.message.files = {{FileKind::Stdin, FileAccess::ReadWrite, "stdin"},
                        {kind, FileAccess::ReadWrite, "it"}};
  const os::Fd listener = os::listen_local(scratch / "pool").value();
  launch::PoolQuestion question;
  std::thread pool([&] {
    const os::Fd connection = os::accept(listener).value();
    EXPECT_TRUE(os::set_nonblock(connection, false));
    question = launch::receive_pool_question(connection).value();
    EXPECT_TRUE(launch::send_pool_answer(connection, std::nullopt));
  });
  EXPECT_FALSE(Keep::take(scratch / "pool", Backend::Kvm, plan)) << "the pool has none";
  pool.join();
  return question;
}

TEST(KeepOfAPool, ReachesWhatItsFilesNeed) {
  struct Case {
    FileKind kind;
    bool network;
    bool directories;
  };
  for (const Case& each :
       {Case{FileKind::Null, false, false}, Case{FileKind::Listen, true, false},
        Case{FileKind::Connect, true, false}, Case{FileKind::Directory, false, true}}) {
    const launch::PoolQuestion question = asked_for(each.kind);
    const auto which = static_cast<int>(each.kind);
    EXPECT_EQ(question.network, each.network || has_socket_for_a_stream()) << which;
    EXPECT_EQ(question.directories, each.directories) << which;
    EXPECT_EQ(question.backend, static_cast<std::uint8_t>(Backend::Kvm));
    EXPECT_TRUE(question.module.is_open());
  }
}

TEST(KeepOfAPool, IsNoneWithoutAPool) {
  const os::testing::ScratchDirectory scratch;
  EXPECT_FALSE(Keep::take(scratch / "pool", Backend::Kvm, LaunchPlan()));
}

}  // namespace
}  // namespace merlon::host
