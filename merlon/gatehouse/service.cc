#include "merlon/gatehouse/service.h"

#include <algorithm>
#include <chrono>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json_writer.h"
#include "merlon/crypto/hash.h"
#include "merlon/gatehouse/keeps_page.h"
#include "merlon/gatehouse/openapi.h"
#include "merlon/gatehouse/volume_list.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/watch.h"
#include "merlon/service/html.h"
#include "merlon/x509/certificate.h"

namespace merlon::gatehouse {

using base::concat;
using http::Response;

namespace {

constexpr std::size_t one_answer = std::size_t{1} << 20U;
constexpr std::uint64_t longest_wait = 20'000;
constexpr std::string_view all_keeps = "/v1/keeps";
constexpr std::string_view all_volumes = "/v1/volumes";

Response json(unsigned status, std::string body) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          std::move(body) + "\n"};
}

Response plain(unsigned status, std::string body = {}) {
  return {status,
          {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
          std::move(body)};
}

Refusal wrong_method() { return {405, "request.method", "this is not done here"}; }

/// A number of the query; nothing if it is not there, and a refusal if it is none.
Result<std::uint64_t> query_number(const http::Request& request, std::string_view name,
                                   std::uint64_t fallback) {
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  std::string_view rest = question == std::string_view::npos ? "" : target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    const auto number =
        base::parse_decimal(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!number) return Refusal{400, "request.query", concat(name, " must be a number")};
    return *number;
  }
  return fallback;
}

void write(codec::JsonWriter& json, const KnownKeep& keep) {
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  member("id", keep.record.id);
  member("backend", host::name_of(keep.record.backend));
  member("made", keep.record.made);
  member("state", name_of(keep.state));
  if (keep.state == KeepState::Ended) member("end", keep.folder.read_end());
  if (os::exists(keep.folder.file(KeepFolder::stopped))) {
    json.key("stopped");
    json.boolean(true);
  }
  json.close_object();
}

/// What there is of a growing file behind `from`, at most one_answer bytes.
Result<std::string> read_behind(const std::string& path, std::uint64_t from) {
  const auto file = os::open_file(path);
  if (!file && file.error() != os::Errno::Noent) return busy(file.error());
  if (!file) return Refusal{404, "keep.output", "the keep has said nothing yet"};
  std::string bytes(one_answer, '\0');
  const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
  const auto size = os::read_at(*file, into, from);
  if (!size) return Refusal{500, "keep.output", std::string(os::describe(size.error()))};
  bytes.resize(*size);
  return bytes;
}

std::uint64_t now_ms() {
  constexpr std::uint64_t nanoseconds = 1'000'000;
  return os::now(os::Clock::Monotonic).value_or(0) / nanoseconds;
}

Result<Response> output(const http::Request& request, const House& house,
                        const KeepFolder& folder) {
  const std::uint64_t from = TRY(query_number(request, "from", 0));
  const std::uint64_t wait = std::min(TRY(query_number(request, "wait", 0)), longest_wait);
  const std::uint64_t until = now_ms() + wait;
  const auto watch = os::Watch::begin(folder.path());
  // One that is killed writes nothing, not even its end. Who cannot be watched is waited for.
  os::Fd warden;
  if (auto found = wait == 0 ? os::Result<os::Fd>(os::Errno::Srch) : folder.warden()) {
    warden = *std::move(found);
  }
  for (;;) {
    // The end is looked for first: what it says was written before it.
    const KeepState state = TRY(house.state(folder));
    std::string bytes = TRY(read_behind(folder.file(KeepFolder::output), from));
    if (!bytes.empty()) {
      Response response{200, {{"Content-Type", "application/octet-stream"}}, std::move(bytes)};
      response.headers.push_back({"Cache-Control", "no-store"});
      return response;
    }
    if (state == KeepState::Ended || state == KeepState::Lost) return plain(410);
    const std::uint64_t now = now_ms();
    if (now >= until || !watch) return Response{204, {}, {}};
    static_cast<void>(watch->wait(std::chrono::milliseconds(until - now), warden));
    // Once is enough: where its state does not follow, this must not turn round and round.
    if (warden.is_open() && os::has_input(warden)) warden.close();
  }
}

std::vector<std::uint8_t> bytes_of(const std::string& body) {
  const core::ByteView view = core::as_bytes(body);
  return {view.begin(), view.end()};
}

}  // namespace

