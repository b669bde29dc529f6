#include "merlon/drawbridge/refusal.h"

namespace merlon::drawbridge {

Refusal refuse(const database::Failure& failure) {
  switch (failure.kind) {
    case database::Failure::Kind::Full: return refuse(507, "No room");
    case database::Failure::Kind::Conflict:
    case database::Failure::Kind::Unknown:  // the same again finds what it has done
    case database::Failure::Kind::Unavailable: return refuse(503, backend_failure);
    case database::Failure::Kind::Broken: return refuse(500, backend_failure);
  }
  return refuse(500, backend_failure);
}

http::Response response_of(const Refusal& refusal) {
  http::Response response{refusal.status,
                          {{"Content-Type", "text/plain; charset=utf-8"},
                           {"Cache-Control", "no-store"},
                           {"X-Content-Type-Options", "nosniff"}},
                          refusal.text};
  constexpr unsigned unauthorized = 401;
  if (refusal.status == unauthorized) {
    response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"drawbridge\""});
  }
  response.notes.push_back({"refused", refusal.text});
  return response;
}

}  // namespace merlon::drawbridge
