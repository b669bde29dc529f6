#include "merlon/steward_service/statistics.h"

#include <algorithm>

namespace merlon::steward_service {

namespace {

void count(std::map<std::string, std::uint64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  if (found != counts.end()) {
    ++found->second;
  } else {
    ++counts[counts.size() < Statistics::max_codes ? name : "other"];
  }
}

}  // namespace

Hour& Statistics::hour_of(codec::UnixTime now) {
  const std::int64_t number = now.seconds / 3600;
  // A clock that was set back counts for the newest hour.
  if (counts_.hours.empty() || counts_.hours.back().number < number) {
    counts_.hours.push_back({number, 0, {}});
    if (counts_.hours.size() > max_hours) counts_.hours.pop_front();
  }
  return counts_.hours.back();
}

void Statistics::note(const http::Exchange& exchange, codec::UnixTime now) {
  const std::scoped_lock lock(mutex_);
  ++counts_.by_status[exchange.response.status];
  const double seconds = std::chrono::duration<double>(exchange.total).count();
  const auto place =
      static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin());
  ++counts_.durations.at(place);
  counts_.seconds += seconds;
  for (const http::Header& each : exchange.response.notes) {
    if (each.name == note_code) {
      count(counts_.refused, each.value);
      count(hour_of(now).refused, each.value);
    } else if (each.name == note_technology) {
      count(counts_.issued, each.value);
      ++hour_of(now).issued;
    } else if (each.name == note_release) {
      count(counts_.releases, each.value);
    } else if (each.name == note_release_code) {
      count(counts_.release_refused, each.value);
    } else if (each.name == note_deposit) {
      count(counts_.deposits, each.value);
    } else if (each.name == note_challenge) {
      ++counts_.challenges;
    } else if (each.name == note_credential) {
      count(counts_.credentials, each.value);
    } else if (each.name == note_credential_again) {
      count(counts_.credentials_again, each.value);
    } else if (each.name == note_credential_code) {
      count(counts_.credential_refused, each.value);
    }
  }
}

void Statistics::note_reload(bool done) {
  const std::scoped_lock lock(mutex_);
  ++(done ? counts_.reloads : counts_.reload_failures);
}

void Statistics::note_lost_line() {
  const std::scoped_lock lock(mutex_);
  ++counts_.lost_lines;
}

void Statistics::note_renewal(const std::string& platform, std::string trouble,
                              codec::UnixTime now) {
  const std::scoped_lock lock(mutex_);
  Renewal& renewal = counts_.renewals[platform];
  if (trouble.empty()) {
    ++renewal.came;
    renewal.last = now;
  } else {
    ++renewal.failed;
  }
  renewal.trouble = std::move(trouble);
}

void Statistics::note_platform(const verify::Outlook& outlook) {
  if (outlook.kind.empty()) return;  // without hardware there is nothing to look out for
  const std::string name = outlook.kind + " " + outlook.machine;
  const std::scoped_lock lock(mutex_);
  auto& all = counts_.platforms;
  if (all.size() >= max_platforms && !all.contains(name)) return;
  all[name] = outlook;
}

void Statistics::note_vcek(const std::string& outcome) {
  const std::scoped_lock lock(mutex_);
  ++counts_.vceks[outcome];
}

void Statistics::note_credential_log(std::uint64_t keys, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  counts_.credential_keys = keys;
  counts_.credential_log_bytes = bytes;
}

Statistics::Counts Statistics::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

}  // namespace merlon::steward_service
