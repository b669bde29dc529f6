// Any request to the routes of a Steward, as lines: method, target, Content-Type, Accept, and
// behind these the body. Answers keep their promises whatever was asked; a page never holds a
// script.

#include <algorithm>
#include <cstdlib>

#include "merlon/codec/json.h"
#include "merlon/steward_service/problem.h"
#include "merlon/steward_service/service.h"

namespace {

using namespace merlon;
using namespace merlon::steward_service;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

Service make_service() {
  static ShortMemory records;
  static Statistics statistics;
  auto made = std::make_shared<Generation>();
  made->certify = [](steward::RequestForm, core::ByteView body, const verify::Moment&) {
    using Answer = core::Result<steward::Certified, steward::Refusal>;
    if (body.empty()) return Answer(steward::Certified{});
    return Answer(steward::Refusal{steward::Refusal::Kind::Refused, "snp.debug",
                                   std::string(core::as_text(body)), "got", body.size()});
  };
  made->issuer_end = {2'000'000'000};
  return Service(made, records, statistics,
                 {[] { return codec::UnixTime{1'900'000'000}; },
                  {},
                  [] { return http::Counters{}; },
                  {1'800'000'000}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Service service = make_service();
  std::string_view text = core::as_text({data, size});
  http::Request request;
  request.method = take_line(text);
  request.target = take_line(text);
  request.headers = {{"content-type", std::string(take_line(text))},
                     {"accept", std::string(take_line(text))}};
  request.body = text;
  const http::Response answer = service.handle(request);
  if (http::reason_phrase(answer.status).empty()) std::abort();
  for (const http::Header& each : answer.headers) {
    if (each.name != "Content-Type") continue;
    if (each.value == problem_type && !codec::JsonDocument::parse(answer.body)) std::abort();
    if (each.value.starts_with("text/html") && answer.body.find("<script") != std::string::npos) {
      std::abort();
    }
  }
  return 0;
}
