#include "merlon/endorse/fetcher.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::endorse {

namespace {

bool may_help_to_ask_again(int status) noexcept { return status == 429 || status >= 500; }

Fetched fetch(const Request& request, Fetcher& fetcher, int tries) {
  Fetched made;
  made.request = request;
  for (int round = 1; round <= tries; ++round) {
    if (round > 1) fetcher.pause(round - 1);
    auto response = fetcher.get(request);
    if (!response) {
      made.failure = response.error().what;
      continue;
    }
    if (response->status == 404 && request.optional) {
      made.failure = "there is none";
      made.absent = true;
      return made;
    }
    if (response->status != 200) {
      made.failure = base::concat("HTTP status ", response->status);
      if (may_help_to_ask_again(response->status)) continue;
      return made;
    }
    evidence::Endorsements all;
    if (!all.add(response->body) ||
        (!response->chain.empty() && !all.add(core::as_bytes(response->chain)))) {
      made.failure = "the answer is no endorsement";
      return made;
    }
    made.failure.clear();
    made.body = std::move(response->body);
    made.chain = std::move(response->chain);
    return made;
  }
  return made;
}

}  // namespace

std::vector<Fetched> collect(const std::vector<Request>& requests, Fetcher& fetcher, int tries) {
  std::vector<Fetched> all;
  for (const Request& request : requests) all.push_back(fetch(request, fetcher, tries));
  return all;
}

}  // namespace merlon::endorse
