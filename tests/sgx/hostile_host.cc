// In the place of merlon-vmm-sgx: a host that answers an enclave's requests with whatever it likes,
// case after case. Each case is a copy of this process, made when the enclave has asked for
// something; the original answers as it should and goes on to the next request. What is searched
// for after each exit, and what the guest (asking_guest.cc) finds wrong, must be nothing.
//
//   merlon-hostile-host PLATFORM COUNT SEED [CASE]
//
// Prints what the keeps did about COUNT lies, and ends with 0 if it was always one of: they went
// on, they said which rule their host broke, they ended. With CASE, the number that is told of one,
// it is tried alone, in this process.

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/core/bytes.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/sgx/loader.h"
#include "merlon/host/sgx/simulated/processor.h"
#include "merlon/image/elf.h"
#include "merlon/sallyport/enclave.h"

#include "tests/sgx/asking.h"
#include "tests/sgx/replies.h"

namespace {

using namespace merlon;
using host::sgx::Leaf;
using host::sgx::Left;
using host::sgx::Pages;
using host::sgx::simulated::Hostility;
using host::sgx::simulated::Processor;
using sallyport::Access;
using sallyport::Block;
using sallyport::Call;
using sallyport::EnclaveExit;
using sallyport::Header;
using sallyport::Outcome;
using sallyport::PageChange;
using sallyport::Request;
using tests::Lie;
using tests::Replies;

/// How a case ends; from Violated on it must not.
enum class End : int {
  WentOn = 0,   ///< as often as it was asked to
  Refused,      ///< it said which rule its host broke
  Ended,        ///< it ended itself: its program could not go on with what it was told
  Stuck,        ///< its shim was kept from a page
  KeptOut,      ///< the host did not let it go on
  Violated,     ///< the guest found something that nobody may do to it
  InBlock,      ///< its secret lay in the block
  InStack,      ///< ... in its host's stack
  InRegisters,  ///< something was left in registers, or its host's stack did not come back
  Nonsense,     ///< it was left for no reason that there is
  Killed,       ///< it took its host's process along, or never came back
};
constexpr std::array<const char*, 11> end_names{"went on",      "refused",  "ended",    "stuck",
                                                "kept out",     "VIOLATED", "IN BLOCK", "IN STACK",
                                                "IN REGISTERS", "NONSENSE", "KILLED"};
constexpr int registers_status = 134;  // of the simulated processor, which looks at each exit
constexpr std::uint64_t keep_failed = 125;

struct Counts {
  std::uint64_t replies, searches, cases;
  std::array<std::uint64_t, tests::lie_names.size()> lies;
  std::array<std::uint64_t, end_names.size()> ends;
};

/// Shared by all copies.
Counts* shared_counts() {
  void* const memory =
      ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) Counts{};
}

[[gnu::noinline]] bool holds_secret(const volatile std::uint64_t* words, std::size_t count) {
  std::uint64_t secret = 0;
  std::memset(&secret, SECRET_TURNED_OVER, sizeof(secret));
  bool found = false;
  for (std::size_t i = 0; i < count; ++i) found |= ~words[i] == secret;
  return found;
}

class World {
 public:
  World(Processor& processor, core::ByteSpan memory, Counts& counts)
      : processor_(processor), memory_(memory), block_(memory), counts_(counts) {}

  /// Lets the enclave run until it asks for something. Nothing: it has ended, as `end_` says.
  std::optional<Request> next_request(Replies* liar, int entries);
  void answer(Replies& replies, const Request& request) {
    replies.answer_honestly(request, carry_out(replies, request));
  }
  End run_case(const Request& request, std::uint64_t seed);
  End begin_at(Header field, std::uint64_t value);
  End begin_with_counter();
  [[nodiscard]] End end() const { return end_; }

 private:
  Outcome carry_out(Replies& replies, const Request& request);
  void lie(Replies& replies, const Request& request);
  void meddle(Replies& replies, Pages pages);
  std::optional<End> search() const;
  std::nullopt_t ended(End end) {
    end_ = end;
    return std::nullopt;
  }
  std::optional<Request> take(Replies* liar);

  Processor& processor_;
  core::ByteSpan memory_;
  Block block_;
  Counts& counts_;
  std::uint64_t sequence_ = 0;
  Leaf next_ = Leaf::Enter;
  End end_ = End::WentOn;
};

/// The block, and the stack of the thread that entered, also what is no longer used of it.
std::optional<End> World::search() const {
  constexpr std::size_t below = 32 << 10, above = 2 << 10;
  ++counts_.searches;
  const auto* const block = reinterpret_cast<const std::uint64_t*>(memory_.data());
  if (holds_secret(block, memory_.size() / 8)) return End::InBlock;
  const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)) & ~std::uint64_t{7};
  const auto* const stack = reinterpret_cast<const std::uint64_t*>(here - below);
  if (holds_secret(stack, (below + above) / 8)) return End::InStack;
  return std::nullopt;
}

