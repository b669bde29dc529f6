#include "merlon/steward_service/service.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/evidence/evidence.h"
#include "merlon/report/report.h"
#include "merlon/steward_service/credentials.h"
#include "merlon/steward_service/deputy.h"
#include "merlon/steward_service/errors_page.h"
#include "merlon/steward_service/metrics.h"
#include "merlon/steward_service/multipart.h"
#include "merlon/steward_service/page.h"
#include "merlon/steward_service/problem.h"
#include "merlon/steward_service/status_page.h"
#include "merlon/verify/verifier.h"

namespace merlon::steward_service {

using base::concat;

namespace {

constexpr std::string_view single_type = "application/pkcs10";
constexpr std::string_view bundle_type = "application/vnd.steward.pkcs10-bundle.v1";

http::Response text(std::string_view type, std::string body, unsigned status = 200) {
  return {status,
          {{"Content-Type", std::string(type)},
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"}},
          std::move(body)};
}

bool reads(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

http::Response wrong_method(std::string_view allowed, const http::Request& request) {
  Problem problem = problem_of_status(405, concat("allowed are ", allowed));
  http::Response response = answer(problem, request);
  response.headers.push_back({"Allow", std::string(allowed)});
  return response;
}

}  // namespace

Service::Service(GenerationPointer first, Records& records, Statistics& statistics, World world)
    : generation_(std::move(first)),
      records_(records),
      statistics_(statistics),
      world_(std::move(world)) {}

GenerationPointer Service::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

void Service::replace(GenerationPointer next) {
  const std::scoped_lock lock(mutex_);
  generation_ = std::move(next);
}

http::Response over_transport(http::Response response, const http::Request& request) {
  if (request.tls) response.headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  return response;
}

http::Response Service::handle(const http::Request& request) const {
  return over_transport(route(request), request);
}

http::Response Service::route(const http::Request& request) const {
  const std::string_view path = request.path();
  if (path == "/") {
    if (request.method == "POST") return certify(request);
    return reads(request) ? http::Response{} : wrong_method("GET, HEAD, POST", request);
  }
  if (path == "/status") {
    if (request.method == "POST") return status(request);
    return reads(request) ? status_with("") : wrong_method("GET, HEAD, POST", request);
  }
  if (world_.release && path.starts_with(release_path)) return world_.release(request);
  const bool is_credential = path == credential_path || path == credential_keys_path;
  if (world_.credentials && is_credential) return world_.credentials(request);
  const bool is_known = path == "/health" || path == "/ready" || path == "/metrics" ||
                        path == "/trust.pem" || path == errors_path;
  if (!is_known) return answer(problem_of_status(404, "there is nothing here"), request);
  if (!reads(request)) return wrong_method("GET, HEAD", request);
  if (path == "/health") return text("text/plain; charset=utf-8", "ok\n");
  if (path == "/ready") return ready();
  if (path == "/metrics") return metrics();
  if (path == "/trust.pem") return text("application/x-pem-file", generation()->trust);
  return html_response(errors_page());
}

http::Response Service::certify(const http::Request& request) const {
  const auto type = request.header("content-type");
  if (type != single_type && type != bundle_type) {
    return answer({400, "request.type", "This is no certification request of a keep.",
                   concat("Content-Type ", single_type, " or ", bundle_type),
                   type ? base::printable(*type) : "none"},
                  request);
  }
  const auto form =
      type == single_type ? steward::RequestForm::Single : steward::RequestForm::Bundle;
  const GenerationPointer now = generation();
  const verify::Moment moment = world_.at
                                    ? verify::Moment::asked_for(*world_.at)
                                    : verify::Moment::by_clock(world_.now(), records_.memory());
  auto certified = now->certify(form, core::as_bytes(request.body), moment);
  GenerationPointer judged_by = now;
  for (std::size_t i = 0; i < steward::max_requests && lacks_vcek(certified); ++i) {
    steward::Refusal& refusal = certified.error();
    if (!world_.obtain_vcek(*refusal.lacks_vcek)) {
      refusal.kind = steward::Refusal::Kind::NotNow;  // the vendor may give it later
      break;
    }
    judged_by = generation();
    certified = judged_by->certify(form, core::as_bytes(request.body), moment);
  }
  if (!certified) return refused(certified.error(), form, request);
  return issued(*judged_by, *std::move(certified), request);
}

bool Service::lacks_vcek(
    const core::Result<steward::Certified, steward::Refusal>& certified) const {
  return !certified && certified.error().lacks_vcek && world_.obtain_vcek;
}

/// What vendors had signed counts from then on, whatever became of the request.
http::Response Service::refused(const steward::Refusal& refusal, steward::RequestForm form,
                                const http::Request& request) const {
  if (!records_.learn(refusal.seen)) {
    const std::scoped_lock lock(mutex_);
    writes_ = false;
  }
  return answer(problem_of(refusal, form), request);
}

http::Response Service::issued(const Generation& generation, steward::Certified certified,
                               const http::Request& request) const {
  const auto kept = records_.keep(certified);
  {
    const std::scoped_lock lock(mutex_);
    writes_ = kept.has_value();
  }
  if (!kept) {
    return answer(
        {500, "steward.record", "The Steward cannot write down what it issues.", {}, kept.error()},
        request);
  }
  http::Response response{200, {{"Content-Type", "application/octet-stream"}}, {}};
  response.body = core::as_text(certified.body);
  const auto note = [&](std::string_view name, std::string value) {
    response.notes.push_back({std::string(name), std::move(value)});
  };
  for (const steward::Issuance& each : certified.issuances) {
    statistics_.note_platform(each.outlook);
    note(note_technology, std::string(evidence::to_string(each.technology)));
    note("serial", base::hex(each.serial));
    note("key", base::hex(each.key_digest.view()));
    note("measurement", base::hex(each.measurement));
    if (each.simulator) note("simulator", "true");
  }
  note("policy", generation.policy_digest);
  return response;
}

verify::Moment Service::moment() const {
  return world_.at ? verify::Moment::asked_for(*world_.at)
                   : verify::Moment::by_clock(world_.now(), records_.memory());
}

http::Response Service::status_with(std::string trouble) const {
  const GenerationPointer now = generation();
  return html_response(status_page({*now, statistics_.counts(), world_.counters(), world_.started,
                                    world_.now(), std::move(trouble)}));
}

http::Response Service::status(const http::Request& request) const {
  const auto file =
      uploaded_file(request.header("content-type").value_or(""), request.body, upload_field);
  if (file && !file->content.empty()) return appraisal(file->name, core::as_bytes(file->content));
  http::Response response = status_with("No file came.");
  response.status = 400;
  return response;
}

/// What would be judged of this, whoever brought it. Nothing of it is remembered.
http::Response Service::appraisal(std::string_view name, core::ByteView bytes) const {
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) {
    http::Response response =
        status_with(concat("This is no evidence that can be judged: ", evidence.error().what, "."));
    response.status = 400;
    return response;
  }
  const GenerationPointer now = generation();
  const auto collateral = verify::Collateral::parse(now->endorsements, evidence->endorsements);
  const verify::Appraisal found = verify::appraise(*evidence, collateral, now->policy, moment());
  const report::Head head{base::printable(name),
                          std::string(evidence->format),
                          evidence->wrappings,
                          now->endorsements.size() + evidence->endorsements.size(),
                          0,
                          crypto::sha256({bytes}),
                          now->policy_file,
                          now->policy.form,
                          {},
                          collateral.certificates};
  return html_response(report::to_html(head, found));
}

http::Response Service::ready() const {
  const GenerationPointer now = generation();
  const bool writes = [this] {
    const std::scoped_lock lock(mutex_);
    return writes_;
  }();
  const bool is_ready = writes && world_.now() < now->issuer_end;
  codec::JsonWriter json;
  json.open_object();
  json.key("ready");
  json.boolean(is_ready);
  json.key("writes");
  json.boolean(writes);
  json.key("policy");
  json.text(now->policy_digest);
  json.key("ca");
  json.text(now->issuer);
  json.key("ca_not_after");
  json.text(codec::to_rfc3339(now->issuer_end));
  if (!now->expiries.empty()) {
    json.key("first_expiry");
    json.text(codec::to_rfc3339(now->expiries.front().at));
  }
  json.key("development");
  json.boolean(now->development);
  json.close_object();
  return text("application/json", json.result() + "\n", is_ready ? 200 : 503);
}

http::Response Service::metrics() const {
  return text(metrics_type, metrics_text(statistics_.counts(), world_.counters(), *generation(),
                                         records_.log(), world_.started));
}

}  // namespace merlon::steward_service
