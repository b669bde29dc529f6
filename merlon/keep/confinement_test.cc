// Tries to break out of a keep that has confined itself: each attempt runs in a process that has
// done what merlon-keep does, as root and as an ordinary user.

#include "merlon/keep/confinement.h"

#include <cerrno>
#include <csignal>
#include <ctime>

#include <asm/termbits.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "merlon/os/call_filter.h"
#include "merlon/os/channel.h"
#include "merlon/os/landlock.h"
#include "merlon/os/surrender.h"
#include "merlon/os/testing/child.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::keep {
namespace {

using launch::FileAccess;
using launch::FileKind;
using os::testing::Ended;
using os::testing::in_child;
using os::testing::ScratchDirectory;

constexpr std::size_t page = 4096;
/// What a child of these tests gives when it could not be confined.
constexpr int not_confined = 99;

enum class User : bool { Same, Nobody };

/// What a keep is given, beside standard streams.
struct Given {
  std::vector<std::pair<std::string, FileAccess>> directories{};
  bool listening = false;
  bool timeout = false;
  bool streams = false;
  launch::Confinement confinement = launch::Confinement::Process;
};

launch::Launch launch_of(const Given& given) {
  launch::Launch launch;
  launch.message.confinement = given.confinement;
  launch.message.timeout_nanoseconds = given.timeout ? 1'000'000'000 : 0;
  if (given.streams) {
    for (const FileKind kind : {FileKind::Stdin, FileKind::Stdout}) {
      launch.message.files.push_back({kind, FileAccess::ReadWrite, ""});
    }
  }
  if (given.listening) {
    launch.message.files.push_back({FileKind::Listen, FileAccess::ReadWrite, "web"});
    launch.descriptors.push_back(os::Fd::adopt(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  }
  for (const auto& [path, access] : given.directories) {
    launch.message.files.push_back({FileKind::Directory, access, path});
    launch.descriptors.push_back(
        os::Fd::adopt(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  }
  return launch;
}

/// Runs `attempt` in a process that is confined as a keep is; the process ends with what it gives.
Ended in_keep(User user, const Given& given,
              const std::function<int(const launch::Launch&)>& attempt) {
  const auto channel = os::open_channel();
  EXPECT_TRUE(channel.has_value());
  return in_child([&] {
    if (user == User::Nobody && !os::testing::become_nobody()) return not_confined;
    if (::dup2(channel->there.number(), 3) != 3) return not_confined;
    Confinement confinement;
    if (!confinement.begin(os::BorrowedFd(3))) return not_confined;
    const launch::Launch launch = launch_of(given);
    if (!confinement.complete(launch)) return not_confined;
    return attempt(launch);
  });
}

std::vector<User> users() {
  if (::geteuid() != 0) return {User::Same};
  return {User::Same, User::Nobody};
}

/// 0 if the call was carried out, else its error number.
int outcome(long result) { return result < 0 ? errno : 0; }

long call(long number, auto... arguments) { return ::syscall(number, arguments...); }

/// An attempt, and the call that the keep must be ended for.
struct Attempt {
  const char* name;
  const char* refused;
  long (*make)();
  /// For names of tests that are the same in every run.
  friend void PrintTo(const Attempt& attempt, std::ostream* out) { *out << attempt.name; }
};

const char* const passwd = "/etc/passwd";
char* const no_words[] = {nullptr};
std::uint64_t zeros[64];

/// A fresh page with these rights, which are allowed.
void* fresh_page(int protection) {
  return ::mmap(nullptr, page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

long write_and_execute(int protection) {
  return ::mprotect(fresh_page(PROT_READ | PROT_WRITE), page, protection);
}

long map(int protection, int flags, int fd) {
  return ::mmap(nullptr, page, protection, flags, fd, 0) == MAP_FAILED ? -1 : 0;
}

const Attempt attempts[] = {
    // Files
    {"Open", "open (2)", [] { return call(SYS_open, passwd, O_RDONLY); }},
    {"OpenAt", "openat (257)", [] { return call(SYS_openat, AT_FDCWD, passwd, O_RDONLY); }},
    {"OpenAtADescriptor", "openat (257)", [] { return call(SYS_openat, 0, passwd, O_RDONLY); }},
    {"OpenAt2", "openat2 (437)", [] { return call(SYS_openat2, 0, passwd, zeros, 24); }},
    {"OwnMemory", "open (2)", [] { return call(SYS_open, "/proc/self/mem", O_RDWR); }},
    {"Create", "creat (85)", [] { return call(SYS_creat, "/tmp/merlon-broke-out", 0600); }},
    {"Stat", "stat (4)", [] { return call(SYS_stat, passwd, zeros); }},
    {"StatAt", "newfstatat (262)", [] { return call(SYS_newfstatat, 0, passwd, zeros, 0); }},
    {"StatAtEmptyPath", "newfstatat (262)",
     [] { return call(SYS_newfstatat, 0, "", zeros, AT_EMPTY_PATH); }},
    {"ReadLink", "readlink (89)", [] { return call(SYS_readlink, "/proc/self/exe", zeros, 64); }},
    {"Access", "access (21)", [] { return call(SYS_access, passwd, 0); }},
    {"Unlink", "unlink (87)", [] { return call(SYS_unlink, "/tmp/merlon-no-such-file"); }},
    {"Rename", "rename (82)", [] { return call(SYS_rename, "/tmp/merlon-a", "/tmp/merlon-b"); }},
    {"ChangeMode", "chmod (90)", [] { return call(SYS_chmod, "/tmp/merlon-a", 0777); }},
    {"ChangeModeOfOpenFile", "fchmod (91)", [] { return call(SYS_fchmod, 0, 0777); }},
    {"ChangeOwner", "fchown (93)", [] { return call(SYS_fchown, 0, 0, 0); }},
    {"TimesByPath", "utimensat (280)", [] { return call(SYS_utimensat, 0, passwd, nullptr, 0); }},
    {"ChangeDirectory", "chdir (80)", [] { return call(SYS_chdir, "/"); }},
    {"ChangeRoot", "chroot (161)", [] { return call(SYS_chroot, "/"); }},
    {"OpenByHandle", "open_by_handle_at (304)",
     [] { return call(SYS_open_by_handle_at, 0, zeros, 0); }},
    {"Mount", "mount (165)", [] { return call(SYS_mount, "none", "/tmp", "tmpfs", 0, nullptr); }},
    {"Unmount", "umount2 (166)", [] { return call(SYS_umount2, "/tmp", 0); }},
    {"MemoryFile", "memfd_create (319)", [] { return call(SYS_memfd_create, "x", 0); }},
    {"Notify", "inotify_init1 (294)", [] { return call(SYS_inotify_init1, 0); }},
    // Network
    {"Socket", "socket (41)", [] { return call(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
    {"UnixSocket", "socket (41)", [] { return call(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }},
    {"SocketPair", "socketpair (53)",
     [] { return call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, zeros); }},
    {"Connect", "connect (42)", [] { return call(SYS_connect, 3, zeros, 16); }},
    {"Bind", "bind (49)", [] { return call(SYS_bind, 3, zeros, 16); }},
    {"Listen", "listen (50)", [] { return call(SYS_listen, 3, 1); }},
    {"AcceptWithoutSockets", "accept4 (288)",
     [] { return call(SYS_accept4, 3, nullptr, nullptr, 0); }},
    {"SendToAnywhere", "sendto (44)",
     [] { return call(SYS_sendto, 3, zeros, 1, MSG_DONTWAIT, zeros, 16); }},
    {"SocketOption", "setsockopt (54)",
     [] { return call(SYS_setsockopt, 3, SOL_SOCKET, SO_RCVBUF, zeros, 4); }},
    // Processes
    {"Fork", "fork (57)", [] { return call(SYS_fork); }},
    {"CloneSharingMemory", "clone (56)",
     [] { return call(SYS_clone, SIGCHLD | 0x4000, 0, 0, 0, 0); }},
    {"Thread", "clone (56)", [] { return call(SYS_clone, 0x10F00, 0, 0, 0, 0); }},
    {"Clone3", "clone3 (435)", [] { return call(SYS_clone3, zeros, 64); }},
    {"Execute", "execve (59)", [] { return call(SYS_execve, "/bin/sh", no_words, no_words); }},
    {"ExecuteAt", "execveat (322)",
     [] { return call(SYS_execveat, 0, "", no_words, no_words, AT_EMPTY_PATH); }},
    {"Trace", "ptrace (101)", [] { return call(SYS_ptrace, 16, 1, 0, 0); }},
    {"WriteToAProcess", "process_vm_writev (311)",
     [] { return call(SYS_process_vm_writev, 1, zeros, 0, zeros, 0, 0); }},
    {"KillEveryone", "kill (62)", [] { return call(SYS_kill, -1, 0); }},
    {"KillAThread", "tgkill (234)", [] { return call(SYS_tgkill, 1, 1, SIGABRT); }},
    {"KillItselfOtherwise", "tgkill (234)",
     [] { return call(SYS_tgkill, ::getpid(), ::gettid(), SIGUSR1); }},
    {"QueueASignal", "rt_sigqueueinfo (129)",
     [] { return call(SYS_rt_sigqueueinfo, 1, SIGUSR1, zeros); }},
    {"OpenAProcess", "pidfd_open (434)", [] { return call(SYS_pidfd_open, 1, 0); }},
    {"Priority", "setpriority (141)", [] { return call(SYS_setpriority, 0, 0, 5); }},
    {"Affinity", "sched_setaffinity (203)",
     [] { return call(SYS_sched_setaffinity, 0, 8, zeros); }},
    // Memory
    {"MapWritableCode", "mmap (9)",
     [] { return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1); }},
    {"MapCode", "mmap (9)",
     [] { return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1); }},
    {"MapAFile", "mmap (9)", [] { return map(PROT_READ, MAP_PRIVATE, 0); }},
    {"MapShared", "mmap (9)", [] { return map(PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1); }},
    {"MapOverAnother", "mmap (9)",
     [] { return map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1); }},
    {"ProtectWritableCode", "mprotect (10)",
     [] { return write_and_execute(PROT_READ | PROT_WRITE | PROT_EXEC); }},
    {"ProtectUnreadableCode", "mprotect (10)",
     [] { return write_and_execute(PROT_WRITE | PROT_EXEC); }},
    {"ProtectGrowingCode", "mprotect (10)",
     [] { return write_and_execute(PROT_READ | PROT_EXEC | PROT_GROWSDOWN); }},
    {"ProtectByKey", "pkey_mprotect (329)",
     [] { return call(SYS_pkey_mprotect, zeros, page, PROT_EXEC, -1); }},
    {"MoveOverAnother", "mremap (25)",
     [] { return call(SYS_mremap, fresh_page(PROT_READ), page, page, 3, zeros); }},
    {"ClockOfAnother", "clock_gettime (228)",  // of process 1
     [] { return call(SYS_clock_gettime, -14, fresh_page(PROT_READ | PROT_WRITE)); }},
    {"SharedMemory", "shmget (29)", [] { return call(SYS_shmget, 0, page, 0600); }},
    {"Advice", "madvise (28)", [] { return call(SYS_madvise, zeros, 0, MADV_DONTNEED); }},
    {"UserFaults", "userfaultfd (323)", [] { return call(SYS_userfaultfd, 0); }},
    // The kernel's large surfaces
    {"IoUring", "io_uring_setup (425)", [] { return call(SYS_io_uring_setup, 1, zeros); }},
    {"Bpf", "bpf (321)", [] { return call(SYS_bpf, 0, zeros, 64); }},
    {"Performance", "perf_event_open (298)",
     [] { return call(SYS_perf_event_open, zeros, 0, -1, -1, 0); }},
    {"Keys", "add_key (248)", [] { return call(SYS_add_key, "user", "x", zeros, 1, -3); }},
    {"Modules", "finit_module (313)", [] { return call(SYS_finit_module, 0, "", 0); }},
    {"Reboot", "reboot (169)", [] { return call(SYS_reboot, 0, 0, 0, nullptr); }},
    {"Ports", "iopl (172)", [] { return call(SYS_iopl, 3); }},
    {"Descriptors", "modify_ldt (154)", [] { return call(SYS_modify_ldt, 0, zeros, 8); }},
    {"QueuedIo", "io_setup (206)", [] { return call(SYS_io_setup, 1, zeros); }},
    // Its own standing
    {"Unshare", "unshare (272)", [] { return call(SYS_unshare, 0x1000'0000); }},
    {"EnterNamespace", "setns (308)", [] { return call(SYS_setns, 0, 0); }},
    {"SetUser", "setuid (105)", [] { return call(SYS_setuid, 0); }},
    {"SetGroup", "setgid (106)", [] { return call(SYS_setgid, 0); }},
    {"SetCapabilities", "capset (126)", [] { return call(SYS_capset, zeros, zeros); }},
    {"BeDumpable", "prctl (157)", [] { return call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    {"OutliveMerlon", "prctl (157)", [] { return call(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0); }},
    {"Filter", "seccomp (317)", [] { return call(SYS_seccomp, 1, 0, zeros); }},
    {"Personality", "personality (135)", [] { return call(SYS_personality, 0x0400'0000); }},
    {"SegmentBase", "arch_prctl (158)", [] { return call(SYS_arch_prctl, 0x1002, zeros); }},
    {"RaiseLimits", "prlimit64 (302)", [] { return call(SYS_prlimit64, 0, 4, zeros, nullptr); }},
    {"TakeTheFiltersSignal", "rt_sigaction (13)",
     [] { return call(SYS_rt_sigaction, SIGSYS, zeros, nullptr, 8); }},
    {"TimerWithoutTimeout", "timer_create (222)",
     [] { return call(SYS_timer_create, CLOCK_MONOTONIC, nullptr, zeros); }},
    // Commands of calls that are allowed with others
    {"TypeForTheUser", "ioctl (16)", [] { return call(SYS_ioctl, 0, TIOCSTI, zeros); }},
    {"SetTerminal", "ioctl (16)", [] { return call(SYS_ioctl, 0, TCSETS, zeros); }},
    {"SignalsForInput", "fcntl (72)", [] { return call(SYS_fcntl, 0, F_SETFL, O_ASYNC); }},
    {"OwnerOfInput", "fcntl (72)", [] { return call(SYS_fcntl, 0, F_SETOWN, 1); }},
    {"Lock", "fcntl (72)", [] { return call(SYS_fcntl, 0, F_SETLK, zeros); }},
    {"SharedFutex", "futex (202)", [] { return call(SYS_futex, zeros, FUTEX_WAKE, 1, 0, 0, 0); }},
    {"PriorityFutex", "futex (202)",
     [] { return call(SYS_futex, zeros, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0); }},
    {"UnknownCall", "of a newer kernel (9999)", [] { return call(9999); }},
};

class Refused : public ::testing::TestWithParam<Attempt> {
 protected:
  void SetUp() override {
    if (!Confinement::is_built_in()) GTEST_SKIP() << "a sanitized keep is not confined";
  }
};

TEST_P(Refused, EndsTheKeepWithTheNameOfTheCall) {
  const std::string line = std::string("merlon: the keep was ended: it tried the system call ") +
                           GetParam().refused + ", which it may not make\n";
  for (const User user : users()) {
    const Ended ended =
        in_keep(user, {}, [](const launch::Launch&) { return outcome(GetParam().make()); });
    EXPECT_TRUE(ended.with(134)) << ended;
    EXPECT_EQ(ended.said, line);
  }
}

/// Where nothing is refused, one test is enough to say so.
std::vector<Attempt> tried() {
  return {std::begin(attempts),
          Confinement::is_built_in() ? std::end(attempts) : std::begin(attempts) + 1};
}

INSTANTIATE_TEST_SUITE_P(Keep, Refused, ::testing::ValuesIn(tried()),
                         [](const auto& attempt) { return std::string(attempt.param.name); });

class ConfinedKeep : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Confinement::is_built_in()) GTEST_SKIP() << "a sanitized keep is not confined";
    ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
    for (const char* name : {"given", "outside"}) {
      scratch_.make_directory(name);
      scratch_.make_file(std::string(name) + "/file", "text");
      ASSERT_EQ(::chmod((scratch_ / name).c_str(), 0777), 0);
      ASSERT_EQ(::chmod((scratch_ / (std::string(name) + "/file")).c_str(), 0666), 0);
    }
    outside_ = scratch_ / "outside/file";
  }

  [[nodiscard]] Given with_directory(FileAccess access) const {
    return {.directories = {{scratch_ / "given", access}}};
  }

  /// What openat2's plainer brother gives for `path` below the directory.
  static int open_in(const launch::Launch& launch, const char* path, int flags) {
    return outcome(::openat(launch.descriptors[0].number(), path, flags, 0666));
  }

  ScratchDirectory scratch_;
  std::string outside_;
};

TEST_F(ConfinedKeep, DoesWhatItIsThereFor) {
  for (const User user : users()) {
    const Ended ended = in_keep(user, {}, [](const launch::Launch&) {
      void* const code = fresh_page(PROT_READ | PROT_WRITE);
      if (code == MAP_FAILED || ::mprotect(code, page, PROT_READ | PROT_EXEC) != 0) return 1;
      std::vector<std::uint8_t> large(50'000'000, 1);
      large.resize(100'000'000);
      ::timespec time{};
      if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 2;
      return ::write(2, "done", 4) == 4 ? 42 : 3;
    });
    EXPECT_TRUE(ended.with(42)) << ended;
    EXPECT_EQ(ended.said, "done");
  }
}

TEST_F(ConfinedKeep, HoldsTheStandardStreamsItWasGiven) {
  const Ended ended = in_keep(User::Same, {.streams = true}, [](const launch::Launch&) {
    return ::fcntl(0, F_GETFL) >= 0 && ::fcntl(1, F_GETFL) >= 0 ? 42 : 1;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

TEST_F(ConfinedKeep, AbortsInItsOwnWay) {
  const Ended ended = in_keep(User::Same, {}, [](const launch::Launch&) -> int { ::abort(); });
  EXPECT_TRUE(ended.by(SIGABRT)) << ended;
}

TEST_F(ConfinedKeep, ACallThatIsRefusedWhileTheSignalIsBlockedKillsIt) {
  const Ended ended = in_keep(User::Same, {}, [](const launch::Launch&) {
    ::sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    return outcome(call(SYS_socket, AF_INET, SOCK_STREAM, 0));
  });
  EXPECT_TRUE(ended.by(SIGSYS)) << ended;
}

TEST_F(ConfinedKeep, TheSignalOfRefusedCallsEndsItAlsoWhereSomebodyElseSendsIt) {
  const Ended ended = in_keep(User::Same, {.timeout = true}, [](const launch::Launch&) {
    ::sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGSYS;
    int timer = 0;  // the kernel's number
    ::itimerspec soon{{}, {0, 1}};
    if (call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0) return 1;
    if (call(SYS_timer_settime, timer, 0, &soon, nullptr) != 0) return 2;
    ::pollfd* const none = nullptr;
    ::timespec long_enough{5, 0};
    (void)call(SYS_ppoll, none, 0, &long_enough, nullptr, 8);
    return 3;
  });
  EXPECT_TRUE(ended.with(128 + SIGSYS)) << ended;
  EXPECT_EQ(ended.said, "");
}

TEST_F(ConfinedKeep, ACallByThe32BitConventionIsRefused) {
  const Ended ended = in_keep(User::Same, {}, [](const launch::Launch&) {
    long number = 20;  // getpid there, and writev here, which is allowed
    // SAFETY: changes no register but rax; the call has no arguments.
    asm volatile("int $0x80" : "+a"(number) : : "memory");
    return 0;
  });
  // A kernel that has no such convention takes it for a fault.
  EXPECT_TRUE(ended.with(134) || ended.by(SIGSEGV)) << ended;
  if (ended.with(134)) {
    EXPECT_NE(ended.said.find("32-bit"), std::string::npos) << ended;
  }
}

TEST_F(ConfinedKeep, SeesNoFileOutsideOfItsDirectories) {
  if (!os::landlock_version()) GTEST_SKIP() << "this kernel has no Landlock";
  for (const User user : users()) {
    for (const auto access : {FileAccess::ReadOnly, FileAccess::ReadWrite}) {
      for (const std::string& path : {outside_, std::string("../outside/file"),
                                      std::string("/proc/self/mem"), std::string(passwd)}) {
        const Ended ended = in_keep(
            user, with_directory(access),
            [&](const launch::Launch& launch) { return open_in(launch, path.c_str(), O_RDONLY); });
        EXPECT_TRUE(ended.with(EACCES)) << path << ": " << ended;
      }
    }
  }
}

TEST_F(ConfinedKeep, ReadsAReadOnlyDirectoryAndNothingMore) {
  if (!os::landlock_version()) GTEST_SKIP() << "this kernel has no Landlock";
  const auto opened = [&](const char* path, int flags) {
    return in_keep(User::Same, with_directory(FileAccess::ReadOnly),
                   [=](const launch::Launch& launch) { return open_in(launch, path, flags); });
  };
  EXPECT_TRUE(opened("file", O_RDONLY).with(0));
  EXPECT_TRUE(opened("file", O_WRONLY).with(EACCES));
  EXPECT_TRUE(opened("new", O_WRONLY | O_CREAT).with(EACCES));
  EXPECT_FALSE(scratch_.exists("given/new"));
}

TEST_F(ConfinedKeep, HasNoCallToChangeAReadOnlyDirectory) {
  const Ended ended =
      in_keep(User::Same, with_directory(FileAccess::ReadOnly), [](const launch::Launch& launch) {
        return outcome(::mkdirat(launch.descriptors[0].number(), "new", 0777));
      });
  EXPECT_TRUE(ended.with(134)) << ended;
  EXPECT_NE(ended.said.find("mkdirat"), std::string::npos) << ended;
}

TEST_F(ConfinedKeep, ChangesAWritableDirectory) {
  for (const User user : users()) {
    const Ended ended =
        in_keep(user, with_directory(FileAccess::ReadWrite), [](const launch::Launch& launch) {
          const int root = launch.descriptors[0].number();
          if (const int failed = open_in(launch, "new", O_RDWR | O_CREAT | O_TRUNC)) return failed;
          if (::mkdirat(root, "folder", 0777) != 0) return 1;
          if (::renameat(root, "new", root, "folder/new") != 0) return 2;
          if (::symlinkat("x", root, "link") != 0 || ::unlinkat(root, "link", 0) != 0) return 3;
          if (::unlinkat(root, "folder/new", 0) != 0) return 4;
          return ::unlinkat(root, "folder", AT_REMOVEDIR) == 0 ? 42 : 5;
        });
    EXPECT_TRUE(ended.with(42)) << ended;
  }
}

TEST_F(ConfinedKeep, HasNoCurrentDirectory) {
  const Ended ended =
      in_keep(User::Same, with_directory(FileAccess::ReadWrite),
              [](const launch::Launch&) { return outcome(::openat(AT_FDCWD, "file", O_RDONLY)); });
  EXPECT_TRUE(ended.with(134)) << ended;
}

TEST_F(ConfinedKeep, MakesNoDeviceEvenInAWritableDirectory) {
  const Ended ended =
      in_keep(User::Same, with_directory(FileAccess::ReadWrite), [](const launch::Launch& launch) {
        return outcome(::mknodat(launch.descriptors[0].number(), "x", S_IFIFO | 0666, 0));
      });
  EXPECT_TRUE(ended.with(134)) << ended;
  EXPECT_NE(ended.said.find("mknodat"), std::string::npos) << ended;
}

TEST_F(ConfinedKeep, WithASocketItAcceptsButMakesNone) {
  const auto with_socket = [](const std::function<int(const launch::Launch&)>& attempt) {
    return in_keep(User::Same, {.listening = true}, attempt);
  };
  const Ended accepted = with_socket([](const launch::Launch& launch) {
    return outcome(::accept4(launch.descriptors[0].number(), nullptr, nullptr, SOCK_NONBLOCK));
  });
  EXPECT_TRUE(accepted.with(EINVAL)) << accepted;  // it does not listen
  const Ended opened_by_sending = with_socket([](const launch::Launch& launch) {
    ::msghdr message{};
    return outcome(::sendmsg(launch.descriptors[0].number(), &message, MSG_FASTOPEN));
  });
  EXPECT_TRUE(opened_by_sending.with(134)) << opened_by_sending;
  const Ended made =
      with_socket([](const launch::Launch&) { return outcome(::socket(AF_INET, SOCK_STREAM, 0)); });
  EXPECT_TRUE(made.with(134)) << made;
  const Ended bound = with_socket([](const launch::Launch& launch) {
    return outcome(::bind(launch.descriptors[0].number(), nullptr, 0));
  });
  EXPECT_TRUE(bound.with(134)) << bound;
}

TEST_F(ConfinedKeep, WithATimeoutItSetsATimer) {
  const Ended ended = in_keep(User::Same, {.timeout = true}, [](const launch::Launch&) {
    ::timer_t timer{};
    return outcome(::timer_create(CLOCK_MONOTONIC, nullptr, &timer));
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST_F(ConfinedKeep, HoldsNoDescriptorsOfItsHost) {
  // Standard error is for the keep's own last words.
  const Ended ended = in_keep(User::Same, {}, [](const launch::Launch&) {
    for (const int number : {0, 1}) {
      if (::fcntl(number, F_GETFL) >= 0) return 100 + number;
    }
    for (int number = 4; number < 64; ++number) {
      if (::fcntl(number, F_GETFL) >= 0) return number;
    }
    return 0;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Confinement, AMachineOfItsOwnIsAskedForNothing) {
  const auto channel = os::open_channel();
  const Ended ended = in_child([&] {
    Confinement confinement;
    launch::Launch launch;
    launch.message.confinement = launch::Confinement::Machine;
    if (!confinement.complete(launch)) return 1;
    // Neither a filter nor Landlock stands in the way.
    if (::open(passwd, O_RDONLY | O_CLOEXEC) < 0) return 2;
    const bool told = confinement.describe() == "confined by a machine of its own";
    return told || !Confinement::is_built_in() ? 42 : 3;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

/// From now on this process's kernel has none of the calls that confinement is made of.
bool take_the_layers_away(os::Errno answer) {
  const std::uint32_t refusal = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(answer);
  std::vector<::sock_filter> program{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};  // the call's number
  for (const int number : {SYS_prctl, SYS_capset, SYS_prlimit64, SYS_close_range, SYS_getsockopt,
                           SYS_seccomp, 444, 445, 446}) {
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(number)});
    program.push_back({BPF_RET | BPF_K, 0, 0, refusal});
  }
  program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  return os::forbid_new_privileges() && os::confine_calls(program);
}

TEST(Confinement, AKernelOrShimWithoutLayersIsToldAndIsNoError) {
  if (!Confinement::is_built_in()) GTEST_SKIP() << "a sanitized keep is not confined";
  const auto channel = os::open_channel();
  for (const os::Errno answer : {os::Errno::Nosys, os::Errno::Perm}) {
    const Ended ended = in_child([&] {
      if (!take_the_layers_away(answer)) return 1;
      Confinement confinement;
      if (!confinement.begin(channel->there) || !confinement.complete({})) return 2;
      const std::string text = confinement.describe();
      return ::write(2, text.data(), text.size()) > 0 ? 0 : 3;
    });
    EXPECT_TRUE(ended.with(0)) << ended;
    EXPECT_EQ(ended.said,
              "confined by nothing; not here: no new privileges, no inspection, no "
              "capabilities, limits, closed files, landlock, seccomp");
  }
}

TEST(Confinement, TellsItsLayers) {
  if (!Confinement::is_built_in()) GTEST_SKIP() << "a sanitized keep is not confined";
  const auto channel = os::open_channel();
  const Ended ended = in_child([&] {
    Confinement confinement;
    if (!confinement.begin(channel->there) || !confinement.complete({})) return 1;
    const std::string text = confinement.describe();
    return ::write(2, text.data(), text.size()) > 0 ? 0 : 2;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
  EXPECT_TRUE(ended.said.starts_with("confined by no new privileges, no inspection, ")) << ended;
  EXPECT_NE(ended.said.find("seccomp ("), std::string::npos) << ended;
}

}  // namespace
}  // namespace merlon::keep