/// A request that the host has made unreadable itself is some other one.
std::optional<Request> World::take(Replies* liar) {
  auto request = sallyport::take_request(block_, sequence_ + 1);
  if (request) {
    sequence_ = request->sequence;
    return *request;
  }
  if (liar == nullptr) return ended(End::Nonsense);
  ++sequence_;
  const auto& info = sallyport::call_table[liar->below(sallyport::call_table.size())];
  return Request{info.call, info.reply,     sequence_,
                 {},        block_.data(0), block_.data(8 * liar->below(64))};
}

std::optional<Request> World::next_request(Replies* liar, int entries) {
  while (entries-- > 0) {
    const Left left = processor_.enter(next_);
    if (const auto found = search()) return ended(*found);
    next_ = left.way == Left::Way::Refused ? Leaf::Resume : Leaf::Enter;
    if (left.way != Left::Way::Exit) {
      if (liar != nullptr && liar->below(16) == 0) next_ = Leaf::Resume;
      continue;
    }
    switch (static_cast<EnclaveExit>(left.reason)) {
      case EnclaveExit::Asks: {
        const auto request = take(liar);
        if (!request) return request;
        if (request->call == Call::Exit) {
          const std::uint64_t status = request->arguments[0];
          return ended(status == STATUS_VIOLATED ? End::Violated
                       : status == keep_failed   ? End::Refused
                                                 : End::Ended);
        }
        return request;
      }
      case EnclaveExit::Resume:
        next_ = liar != nullptr && liar->below(16) == 0 ? Leaf::Enter : Leaf::Resume;
        continue;
      case EnclaveExit::Stuck: return ended(End::Stuck);
    }
    return ended(End::Nonsense);
  }
  return ended(End::KeptOut);
}

Outcome World::carry_out(Replies& replies, const Request& request) {
  if (request.call != Call::ChangePages) return replies.outcome_of(request);
  const auto& [address, size, what, access] = request.arguments;
  const bool is_good = address >= sallyport::page_book_start && size != 0 &&
                       (address | size) % 4096 == 0 && address < sallyport::enclave_size &&
                       size <= sallyport::enclave_size - address;
  if (!is_good) return {-22, 0};
  const Pages pages{address, size};
  const auto done = [&]() -> os::Result<void> {
    switch (static_cast<PageChange>(what)) {
      case PageChange::Reach: return processor_.reach(pages, static_cast<Access>(access));
      case PageChange::Restrict:
        return processor_.restrict_rights(pages, static_cast<Access>(access));
      case PageChange::Trim: return processor_.trim(pages);
      case PageChange::Remove: return processor_.remove(pages);
    }
    return os::Errno::Inval;
  }();
  return {done ? 0 : -static_cast<std::int64_t>(done.error()), 0};
}

/// What a kernel can do to pages that nobody has named.
void World::meddle(Replies& replies, Pages pages) {
  constexpr std::array places{sallyport::shim_start, sallyport::user_start,
                              sallyport::mapping_start, sallyport::stack_end - 0x8000,
                              sallyport::page_book_start};
  if (replies.below(2) != 0) {
    pages = {places[replies.below(places.size())] + 4096 * replies.below(64),
             4096 * (1 + replies.below(4))};
  }
  constexpr std::array accesses{Access::None, Access::Read, Access::ReadWrite, Access::ReadExecute};
  const Access access = accesses[replies.below(accesses.size())];
  switch (replies.below(5)) {
    case 0: static_cast<void>(processor_.reach(pages, access)); break;
    case 1: static_cast<void>(processor_.restrict_rights(pages, access)); break;
    case 2: static_cast<void>(processor_.trim(pages)); break;
    case 3: static_cast<void>(processor_.remove(pages)); break;
    default: static_cast<void>(processor_.take_away(pages)); break;
  }
}

void World::lie(Replies& replies, const Request& request) {
  const bool of_pages = request.call == Call::ChangePages;
  const auto last = static_cast<std::uint64_t>(of_pages ? Lie::OtherPages : Lie::Everything);
  auto kind = static_cast<Lie>(replies.below(last + 1));
  if (of_pages && replies.below(3) == 0) kind = Lie::Pages;
  if (!of_pages && replies.below(64) == 0) kind = Lie::OtherPages;
  ++counts_.replies;
  ++counts_.lies[static_cast<std::size_t>(kind)];
  const bool does = kind != Lie::Pages || replies.below(2) != 0;
  const Outcome honest = does ? carry_out(replies, request) : Outcome{};
  if (kind == Lie::OtherPages)
    meddle(replies, {request.arguments[0], request.arguments[1] & ~std::uint64_t{4095}});
  replies.lie(kind, request, honest);
  if (kind == Lie::Prophecy) {
    Request next = request;
    ++next.sequence;
    block_.store(Header::Result, replies.number(request));
    block_.store(Header::Answered, next.sequence);
  }
}

