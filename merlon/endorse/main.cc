// merlon-fetch EVIDENCE DIRECTORY INTEL INTEL-ROOT AMD PRODUCT: gets endorsements. Started by
// `merlon evidence fetch`; an empty word stands for what is not given. Exit status: 0 all, 1 some
// are missing.

#include <cstdio>
#include <new>

#include "merlon/base/text.h"
#include "merlon/endorse/curl_fetcher.h"
#include "merlon/endorse/store.h"
#include "merlon/os/open.h"

namespace {

using namespace merlon;
using base::concat;

int fail(const std::string& text) {
  std::fprintf(stderr, "merlon: %s\n", text.c_str());
  return 1;
}

std::string or_default(const char* given, std::string fallback) {
  return given[0] == '\0' ? std::move(fallback) : given;
}

int run(char** words) {
  const std::string path = words[1];
  const auto file = os::open_file(path);
  const auto bytes = file ? os::read_all(*file, evidence::max_evidence_size)
                          : os::Result<std::vector<std::uint8_t>>(file.error());
  if (!bytes) return fail(concat(base::printable(path), ": cannot be read"));
  const auto evidence = evidence::Evidence::parse(*bytes);
  if (!evidence) return fail(concat(base::printable(path), ": ", evidence.error().what));
  endorse::Services services;
  services.intel = or_default(words[3], services.intel);
  services.intel_root = or_default(words[4], services.intel_root);
  services.amd = or_default(words[5], services.amd);
  const auto requests = endorse::requests_for(*evidence, services, snp::product_of_name(words[6]));
  if (!requests) return fail(concat(base::printable(path), ": ", requests.error().what));
  auto fetcher = endorse::CurlFetcher::create();
  if (!fetcher) return fail(fetcher.error().what);
  std::size_t missing = 0;
  for (const endorse::Fetched& each : endorse::collect(*requests, **fetcher)) {
    std::string failure = each.failure;
    if (failure.empty()) {
      if (const auto stored = endorse::store(words[2], each); !stored)
        failure = stored.error().what;
    }
    if (!failure.empty()) ++missing;
    std::printf("%s %s%s%s\n", failure.empty() ? "✔" : "✘", each.request.url.c_str(),
                failure.empty() ? "" : ": ", failure.c_str());
  }
  if (missing == 0) return 0;
  std::fflush(stdout);
  return fail(concat(missing, " of ", requests->size(),
                     " endorsements are missing; what came is in ", base::printable(words[2])));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return fail("merlon-fetch is started by merlon evidence fetch");
  try {
    return run(argv);
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  }
}
