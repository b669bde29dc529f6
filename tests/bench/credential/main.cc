// What a credential and a statement cost, beside OpenSSL's bare multiplications, of which each
// needs a known number. Medians of one run; one line each.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <vector>

#include "merlon/zk/arc.h"
#include "merlon/zk/statement.h"

namespace {

using namespace merlon::zk;

double median_us(const std::function<void()>& work, int rounds) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    times.push_back(took.count());
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

/// Multiplications that a step needs by its definition: of other points, and of the generator.
struct Needed {
  int others;
  int generator;
};

struct Floor {
  double other;
  double generator;
};

void report(const char* name, double took, const Needed& needed, const Floor& floor) {
  const double least = needed.others * floor.other + needed.generator * floor.generator;
  std::printf("%-34s %8.0f µs  %3d + %2d multiplications, bare %6.0f µs  %5.2f x\n", name, took,
              needed.others, needed.generator, least, took / least);
}

}  // namespace

int main() {
  constexpr int rounds = 300;
  constexpr std::uint64_t limit = 100;  // 7 bits
  RandomScalars random;
  const P256Scalar scalar = P256Scalar::random().value();
  const P256Point point = scalar * blinding_generator();
  P256Point kept;
  const Floor floor{median_us([&] { kept = scalar * point; }, 5 * rounds),
                    median_us([&] { kept = P256Point::times_generator(scalar); }, 5 * rounds)};
  std::printf("OpenSSL: a point %.1f µs, the generator %.1f µs\n", floor.other, floor.generator);

  const std::vector<std::uint8_t> request_context(52, 1);
  const std::vector<std::uint8_t> audience(60, 2);
  const auto key = ArcPrivateKey::generate(random).value();
  const auto public_key = key.public_key();
  auto requested = arc_request(request_context, random).value();
  report("request (keep)",
         median_us([&] { requested = arc_request(request_context, random).value(); }, rounds),
         {4, 4}, floor);
  auto response = arc_respond(key, requested.request, random).value();
  report("issue (Steward)",
         median_us([&] { response = arc_respond(key, requested.request, random).value(); }, rounds),
         {26, 6}, floor);
  auto credential = arc_finalize(requested, public_key, response).value();
  report("finalize (keep)",
         median_us([&] { credential = arc_finalize(requested, public_key, response).value(); },
                   rounds),
         {25, 2}, floor);
  std::vector<std::uint8_t> token;
  {
    // As often as there are rounds, of a limit that has as many bits as 100.
    std::vector<ArcPresenter> presenters(static_cast<std::size_t>(rounds),
                                         ArcPresenter(credential, audience, limit));
    std::size_t next = 0;
    report("present, 100 times",
           median_us([&] { token = presenters[next++].present({}, random)->encode().value(); },
                     rounds),
           {40, 19}, floor);
  }
  bool holds = true;
  report("verify, 100 times",
         median_us(
             [&] {
               const auto shown = ArcPresentation::decode(token, limit);
               holds = holds && arc_verify(key, request_context, audience, {}, *shown, limit);
             },
             rounds),
         {47, 9}, floor);
  const Threshold threshold{1000, 32};
  std::vector<std::uint8_t> proof;
  report(
      "prove a threshold, 32 bits",
      median_us([&] { proof = prove_threshold(threshold, 5000, scalar, audience, random).value(); },
                rounds / 3),
      {129, 65}, floor);
  const P256Point commitment = commit({P256Scalar(5000), scalar});
  report(
      "verify a threshold, 32 bits",
      median_us([&] { holds = holds && verify_threshold(threshold, commitment, audience, proof); },
                rounds / 3),
      {160, 33}, floor);
  std::printf("%zu bytes a token, %zu bytes a proof of a threshold\n", token.size(), proof.size());
  return holds && !kept.is_identity() ? 0 : 1;
}
