// Issues as a Steward does, as far as its log and its memory go, until it is killed: what is
// written to standard output stands for certificates that left.
//
//   merlon-log-writer LOG MEMORY           issue
//   merlon-log-writer --verify LOG MEMORY  say how many records there are

#include <array>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/os/open.h"
#include "merlon/os/random.h"
#include "merlon/steward/issuance_log.h"
#include "merlon/steward/memory_store.h"

namespace {

using namespace merlon;

int fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

steward::Issuance random_issuance() {
  std::array<std::uint8_t, 16> serial{};
  if (!os::fill_random(serial)) std::abort();
  steward::Issuance made;
  made.serial.assign(serial.begin(), serial.end());
  made.key_digest = crypto::sha256({serial});
  return made;
}

void issue(steward::IssuanceLog& log, steward::MemoryStore& memory, std::atomic<int>& failures) {
  for (std::int64_t round = 1;; ++round) {
    const std::vector<steward::Issuance> batch{random_issuance(), random_issuance()};
    verify::Memory seen = memory.memory();
    if (round % 8 == 0) ++seen.newest_issue.seconds;
    if (!memory.learn(seen) || !log.append(batch, {1'780'000'000 + round})) {
      ++failures;
      return;
    }
    std::string left;
    for (const steward::Issuance& each : batch) left += base::hex(each.serial) + "\n";
    if (!os::write_all(os::BorrowedFd(1), core::as_bytes(left))) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool verify = argc == 4 && std::string(argv[1]) == "--verify";
  if (!verify && argc != 3) return fail("usage: merlon-log-writer [--verify] LOG MEMORY");
  auto memory = steward::MemoryStore::open(argv[argc - 1]);
  if (!memory) return fail(memory.error());
  const std::string path = argv[argc - 2];
  if (verify) {
    const auto summary = steward::verify_log(path);
    if (!summary) return fail(summary.error().text(path));
    std::printf("%llu %zu %lld\n", static_cast<unsigned long long>(summary->records), summary->torn,
                static_cast<long long>(memory->memory().newest_issue.seconds));
    return 0;
  }
  auto log = steward::IssuanceLog::open(path);
  if (!log) return fail(log.error());
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { issue(*log, *memory, failures); });
  for (std::thread& each : threads) each.join();
  return failures == 0 ? 0 : 1;
}