Response problem(const Refusal& refusal) {
  codec::JsonWriter json;
  json.open_object();
  json.key("type");
  json.text(concat("about:blank#", refusal.code));
  json.key("status");
  json.number(std::uint64_t{refusal.status});
  json.key("code");
  json.text(refusal.code);
  json.key("title");
  json.text(refusal.what);
  json.close_object();
  return {refusal.status,
          {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}},
          json.result() + "\n"};
}

namespace {

/// How one proves who one is [RFC6750 §3]; nothing of a token is said again.
void challenge(const Refusal& refusal, Response& response) {
  const bool of_token = refusal.code.starts_with("token.");
  constexpr unsigned unauthorized = 401;
  if (refusal.status == unauthorized) {
    const std::string why =
        of_token ? concat(", error=\"invalid_token\", error_description=\"", refusal.what, "\"")
                 : std::string();
    response.headers.push_back(
        {"WWW-Authenticate", concat("Bearer realm=\"merlon-gatehouse\"", why)});
  } else if (of_token) {
    response.headers.push_back({"Retry-After", "15"});
  }
}

}  // namespace

Response Service::handle(const http::Request& request) {
  auto answered = answer(request);
  if (answered) return *std::move(answered);
  Response response = problem(answered.error());
  if (world_.issuers != nullptr) challenge(answered.error(), response);
  response.notes.push_back({"code", answered.error().code});
  return response;
}

/// Who bears a token is who its issuer says: the subject means nothing without him.
Result<std::string> Service::tenant_of_token(std::string_view authorization) const {
  constexpr std::string_view scheme = "bearer ";
  if (!base::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
    return Refusal{401, "token.form", "tenants show a bearer token"};
  }
  const auto claims = world_.issuers->judge(authorization.substr(scheme.size()));
  if (!claims) {
    const unsigned status = claims.error() == oidc::TokenRefusal::Keys ? 503 : 401;
    return Refusal{status, std::string(oidc::code_of(claims.error())),
                   std::string(oidc::describe(claims.error()))};
  }
  const auto issuer = crypto::sha256({core::as_bytes(claims->issuer)});
  return concat("oidc:",
                base::hex(crypto::sha256({issuer.view(), core::as_bytes(claims->subject)}).view()));
}

Result<std::string> Service::tenant_of(const http::Request& request) const {
  if (world_.issuers != nullptr) {
    // Two such headers would be one text that is no token.
    const std::string authorization = request.joined("authorization");
    if (!authorization.empty()) return tenant_of_token(authorization);
  }
  if (world_.anonymous) return std::string("anonymous");
  if (request.client_certificate.empty()) {
    if (world_.issuers != nullptr) {
      return Refusal{401, "tenant.unknown", "tenants show a bearer token or a client certificate"};
    }
    return Refusal{401, "tenant.certificate", "tenants show a client certificate"};
  }
  const auto certificate = x509::Certificate::parse(request.client_certificate);
  if (!certificate) {
    return Refusal{401, "tenant.certificate", "the client certificate cannot be read"};
  }
  // By who vouches and the name that he gives, so that a tenant's certificate can be renewed. A
  // name that says nothing is nobody's.
  constexpr std::size_t empty_name = 2;
  if (certificate->subject().size() <= empty_name) {
    return Refusal{401, "tenant.certificate", "the client certificate names nobody"};
  }
  const auto issuer = crypto::sha256({certificate->issuer()});
  return base::hex(crypto::sha256({issuer.view(), certificate->subject()}).view());
}

Result<Response> Service::answer(const http::Request& request) {
  const std::string_view path = request.path();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == "/health" && reads) return plain(200, "ok\n");
  if (path == "/ready" && reads) return plain(200, "ready\n");
  if (path == "/metrics" && reads) {
    return Response{200, {{"Content-Type", "text/plain; version=0.0.4"}}, TRY(metrics())};
  }
  if (path == "/openapi.json" && reads) {
    return Response{200, {{"Content-Type", "application/json"}}, std::string(openapi())};
  }
  if (path == "/" && reads) return page(request);
  if (!path.starts_with(all_keeps) && !path.starts_with(all_volumes)) {
    return Refusal{404, "route.unknown", "there is nothing here"};
  }
  const std::string tenant = TRY(tenant_of(request));
  {
    const std::scoped_lock lock(mutex_);
    if (busy_[tenant] >= world_.requests_per_tenant) {
      return Refusal{429, "quota.requests", "as many requests of this tenant are under way as may"};
    }
    ++busy_[tenant];
  }
  auto answered = answer_tenant(request, tenant);
  const std::scoped_lock lock(mutex_);
  if (--busy_[tenant] == 0) busy_.erase(tenant);
  return answered;
}

