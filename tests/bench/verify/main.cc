// merlon-bench-verify CASES VECTORS: how long a judgement takes, in milliseconds, as JSON.
//
// For one case of each technology: everything from bytes to verdict; with endorsements prepared;
// the bare signature checks among it, which no verifier can do without; and two threads against
// one.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/verify/case.h"

namespace {

using namespace merlon;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// Median of single runs, after some to warm up.
template <typename Work>
double median(const Work& work) {
  constexpr int runs = 301;
  for (int i = 0; i < 20; ++i) work();
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const auto start = Clock::now();
    work();
    times.push_back(milliseconds(Clock::now() - start));
  }
  std::ranges::nth_element(times, times.begin() + runs / 2);
  return times[runs / 2];
}

/// Runs of `work` in a second, by so many threads.
template <typename Work>
double throughput(int threads, const Work& work) {
  constexpr auto time = std::chrono::seconds(2);
  std::vector<long> counts(static_cast<std::size_t>(threads), 0);
  {
    std::vector<std::jthread> all;
    for (long& count : counts) {
      all.emplace_back([&count, &work, time] {
        for (const auto end = Clock::now() + time; Clock::now() < end; ++count) work();
      });
    }
  }
  double sum = 0;
  for (const long count : counts) sum += static_cast<double>(count);
  return sum / 2;
}

/// What two threads get from this machine at this time for work that shares nothing.
double machine_scaling() {
  const auto spin = [] {
    volatile double result = 1;
    for (int i = 0; i < 100'000; ++i) result = result * 1.0000001;
  };
  const double one = throughput(1, spin);
  return throughput(2, spin) / one;
}

void require(bool accepted) {
  if (!accepted) verify_test::die("a case that must be accepted is not");
}

/// The signatures that a judgement cannot do without, with keys imported before.
double floor_of(const evidence::Evidence& evidence, const verify::Collateral& all) {
  std::vector<std::pair<x509::SubjectKey, x509::Signed>> checks;
  for (const auto& issuer : all.certificates) {
    for (const auto& subject : all.certificates) {
      if (x509::verify(issuer.key(), subject.signature())) {
        checks.emplace_back(issuer.key(), subject.signature());
      }
    }
    for (const auto& list : all.lists) {
      if (x509::verify(issuer.key(), list.signature()))
        checks.emplace_back(issuer.key(), list.signature());
    }
  }
  const x509::Certificate* signer = nullptr;
  for (const auto& each : all.certificates) {
    if (each.common_name() == "Intel SGX TCB Signing") signer = &each;
    if (const auto* snp = std::get_if<evidence::SnpEvidence>(&evidence.report)) {
      const x509::Signed report{snp->signed_bytes, x509::SignatureAlgorithm::RawEcdsaSha384,
                                snp->report.signature.view()};
      if (x509::verify(each.key(), report)) checks.emplace_back(each.key(), report);
    }
  }
  for (const auto& document : all.tcb_infos)
    checks.emplace_back(signer->key(), verify::signed_by(*document.json));
  for (const auto& document : all.identities)
    checks.emplace_back(signer->key(), verify::signed_by(*document.json));
  if (evidence.technology() != evidence::Technology::Snp) {
    // PCK and QE report and quote: three more of the same kind.
    for (int i = 0; i < 3; ++i) checks.push_back(checks.back());
  }
  return median([&] {
    for (const auto& [key, subject] : checks) (void)x509::verify(key, subject);
  });
}

void measure(const verify_test::Case& test, const std::string& vectors, bool first) {
  const auto material = verify_test::material_of(test, vectors);
  const auto whole = [&] {
    const auto answer =
        verify_test::judge(material.evidence_bytes, material.given, material.policy, test.time);
    require(answer.has_value() && answer->accepted());
  };
  const auto collateral = verify::Collateral::prepare(material.given);
  const auto prepared = [&] {
    const auto evidence = evidence::Evidence::parse(material.evidence_bytes);
    require(evidence.has_value() && verify::appraise(*evidence, collateral, material.policy,
                                                     verify::Moment::asked_for(test.time))
                                        .accepted());
  };
  const auto evidence = evidence::Evidence::parse(material.evidence_bytes).value();
  const double one = throughput(1, whole);
  const double two = throughput(2, whole);
  std::printf(
      "%s{\"case\": \"%s\", \"technology\": \"%s\", \"all_ms\": %.3f, \"prepared_ms\": %.3f, "
      "\"signatures_ms\": %.3f, \"per_second\": %.0f, \"two_threads\": %.2f, \"machine\": %.2f}",
      first ? "" : ",\n ", test.name.c_str(), std::string(to_string(evidence.technology())).c_str(),
      median(whole), median(prepared),
      floor_of(evidence, verify::Collateral::parse(material.given)), one, two / one,
      machine_scaling());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) verify_test::die("usage: merlon-bench-verify CASES VECTORS");
  const auto cases = verify_test::read_cases(argv[1]);
  bool first = true;
  std::printf("[");
  for (const char* name : {"virtee-milan", "phala-sgx", "phala-tdx"}) {
    const auto found = std::ranges::find(cases, name, &verify_test::Case::name);
    if (found == cases.end()) verify_test::die(std::string("no case ") + name);
    measure(*found, argv[2], first);
    first = false;
  }
  std::printf("]\n");
  return 0;
}
