#pragma once

// The parts of Linux's interface for x86-64 programs that a keep uses: numbers and layouts, written
// down here because a shim includes no header of a system [LINUX 6.1, arch/x86 and include/uapi].

#include <cstddef>
#include <cstdint>

namespace merlon::shim::linux::abi {

/// A system call's result: an answer, or minus one of these.
using SystemResult = std::int64_t;

enum Errno : std::int64_t {
  Perm = 1,
  Noent = 2,
  Srch = 3,
  Intr = 4,
  Io = 5,
  Badf = 9,
  Again = 11,
  Nomem = 12,
  Acces = 13,
  Fault = 14,
  Inval = 22,
  Notty = 25,
  Nametoolong = 36,
  Nosys = 38,
  Opnotsupp = 95,
};

/// Numbers of system calls, by their names.
namespace number {
inline constexpr std::uint64_t read = 0;
inline constexpr std::uint64_t write = 1;
inline constexpr std::uint64_t close = 3;
inline constexpr std::uint64_t fstat = 5;
inline constexpr std::uint64_t lseek = 8;
inline constexpr std::uint64_t mmap = 9;
inline constexpr std::uint64_t mprotect = 10;
inline constexpr std::uint64_t munmap = 11;
inline constexpr std::uint64_t brk = 12;
inline constexpr std::uint64_t rt_sigaction = 13;
inline constexpr std::uint64_t rt_sigprocmask = 14;
inline constexpr std::uint64_t rt_sigreturn = 15;
inline constexpr std::uint64_t ioctl = 16;
inline constexpr std::uint64_t pread64 = 17;
inline constexpr std::uint64_t pwrite64 = 18;
inline constexpr std::uint64_t readv = 19;
inline constexpr std::uint64_t writev = 20;
inline constexpr std::uint64_t sched_yield = 24;
inline constexpr std::uint64_t madvise = 28;
inline constexpr std::uint64_t getpid = 39;
inline constexpr std::uint64_t sendmsg = 46;
inline constexpr std::uint64_t recvmsg = 47;
inline constexpr std::uint64_t shutdown = 48;
inline constexpr std::uint64_t getsockopt = 55;
inline constexpr std::uint64_t exit = 60;
inline constexpr std::uint64_t fcntl = 72;
inline constexpr std::uint64_t fsync = 74;
inline constexpr std::uint64_t fdatasync = 75;
inline constexpr std::uint64_t ftruncate = 77;
inline constexpr std::uint64_t readlink = 89;
inline constexpr std::uint64_t sigaltstack = 131;
inline constexpr std::uint64_t prctl = 157;
inline constexpr std::uint64_t arch_prctl = 158;
inline constexpr std::uint64_t gettid = 186;
inline constexpr std::uint64_t futex = 202;
inline constexpr std::uint64_t getdents64 = 217;
inline constexpr std::uint64_t set_tid_address = 218;
inline constexpr std::uint64_t fadvise64 = 221;
inline constexpr std::uint64_t timer_create = 222;
inline constexpr std::uint64_t timer_settime = 223;
inline constexpr std::uint64_t timer_delete = 226;
inline constexpr std::uint64_t clock_gettime = 228;
inline constexpr std::uint64_t clock_getres = 229;
inline constexpr std::uint64_t exit_group = 231;
inline constexpr std::uint64_t tgkill = 234;
inline constexpr std::uint64_t openat = 257;
inline constexpr std::uint64_t mkdirat = 258;
inline constexpr std::uint64_t newfstatat = 262;
inline constexpr std::uint64_t unlinkat = 263;
inline constexpr std::uint64_t renameat = 264;
inline constexpr std::uint64_t linkat = 265;
inline constexpr std::uint64_t symlinkat = 266;
inline constexpr std::uint64_t readlinkat = 267;
inline constexpr std::uint64_t ppoll = 271;
inline constexpr std::uint64_t set_robust_list = 273;
inline constexpr std::uint64_t utimensat = 280;
inline constexpr std::uint64_t fallocate = 285;
inline constexpr std::uint64_t accept4 = 288;
inline constexpr std::uint64_t eventfd2 = 290;
inline constexpr std::uint64_t preadv = 295;
inline constexpr std::uint64_t pwritev = 296;
inline constexpr std::uint64_t prlimit64 = 302;
inline constexpr std::uint64_t getrandom = 318;
inline constexpr std::uint64_t preadv2 = 327;
inline constexpr std::uint64_t pwritev2 = 328;
inline constexpr std::uint64_t rseq = 334;
inline constexpr std::uint64_t openat2 = 437;
}  // namespace number

inline constexpr std::uint64_t prot_read = 1, prot_write = 2, prot_exec = 4;
inline constexpr std::uint64_t map_shared = 1, map_fixed = 0x10, map_anonymous = 0x20;
inline constexpr std::uint64_t arch_set_fs = 0x1002;
inline constexpr std::int32_t at_fdcwd = -100;
inline constexpr std::uint64_t at_empty_path = 0x1000;
inline constexpr std::uint64_t tcgets = 0x5401, fionread = 0x541b;
inline constexpr std::uint64_t f_getfd = 1, f_setfd = 2, f_getfl = 3, f_setfl = 4,
                               f_dupfd_cloexec = 1030;
inline constexpr std::uint64_t resolve_beneath = 8;
inline constexpr std::uint64_t sol_socket = 1, so_type = 3, so_acceptconn = 30;
inline constexpr std::uint32_t scm_rights = 1;
inline constexpr std::uint64_t clock_realtime = 0, clock_monotonic = 1, clock_last = 11;

struct Vector {
  std::uint64_t base;
  std::uint64_t size;
};
inline constexpr std::size_t max_vectors = 1024;

struct TimeSpec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

struct Stat {
  std::uint64_t device, inode, links;
  std::uint32_t mode, user, group, padding;
  std::uint64_t special_device;
  std::int64_t size, block_size, blocks;
  TimeSpec accessed, modified, changed;
  std::int64_t unused[3];
};
static_assert(sizeof(Stat) == 144);

struct MessageHeader {
  std::uint64_t name;
  std::uint32_t name_size, padding0;
  std::uint64_t vectors;
  std::uint64_t vector_count;
  std::uint64_t control;
  std::uint64_t control_size;
  std::uint32_t flags, padding1;
};
static_assert(sizeof(MessageHeader) == 56);

struct ControlHeader {
  std::uint64_t size;
  std::uint32_t level, type;
};

struct OpenHow {
  std::uint64_t flags, mode, resolve;
};

struct SignalAction {
  std::uint64_t handler;
  std::uint64_t flags;
  std::uint64_t restorer;
  std::uint64_t mask;
};
inline constexpr std::uint64_t sig_default = 0, sig_ignore = 1;
inline constexpr std::uint64_t sa_onstack = 0x0800'0000;
inline constexpr std::size_t signal_count = 65;
inline constexpr int sigill = 4, sigtrap = 5, sigabrt = 6, sigbus = 7, sigfpe = 8, sigkill = 9,
                     sigsegv = 11;

struct SignalStack {
  std::uint64_t base;
  std::int32_t flags, padding;
  std::uint64_t size;
};
inline constexpr std::int32_t ss_onstack = 1, ss_disable = 2;

/// What CS holds in every program.
inline constexpr std::uint64_t user_code_segment = 0x33;

struct MachineContext {
  std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
  std::uint64_t rflags, segments, error, trap, old_mask, fault_address, fpu;
  std::uint64_t reserved[8];
};
static_assert(sizeof(MachineContext) == 256);

struct UserContext {
  std::uint64_t flags, link;
  SignalStack stack;
  MachineContext machine;
  std::uint64_t mask;
};

struct SignalInfo {
  std::int32_t signal, error, code, padding;
  std::uint64_t address;
  std::uint64_t rest[13];
};
static_assert(sizeof(SignalInfo) == 128);

/// What a handler finds on its stack.
struct SignalFrame {
  std::uint64_t restorer;
  UserContext context;
  SignalInfo info;
};

}  // namespace merlon::shim::linux::abi