/// For people; programs that do not ask for HTML are refused as elsewhere.
Result<Response> Service::page(const http::Request& request) {
  const auto tenant = tenant_of(request);
  if (!tenant) {
    if (http::named_acceptance(request.header("accept"), "text/html") == 0) return tenant.error();
    Response response =
        service::html_response(tenant.error().status, stranger_page(tenant.error().what));
    if (world_.issuers != nullptr) challenge(tenant.error(), response);
    response.notes.push_back({"code", tenant.error().code});
    return response;
  }
  std::vector<ListedKeep> keeps;
  for (const KnownKeep& each : TRY(house_.list(*tenant))) {
    keeps.push_back({each.record, each.state,
                     each.state == KeepState::Ended ? each.folder.read_end() : "",
                     each.folder.read_proof()});
  }
  return service::html_response(200, keeps_page(keeps, world_.now()));
}

Result<Response> Service::answer_tenant(const http::Request& request, const std::string& tenant) {
  const std::string_view path = request.path();
  const bool of_volumes = path.starts_with(all_volumes);
  std::string_view rest = path.substr((of_volumes ? all_volumes : all_keeps).size());
  if (!rest.empty() && rest.front() != '/') {
    return Refusal{404, "route.unknown", "there is nothing here"};
  }
  rest.remove_prefix(std::min<std::size_t>(rest.size(), 1));
  if (of_volumes) return volumes(request, tenant, rest);
  if (rest.empty()) return keeps(request, tenant);
  const std::string_view id = rest.substr(0, rest.find('/'));
  rest.remove_prefix(id.size());
  const KeepFolder folder = TRY(house_.find(tenant, id));
  return keep(request, folder, rest);
}

Result<Response> Service::keeps(const http::Request& request, const std::string& tenant) {
  if (request.method == "POST") return start(request, tenant);
  if (request.method != "GET" && request.method != "HEAD") return wrong_method();
  codec::JsonWriter writer;
  writer.open_array();
  for (const KnownKeep& each : TRY(house_.list(tenant))) write(writer, each);
  writer.close_array();
  return json(200, writer.result());
}

Result<Response> Service::volumes(const http::Request& request, const std::string& tenant,
                                  std::string_view name) {
  if (name.empty()) {
    if (request.method != "GET" && request.method != "HEAD") return wrong_method();
    return json(200, to_json(house_.volumes(tenant)));
  }
  if (request.method != "DELETE") return wrong_method();
  TRY(house_.remove_volume(tenant, name));
  return Response{204, {}, {}};
}

Result<Response> Service::start(const http::Request& request, const std::string& tenant) {
  const auto wanted = door::parse_keep_request(request.body);
  if (!wanted) return Refusal{400, "request.form", wanted.error()};
  const auto folder = house_.start(tenant, *wanted, codec::to_rfc3339(world_.now()));
  if (!folder) {
    ++counts_.refused;
    return folder.error();
  }
  ++counts_.started;
  return proof_of(*folder, 201);
}

Result<Response> Service::proof_of(const KeepFolder& folder, unsigned status) {
  const auto record = folder.read_record();
  const auto proof = folder.read_proof();
  if (!record || !proof) return Refusal{500, "keep.proof", "the keep's proof cannot be read"};
  codec::JsonWriter writer;
  const auto member = [&](std::string_view name, core::ByteView bytes) {
    writer.key(name);
    writer.text(codec::encode_base64(bytes));
  };
  writer.open_object();
  writer.key("id");
  writer.text(record->id);
  member("evidence", proof->evidence);
  member("certificates", proof->certificates);
  member("tls_key", proof->tls_key);
  member("hpke_key", proof->hpke_key);
  writer.close_object();
  return json(status, writer.result());
}

