#include "merlon/steward_service/metrics.h"

#include <array>

#include "merlon/base/text.h"

namespace merlon::steward_service {

using base::concat;

namespace {

/// The value of a label: backslash, quote and line end are escaped, nothing else needs to be.
std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

/// "0.0025", "1": as short as it can be, without an exponent for what we have.
std::string decimal(double number) {
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed)
          .ptr;
  return {digits.data(), end};
}

class Text {
 public:
  void head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = concat("merlon_steward_", name);
    out_ += concat("# HELP ", name_, " ", help, "\n# TYPE ", name_, " ", type, "\n");
  }
  void sample(std::string_view labels, std::string_view value, std::string_view suffix = "") {
    out_ += concat(name_, suffix, labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}", " ",
                   value, "\n");
  }
  void one(std::string_view name, std::string_view type, std::string_view help,
           std::uint64_t value) {
    head(name, type, help);
    sample("", concat(value));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string name_;
  std::string out_;
};

void requests(Text& text, const Statistics::Counts& counts) {
  text.head("requests_total", "counter", "Requests by the status of their answer.");
  for (const auto& [status, number] : counts.by_status) {
    text.sample(concat("status=\"", status, "\""), concat(number));
  }
  text.head("certificates_total", "counter", "Certificates that were issued, by technology.");
  for (const auto& [technology, number] : counts.issued) {
    text.sample(concat("technology=\"", label(technology), "\""), concat(number));
  }
  text.head("refusals_total", "counter", "Requests for certificates that were refused, by code.");
  for (const auto& [code, number] : counts.refused) {
    text.sample(concat("code=\"", label(code), "\""), concat(number));
  }
  text.head("request_duration_seconds", "histogram",
            "From the first byte of a request to the last of its answer.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.durations.size(); ++i) {
    sum += counts.durations.at(i);
    const std::string bound =
        i < Statistics::bounds.size() ? decimal(Statistics::bounds.at(i)) : "+Inf";
    text.sample(concat("le=\"", bound, "\""), concat(sum), "_bucket");
  }
  text.sample("", decimal(counts.seconds), "_sum");
  text.sample("", concat(sum), "_count");
}

void connections(Text& text, const http::Counters& now) {
  text.one("connections_accepted_total", "counter", "Connections.", now.accepted);
  text.head("connections_refused_total", "counter", "Connections beyond a limit, by which.");
  text.sample("limit=\"all\"", concat(now.refused_total));
  text.sample("limit=\"address\"", concat(now.refused_per_address));
  text.one("connections_evicted_total", "counter",
           "Idle connections and open handshakes that made room for others.", now.evicted);
  text.one("accept_errors_total", "counter", "Connections that the system did not give.",
           now.accept_errors);
  text.one("handshakes_total", "counter", "TLS handshakes that came to their end.", now.handshakes);
  text.one("handshake_failures_total", "counter", "TLS handshakes that did not.",
           now.handshake_failures);
  text.one("timeouts_total", "counter", "Handshakes, requests and answers that took too long.",
           now.timeouts);
  text.one("received_bytes_total", "counter", "Bytes of requests.", now.bytes_in);
  text.one("sent_bytes_total", "counter", "Bytes of answers.", now.bytes_out);
  text.one("connections", "gauge", "Connections that are open.", now.open_connections);
  text.one("handshakes_open", "gauge", "TLS handshakes that go on.", now.open_handshakes);
  text.one("body_bytes", "gauge", "Bytes of requests that are held.", now.buffered_bytes);
  text.one("requests_running", "gauge", "Requests that are judged or wait for it.", now.running);
}

void renewals(Text& text, const Statistics::Counts& counts) {
  if (counts.renewals.empty()) return;
  text.head("endorsement_renewals_total", "counter",
            "Times that the endorsements of a kind of platform were asked for.");
  for (const auto& [platform, each] : counts.renewals) {
    const std::string name = concat("platform=\"", label(platform), "\",result=\"");
    text.sample(concat(name, "came\""), concat(each.came));
    text.sample(concat(name, "failed\""), concat(each.failed));
  }
  text.head("endorsements_renewed_timestamp_seconds", "gauge",
            "When all endorsements of a kind of platform came last; 0: never.");
  for (const auto& [platform, each] : counts.renewals) {
    text.sample(concat("platform=\"", label(platform), "\""), concat(each.last.seconds));
  }
  text.head("vcek_questions_total", "counter", "Questions for a VCEK, by what came of them.");
  for (const auto& [outcome, number] : counts.vceks) {
    text.sample(concat("result=\"", label(outcome), "\""), concat(number));
  }
}

