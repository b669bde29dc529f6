#include "merlon/https_client/proxy.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/percent.h"
#include "merlon/https_client/https_client.h"
#include "merlon/workload/url.h"

namespace merlon::https_client {

using base::concat;
using core::ErrorCode;

namespace {

constexpr std::size_t longest = 4096;

std::string authority(std::string_view host, std::uint16_t port) {
  const bool colons = host.find(':') != std::string_view::npos;
  return concat(colons ? "[" : "", host, colons ? "]" : "", ":", port);
}

/// Whether `rule`, "NAME[:PORT]" or ".NAME", is about that server.
bool is_about(std::string_view rule, std::string_view host, std::uint16_t port) {
  if (rule == "*") return true;
  const std::size_t colon = rule.rfind(':');
  if (colon != std::string_view::npos && rule.find(':') == colon) {
    if (rule.substr(colon + 1) != concat(port)) return false;
    rule = rule.substr(0, colon);
  }
  if (rule.starts_with('.')) rule.remove_prefix(1);
  if (rule.empty() || rule.size() > host.size()) return false;
  const std::string_view end = host.substr(host.size() - rule.size());
  if (!base::equal_ignoring_case(end, rule)) return false;
  return end.size() == host.size() || host[host.size() - rule.size() - 1] == '.';
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  std::string part;
  const auto end_part = [&] {
    if (!part.empty()) parts.push_back(std::exchange(part, {}));
  };
  for (const char c : text) {
    if (c == ',' || c == ' ') {
      end_part();
    } else {
      part += c;
    }
  }
  end_part();
  return parts;
}

}  // namespace

core::Result<ProxyRules, std::string> ProxyRules::parse(const std::string& proxy,
                                                        const std::string& exceptions) {
  ProxyRules rules;
  if (proxy.empty()) return rules;
  const std::string refusal = "HTTPS_PROXY: must be http://[USER:PASSWORD@]HOST[:PORT]";
  constexpr std::string_view scheme = "http://";
  if (proxy.size() > longest || exceptions.size() > longest || !proxy.starts_with(scheme)) {
    return refusal;
  }
  std::string_view rest = std::string_view(proxy).substr(scheme.size());
  Proxy made;
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    const std::string credentials = codec::decode_percent(rest.substr(0, at));
    made.authorization =
        concat("Basic ", codec::encode_base64(core::as_bytes(std::string_view(credentials))));
    rest = rest.substr(at + 1);
  }
  const bool has_port =
      rest.find(':', rest.rfind(']') == std::string_view::npos ? 0 : rest.rfind(']')) !=
      std::string_view::npos;
  const auto parsed = workload::parse_https_url(concat("https://", rest));
  if (!parsed || parsed->path != "/") return refusal;
  constexpr std::uint16_t usual = 80;
  made.host = parsed->host;
  made.port = has_port ? parsed->port : usual;
  rules.proxy_ = std::move(made);
  rules.exceptions_ = split(exceptions);
  return rules;
}

const Proxy* ProxyRules::find(std::string_view host, std::uint16_t port) const noexcept {
  if (!proxy_ || is_of_this_machine(host)) return nullptr;
  const bool excepted = std::ranges::any_of(
      exceptions_, [&](const std::string& rule) { return is_about(rule, host, port); });
  return excepted ? nullptr : &*proxy_;
}

core::Result<void> open_tunnel(net::Stream& stream, const Proxy& proxy, const std::string& host,
                               std::uint16_t port, std::chrono::nanoseconds limit) {
  const std::string server = authority(host, port);
  const bool clean =
      std::ranges::all_of(server, [](char c) { return c > ' ' && c < 0x7F; }) && !host.empty();
  if (!clean) return core::error(ErrorCode::Malformed, "a name that no server has");
  std::string head = concat("CONNECT ", server, " HTTP/1.1\r\nHost: ", server, "\r\n");
  if (!proxy.authorization.empty()) {
    head += concat("Proxy-Authorization: ", proxy.authorization, "\r\n");
  }
  head += "\r\n";
  http_client::Exchange exchange({head.begin(), head.end()}, 0, http_client::AnswerBody::None);
  const auto answer = TRY(http_client::carry_out(stream, exchange, {limit, limit}));
  constexpr unsigned first_refusal = 300;
  if (answer.status >= first_refusal) {
    return core::error(ErrorCode::Denied, "the proxy refuses", answer.status);
  }
  return {};
}

}  // namespace merlon::https_client
