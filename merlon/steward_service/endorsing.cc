#include "merlon/steward_service/endorsing.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/open.h"
#include "merlon/os/random.h"
#include "merlon/steward_service/renewals.h"

namespace merlon::steward_service {

using base::concat;

namespace {

double random_number() {
  std::array<std::uint8_t, 2> bytes{};
  if (!os::fill_random(bytes)) return 0.5;
  return (bytes[0] * 256 + bytes[1]) / 65'535.0;
}

std::int64_t monotonic_seconds() {
  return static_cast<std::int64_t>(os::now(os::Clock::Monotonic).value_or(0) / 1'000'000'000);
}

std::string_view word_of(Fetched what) noexcept {
  switch (what) {
    case Fetched::All: return "came";
    case Fetched::NoSuch: return "unknown";
    case Fetched::Unavailable: break;
  }
  return "failed";
}

/// For reports that do not say whose they are: what is renewed, if it is but one product of AMD's.
std::string only_product(const std::vector<std::string>& platforms) {
  std::string found;
  for (const std::string& each : platforms) {
    if (!snp::product_of_name(each)) continue;
    if (!found.empty()) return "";
    found = each;
  }
  return found;
}

std::size_t waiting_of(std::size_t workers) { return std::max<std::size_t>(workers / 2, 1); }

}  // namespace

std::string usual_fetcher() {
  const std::string own = os::own_program().value_or("");
  return concat(own.substr(0, own.rfind('/') + 1), "merlon-fetch");
}

Endorsing::Endorsing(const Options& options, std::string directory, Statistics& statistics,
                     World world)
    : settings_{options.fetcher.empty() ? usual_fetcher() : options.fetcher,
                std::move(directory),
                options.intel_url,
                options.intel_root_url,
                options.amd_url,
                [this] { return ending_.load(); }},
      platforms_(options.renew),
      statistics_(statistics),
      world_(std::move(world)),
      vceks_({[this, product = only_product(options.renew)](const snp::Report& report) {
                return ask_for(report, product);
              },
              [this] { return world_.reload(); }, &monotonic_seconds, &random_number,
              [this](const snp::Report& report, const FetchOutcome& outcome) {
                statistics_.note_vcek(std::string(word_of(outcome.what)));
                const bool came = outcome.what == Fetched::All;
                world_.say(came ? "info" : "warning", "vcek",
                           {{"chip", base::hex(report.chip_id.view())},
                            {"result", std::string(word_of(outcome.what))},
                            {"trouble", outcome.trouble}});
              },
              waiting_of(options.workers)}) {}

FetchOutcome Endorsing::ask_for(const snp::Report& report, const std::string& product) const {
  // Files beyond what a Steward takes would have it take none anew, lists neither.
  constexpr std::size_t for_lists = 64;
  constexpr std::size_t most = evidence::Endorsements::max_artefacts - for_lists;
  if (world_.generation()->endorsements.size() >= most) {
    return {Fetched::Unavailable,
            concat("there are ", most,
                   " endorsements, and no room for this one: hosts can bring theirs, ",
                   "or other Stewards take some of them")};
  }
  constexpr std::chrono::milliseconds limit{5'000};
  return fetch_vcek(settings_, report, product, limit);
}

Endorsing::~Endorsing() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Endorsing::start() {
  thread_ = std::thread([this] { run(); });
}

/// Of what is renewed: the CA's and the service's own end is somebody else's business.
std::optional<codec::UnixTime> Endorsing::first_end() const {
  const GenerationPointer now = world_.generation();
  for (const Expiry& each : now->expiries) {
    if (each.kind == "revocation_list" || each.kind == "tcb_info" || each.kind == "identity") {
      return each.at;
    }
  }
  return std::nullopt;
}

void Endorsing::renew(const std::string& platform, int failures, bool& came) {
  const FetchOutcome outcome = fetch_platform(settings_, platform);
  came = outcome.what == Fetched::All;
  statistics_.note_renewal(platform, outcome.trouble, world_.now());
  // What came counts, also if something else did not.
  const bool used = world_.reload();
  if (came && used) {
    world_.say("info", "renewal", {{"platform", platform}});
    return;
  }
  const auto end = first_end();
  world_.say("warning", "renewal",
             {{"platform", platform},
              {"trouble", came ? "what came cannot be used" : outcome.trouble},
              {"failures", concat(failures + 1)},
              {"first_expiry", end ? codec::to_rfc3339(*end) : "none"}});
}

void Endorsing::run() {
  Renewals renewals(platforms_, &random_number, world_.now());
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (const auto platform = renewals.due(world_.now())) {
      lock.unlock();
      bool came = false;
      renew(*platform, renewals.failures(*platform), came);
      renewals.note(*platform, came, first_end(), world_.now());
      lock.lock();
      continue;
    }
    wake_.wait_for(lock, std::chrono::seconds(1), [&] { return ending_.load(); });
  }
}

}  // namespace merlon::steward_service