void by_label(Text& text, std::string_view name, std::string_view by, std::string_view help,
              const std::map<std::string, std::uint64_t>& all) {
  if (all.empty()) return;
  text.head(name, "counter", help);
  for (const auto& [value, number] : all) {
    text.sample(concat(by, "=\"", label(value), "\""), concat(number));
  }
}

void releases(Text& text, const Statistics::Counts& counts) {
  by_label(text, "releases_total", "technology", "Keeps that a broker's deposits were released to.",
           counts.releases);
  by_label(text, "release_refusals_total", "code", "Requests that the broker refused.",
           counts.release_refused);
  by_label(text, "release_deposits_total", "done", "Deposits that were made, changed, removed.",
           counts.deposits);
  if (counts.challenges == 0) return;
  text.one("release_challenges_total", "counter", "Challenges that the broker made.",
           counts.challenges);
}

void credentials(Text& text, const Statistics::Counts& counts) {
  by_label(text, "credentials_total", "technology", "Keeps that got a credential.",
           counts.credentials);
  by_label(text, "credentials_again_total", "technology",
           "Keeps that asked again in the same words, and got the same answer.",
           counts.credentials_again);
  by_label(text, "credential_refusals_total", "code", "Requests for credentials that were refused.",
           counts.credential_refused);
  if (counts.credential_log_bytes == 0) return;
  text.one("credential_keys", "gauge", "Keys in the log of keys for credentials.",
           counts.credential_keys);
  text.one("credential_log_bytes", "gauge", "Its size, of 262144 at most.",
           counts.credential_log_bytes);
}

void platforms(Text& text, const Statistics::Counts& counts) {
  std::uint64_t soon = 0;
  std::optional<codec::UnixTime> first;
  for (const auto& [name, each] : counts.platforms) {
    if (!each.refused_from) continue;
    ++soon;
    first = std::min(first.value_or(*each.refused_from), *each.refused_from);
  }
  text.one("platforms", "gauge", "Platforms whose evidence was accepted since the start.",
           counts.platforms.size());
  text.one("platforms_refused_soon", "gauge",
           "Of these: those that a waiver's end or Intel's early documents will refuse.", soon);
  if (!first) return;
  text.head("platforms_refused_from_timestamp_seconds", "gauge",
            "When the first of these may be refused.");
  text.sample("", concat(first->seconds));
}

void state(Text& text, const Generation& generation) {
  text.head("policy_info", "gauge", "The policy in use, by its SHA-256.");
  text.sample(concat("digest=\"", label(generation.policy_digest), "\",development=\"",
                     generation.development ? "1" : "0", "\""),
              "1");
  text.head("expiry_timestamp_seconds", "gauge", "When something in use ends.");
  for (const Expiry& each : generation.expiries) {
    text.sample(concat("kind=\"", label(each.kind), "\",name=\"", label(each.name), "\""),
                concat(each.at.seconds));
  }
  text.one("warnings", "gauge", "Lines that merlon-steward check prints.",
           generation.warnings.size());
}

}  // namespace

std::string metrics_text(const Statistics::Counts& counts, const http::Counters& server,
                         const Generation& generation, const std::optional<LogState>& log,
                         codec::UnixTime started) {
  Text text;
  requests(text, counts);
  connections(text, server);
  text.one("reloads_total", "counter", "Times that files were read again and used.",
           counts.reloads);
  text.one("reload_failures_total", "counter", "Times that they could not be used.",
           counts.reload_failures);
  text.one("log_lines_lost_total", "counter", "Lines of the log that nobody took.",
           counts.lost_lines);
  renewals(text, counts);
  releases(text, counts);
  credentials(text, counts);
  platforms(text, counts);
  state(text, generation);
  if (log) {
    text.one("log_records_total", "counter", "Records of the log of issued certificates.",
             log->records);
    text.head("log_last_info", "gauge", "The hash of its last record.");
    text.sample(concat("hash=\"", label(log->last), "\""), "1");
  }
  text.head("start_time_seconds", "gauge", "When the process began to serve.");
  text.sample("", concat(started.seconds));
  return text.take();
}

}  // namespace merlon::steward_service