/// One case, in a process of its own.
End World::run_case(const Request& request, std::uint64_t seed) {
  constexpr unsigned patience = 60;
  ::alarm(patience);
  processor_.go_on_in_copy();
  Replies replies(block_, memory_, seed);
  const std::uint64_t manner = replies.below(16);
  const auto change = [](void* self) noexcept {
    auto& mine = *static_cast<Replies*>(self);
    if (mine.below(8) == 0) mine.change_a_word();
  };
  const Hostility::Meanwhile meanwhile{manner < 4 ? +change : nullptr, &replies};
  if (manner < 6) processor_.set_hostility(Hostility(seed, meanwhile));
  // Besides what changes between two instructions: whatever another processor does.
  std::atomic<bool> over = false;
  std::atomic<bool> begun = false;
  std::thread other;
  if (manner == 15) {
    other = std::thread([&] {
      Replies own(block_, memory_, ~seed);
      for (begun = true; !over; own.change_a_word()) {
      }
    });
    while (!begun) {
    }
  }
  lie(replies, request);
  constexpr int entries = 600;
  for (std::uint64_t left = 1 + replies.below(manner < 6 ? 3 : 12); left != 0; --left) {
    const auto next = next_request(&replies, entries);
    if (!next) break;
    if (next->call != Call::Complain && replies.below(3) != 0) {
      lie(replies, *next);
    } else {
      answer(replies, *next);
    }
  }
  over = true;
  if (other.joinable()) other.join();
  return end_;
}

/// The enclave starts where its host says of the time what nobody can believe.
End World::begin_at(Header field, std::uint64_t value) {
  Replies honest(block_, memory_, 0);
  block_.store(field, value);
  constexpr int most_words = 4;
  for (int words = 0; words < most_words; ++words) {
    const auto request = next_request(nullptr, 1000);
    if (!request) return end_;
    answer(honest, *request);
  }
  return End::WentOn;
}

/// Where its host says how fast the counter runs, the enclave asks for no time, in two rounds of
/// what the guest does.
End World::begin_with_counter() {
  Replies honest(block_, memory_, 0);
  block_.store(Header::TscKhz, 1'000'000);
  constexpr int requests = 250;
  for (int asked = 0; asked < requests; ++asked) {
    const auto request = next_request(nullptr, 1000);
    if (!request) return end_;
    if (request->call == Call::Clock) return End::Nonsense;
    answer(honest, *request);
  }
  return End::WentOn;
}

End end_of(int status) {
  if (!WIFEXITED(status)) return End::Killed;
  if (WEXITSTATUS(status) == registers_status) return End::InRegisters;
  return WEXITSTATUS(status) < static_cast<int>(end_names.size())
             ? static_cast<End>(WEXITSTATUS(status))
             : End::Nonsense;
}

int failed(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 2;
}

/// As merlon-vmm-sgx does it.
std::unique_ptr<Processor> load(const char* platform, core::ByteSpan& memory,
                                const host::Neighbour& shim_file, const host::Neighbour& keep_file,
                                const host::Neighbour& cpuid) {
  using host::sgx::simulated::CpuidPlaces;
  using host::sgx::simulated::Secrets;
  const std::array sources{Secrets::Source{shim_file.file, shim_file.mapping.bytes()},
                           Secrets::Source{keep_file.file, keep_file.mapping.bytes()}};
  auto secrets = Secrets::start(platform, sources);
  const auto shim = image::parse_elf(shim_file.mapping.bytes());
  const auto keep = image::parse_elf(keep_file.mapping.bytes());
  if (!secrets || !shim || !keep) return nullptr;
  constexpr std::uint64_t size = (sallyport::enclave_block_size + 4095) & ~std::uint64_t{4095};
  void* const block =
      ::mmap(reinterpret_cast<void*>(sallyport::enclave_block), size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (block == MAP_FAILED) return nullptr;
  memory = {static_cast<std::uint8_t*>(block), sallyport::enclave_block_size};
  auto made = Processor::make(
      *std::move(secrets),
      CpuidPlaces::of(core::as_text(cpuid.mapping.bytes()), sallyport::user_start), std::nullopt);
  host::sgx::Loader loader(*made);
  if (!made->create() || !image::lay_out_enclave(*shim, *keep, loader) || !made->start({}))
    return nullptr;
  constexpr Pages book{sallyport::page_book_start,
                       sallyport::page_book_end - sallyport::page_book_start};
  constexpr Pages stack{sallyport::stack_end - sallyport::stack_size, sallyport::stack_size};
  if (!made->reach(book, Access::ReadWrite) || !made->reach(stack, Access::ReadWrite))
    return nullptr;
  return made;
}

/// How a copy of this process ends that does `body`; nothing if there is none.
template <typename Body>
std::optional<End> in_copy(const Body& body) {
  const ::pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) ::_exit(static_cast<int>(body()));
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return std::nullopt;
  return end_of(status);
}