Result<Response> Service::tell(const KeepFolder& folder, const Command& command) {
  const Refusal gone{410, "keep.gone", "the keep has ended"};
  const auto reply = ask(folder.file(KeepFolder::control), command);
  if (!reply) {
    // No answer alone is no end: whoever hears of one delivers again.
    const KeepState state = TRY(house_.state(folder));
    if (state == KeepState::Ended || state == KeepState::Lost) return gone;
    if (state == KeepState::Starting) return not_yet();
    return Refusal{503, "house.busy", "the keep's warden does not answer now"};
  }
  switch (reply->outcome) {
    case Outcome::Done:
      if (command.verb == Verb::Deliver) ++counts_.delivered;
      return Response{204, {}, {}};
    case Outcome::TakenBefore: return Refusal{409, "delivery.second", "a keep takes one delivery"};
    case Outcome::NotYet: return Refusal{409, "delivery.none", "the keep waits for its delivery"};
    case Outcome::Elsewhere:
      return Refusal{409, "input.position", concat("input goes on at byte ", reply->position)};
    case Outcome::Full: return Refusal{429, "input.full", "the keep does not take its input"};
    case Outcome::NoDelivery:
      return Refusal{400, "delivery.form", "a delivery is as long as its header says"};
    case Outcome::NoRoom:
      return Refusal{503, "house.folder", "the delivery cannot be noted; the keep waits on"};
    case Outcome::Broken: break;
  }
  return gone;
}

Result<Response> Service::keep(const http::Request& request, const KeepFolder& folder,
                               std::string_view what) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool posts = request.method == "POST";
  if (what.empty() && reads) {
    codec::JsonWriter writer;
    const auto record = folder.read_record();
    if (!record) return busy(record.error());
    write(writer, {*record, folder, TRY(house_.state(folder))});
    return json(200, writer.result());
  }
  if (what.empty() && request.method == "DELETE") {
    TRY(house_.forget(folder));
    return Response{204, {}, {}};
  }
  if (what == "/delivery" && request.method == "PUT") {
    return tell(folder, {Verb::Deliver, 0, bytes_of(request.body)});
  }
  if (what == "/input" && posts) {
    const std::uint64_t at = TRY(query_number(request, "at", 0));
    return tell(folder, {Verb::Input, at, bytes_of(request.body)});
  }
  if (what == "/output" && reads) return output(request, house_, folder);
  if (what == "/evidence" && reads) return proof_of(folder, 200);
  if (what == "/stop" && posts) {
    // Noted first: whoever sees the keep's end must find why.
    static_cast<void>(folder.write(KeepFolder::stopped, ""));
    return tell(folder, {Verb::Stop, 0, {}});
  }
  if (what == "/log" && reads) {
    constexpr std::size_t most = std::size_t{1} << 20U;
    const auto log = folder.read(KeepFolder::log, most);
    if (!log && log.error() != os::Errno::Noent) return busy(log.error());
    return plain(200, log ? without_paths(core::as_text(*log)) : std::string());
  }
  const bool known = what.empty() || what == "/delivery" || what == "/input" || what == "/output" ||
                     what == "/stop" || what == "/log" || what == "/evidence";
  if (known) return wrong_method();
  return Refusal{404, "route.unknown", "there is nothing here"};
}

Result<std::string> Service::metrics() {
  const std::size_t running = TRY(running_.get([this]() -> Result<std::size_t> {
    const std::vector<KnownKeep> all = TRY(house_.list());
    return static_cast<std::size_t>(std::ranges::count_if(all, [](const KnownKeep& each) {
      return each.state == KeepState::Waiting || each.state == KeepState::Running;
    }));
  }));
  const http::Counters counters = world_.counters();
  std::string text;
  const auto metric = [&](std::string_view name, std::string_view type, std::string_view help,
                          std::uint64_t value) {
    text += concat("# HELP merlon_gatehouse_", name, " ", help, "\n# TYPE merlon_gatehouse_", name,
                   " ", type, "\nmerlon_gatehouse_", name, " ", value, "\n");
  };
  metric("keeps_running", "gauge", "Keeps that wait for a delivery or run.", running);
  metric("keeps_started_total", "counter", "Keeps that were started.", counts_.started);
  metric("keeps_refused_total", "counter", "Keeps that were asked for and did not start.",
         counts_.refused);
  metric("deliveries_total", "counter", "Deliveries that were handed over.", counts_.delivered);
  metric("requests_total", "counter", "Requests that got an answer.", counters.requests);
  metric("connections_open", "gauge", "Connections that are open.", counters.open_connections);
  return text;
}

}  // namespace merlon::gatehouse
