// How fast a Steward issues, against the verifier alone on the same evidence, on one thread and
// two.
//
//   merlon-bench-steward [SECONDS]

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "merlon/steward/testing/requests.h"

namespace {

using namespace merlon;
using Clock = std::chrono::steady_clock;

/// Calls a second, of all threads together.
template <typename Call>
double rate(int threads, double seconds, const Call& call) {
  std::atomic<bool> over = false;
  std::atomic<long> calls = 0;
  std::vector<std::thread> all;
  const auto start = Clock::now();
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      while (!over) {
        if (!call()) std::abort();
        ++calls;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  over = true;
  for (std::thread& each : all) each.join();
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  return static_cast<double>(calls) / took;
}

template <typename Keep>
void measure(const char* name, Keep& keep, double seconds) {
  steward::Authority::Settings settings;
  settings.policy = keep.fake().policy();
  settings.dns_names = {"keep.example"};
  const auto steward = steward::Authority::create(steward::testing::ca_issuer(), settings).value();
  const steward::Bytes request = keep.request();
  const verify::Collateral own = keep.own();
  const auto now = verify::Moment::asked_for(steward::testing::test_now);
  verify::Policy policy = settings.policy;
  policy.binding = verify::BindToRequest{true};
  const auto verifies = [&] {
    const auto evidence = evidence::Evidence::parse(request);
    return verify::appraise(*evidence, own.with_carried(evidence->endorsements), policy, now)
        .accepted();
  };
  const auto issues = [&] {
    return steward.certify(steward::RequestForm::Single, request, own, now).has_value();
  };
  double one = 0;
  for (const int threads : {1, 2}) {
    const double verified = rate(threads, seconds, verifies);
    const double issued = rate(threads, seconds, issues);
    if (threads == 1) one = issued;
    std::printf(
        "%-8s %d thread%s  verifier %8.0f/s  certificates %8.0f/s  ratio %.2f  speed-up %.2f\n",
        name, threads, threads == 1 ? " " : "s", verified, issued, issued / verified, issued / one);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  steward::testing::AmdKeep amd;
  measure("SEV-SNP", amd, seconds);
  steward::testing::IntelKeep intel;
  measure("SGX", intel, seconds);
  return 0;
}