/// Before the first entry: each word of the time, a little too large.
bool refuses_wrong_times(World& world) {
  struct Wrong {
    Header field;
    std::uint64_t value;
  };
  for (const auto& [field, value] : {Wrong{Header::TscKhz, sallyport::max_tsc_khz + 1},
                                     Wrong{Header::MonotonicBase, sallyport::max_time + 1},
                                     Wrong{Header::RealtimeBase, sallyport::max_time + 1}}) {
    const auto end = in_copy([&] { return world.begin_at(field, value); });
    if (end != End::Refused) return false;
  }
  return true;
}

/// Cases at one request.
bool try_request(World& world, const Request& request, Counts& counts, std::uint64_t cases,
                 std::uint64_t& seed, std::uint64_t only) {
  for (; cases != 0; --cases, ++seed) {
    if (seed == only) std::exit(static_cast<int>(world.run_case(request, seed)));
    if (only != 0) continue;
    ++counts.cases;
    const auto end = in_copy([&] { return world.run_case(request, seed); });
    if (!end) return false;
    ++counts.ends[static_cast<std::size_t>(*end)];
    if (*end >= End::Violated) {
      std::printf("seed %llu, %s: %s\n", static_cast<unsigned long long>(seed),
                  sallyport::info_of(request.call).name, end_names[static_cast<std::size_t>(*end)]);
    }
  }
  return true;
}

int tell(const Counts& counts) {
  const auto line = [](std::string_view name, std::uint64_t count) {
    std::printf("  %-14.*s %llu\n", static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(count));
  };
  std::printf("%llu lies in %llu cases, %llu exits searched\n",
              static_cast<unsigned long long>(counts.replies),
              static_cast<unsigned long long>(counts.cases),
              static_cast<unsigned long long>(counts.searches));
  for (std::size_t i = 0; i < counts.lies.size(); ++i) line(tests::lie_names[i], counts.lies[i]);
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < counts.ends.size(); ++i) {
    line(end_names[i], counts.ends[i]);
    if (i >= static_cast<std::size_t>(End::Violated)) wrong += counts.ends[i];
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5)
    return failed("usage: merlon-hostile-host PLATFORM COUNT SEED [CASE]");
  const std::uint64_t only = argc == 5 ? std::strtoull(argv[4], nullptr, 10) : 0;
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  std::uint64_t seed = std::strtoull(argv[3], nullptr, 10) << 32U;
  const auto shim = host::open_neighbour("merlon-shim-sgx");
  const auto keep = host::open_neighbour("merlon-asking-guest");
  const auto cpuid = host::open_neighbour("merlon-asking-guest.cpuid");
  Counts* const counts = shared_counts();
  if (!shim || !keep || !cpuid || counts == nullptr) return failed("the programs are not here");
  core::ByteSpan memory;
  const auto processor = load(argv[1], memory, *shim, *keep, *cpuid);
  if (!processor) return failed("the enclave cannot be made");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  World world(*processor, memory, *counts);
  if (only == 0 && !refuses_wrong_times(world)) return failed("a time that cannot be was believed");
  if (only == 0 && in_copy([&] { return world.begin_with_counter(); }) != End::WentOn)
    return failed("the enclave did not read the counter itself");
  Replies honest(Block(memory), memory, seed);
  // Two rounds of what the guest asks for, or more of them.
  constexpr std::uint64_t requests = 250, lies_in_a_case = 2;
  const std::uint64_t cases = 1 + count / requests / lies_in_a_case;
  while (counts->replies < count) {
    const auto request = world.next_request(nullptr, 1000);
    if (!request) {
      std::printf("an honest host: %s\n", end_names[static_cast<std::size_t>(world.end())]);
      return 1;
    }
    if (!try_request(world, *request, *counts, cases, seed, only))
      return failed("cannot make a case");
    world.answer(honest, *request);
  }
  return tell(*counts);
}
