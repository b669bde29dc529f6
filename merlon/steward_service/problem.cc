#include "merlon/steward_service/problem.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/steward_service/errors_page.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {

using base::concat;
using Kind = steward::Refusal::Kind;

namespace {

struct Meaning {
  unsigned status;
  std::string_view title;
};

Meaning meaning_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::Malformed: return {400, "This is no certification request of a keep."};
    case Kind::NoEvidence: return {401, "The request carries no evidence."};
    case Kind::Refused: return {400, "The evidence is refused."};
    case Kind::TooLarge: return {413, "The request is too large."};
    case Kind::NotNow: return {503, "The evidence cannot be judged now."};
    case Kind::Internal: break;
  }
  return {500, "The Steward cannot answer, for a reason of its own."};
}

CodeRow row_of(unsigned status) noexcept {
  // What judges has named this one already.
  if (status == 413) return {413, "request.size", "a body of at most 2 MiB"};
  for (const CodeRow& each : service_codes()) {
    if (each.status == status) return each;
  }
  return service_codes().front();
}

}  // namespace

Problem problem_of(const steward::Refusal& refusal, steward::RequestForm form) {
  const Meaning meaning = meaning_of(refusal.kind);
  Problem problem{meaning.status, refusal.code, std::string(meaning.title), refusal.wanted,
                  refusal.got};
  if (form == steward::RequestForm::Bundle) problem.request = refusal.request;
  // Who asks again at once asks in vain: somebody has to get the endorsement first.
  if (refusal.kind == Kind::NotNow) problem.retry_after = 60;
  return problem;
}

Problem problem_of_status(unsigned status, std::string_view why) {
  const CodeRow row = row_of(status);
  Problem problem{status, std::string(row.code), std::string(http::reason_phrase(status)),
                  std::string(row.wanted), std::string(why)};
  if (status == 429 || status == 503) problem.retry_after = 1;
  return problem;
}

http::Response answer(const Problem& problem, const http::Request& request) {
  http::Response response{problem.status, {}, {}};
  response.notes.push_back({std::string(note_code), problem.code});
  if (!problem.got.empty()) response.notes.push_back({"got", problem.got});
  if (problem.retry_after)
    response.headers.push_back({"Retry-After", concat(*problem.retry_after)});
  if (http::named_acceptance(request.joined("accept"), problem_type) == 0) return response;
  codec::JsonWriter json;
  json.open_object();
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  member("type", concat(errors_path, "#", problem.code));
  member("title", problem.title);
  json.key("status");
  json.number(problem.status);
  member("code", problem.code);
  if (!problem.wanted.empty()) member("wanted", problem.wanted);
  if (!problem.got.empty()) member("got", problem.got);
  if (problem.request) {
    json.key("request");
    json.number(*problem.request);
  }
  json.close_object();
  response.headers.push_back({"Content-Type", std::string(problem_type)});
  response.body = json.result() + "\n";
  return response;
}

}  // namespace merlon::steward_service
