// merlon-fetch EVIDENCE DIRECTORY INTEL INTEL-ROOT AMD PRODUCT PLATFORM [all|vcek]: gets
// endorsements of a piece of evidence, or of all of a kind of platform. Started by `merlon evidence
// fetch`, or with the last word by merlon-steward, which reads descriptor 3 what others read on the
// standard streams; "vcek" asks for that alone, and once. An empty word stands for what is not
// given. `merlon-fetch --host COMMAND DIRECTORY INTEL INTEL-ROOT AMD SOURCE`, started by `merlon
// platform sgx` and `snp`, fills a host's caches. Exit status: 0 all, 1 some are missing or
// something cannot be used, 4 the evidence cannot be judged.

#include <array>
#include <cstdio>
#include <new>
#include <string_view>

#include <unistd.h>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/endorse/curl_fetcher.h"
#include "merlon/endorse/host_cache.h"
#include "merlon/endorse/store.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace {

using namespace merlon;
using base::concat;

constexpr int unusable = 1;
constexpr int not_judged = 4;

int fail(const std::string& text, int status = unusable) {
  std::fprintf(stderr, "merlon: %s\n", base::Printable::line(text).text().c_str());
  return status;
}

std::string or_default(const char* given, std::string fallback) {
  return given[0] == '\0' ? std::move(fallback) : given;
}

std::string in_words(const core::Error& error) {
  return error.detail == 0 ? error.what : concat(error.what, " (", error.detail, ")");
}

std::string unreadable(const std::string& path, os::Errno reason) {
  return concat(base::printable(path), ": cannot be read: ",
                reason == os::Errno::Fbig
                    ? concat("it is larger than ", evidence::max_evidence_size >> 20U, " MiB")
                    : std::string(os::describe(reason)));
}

core::Result<endorse::Services, std::string> services_of(const char* intel, const char* intel_root,
                                                         const char* amd) {
  const endorse::Services known;
  endorse::Services services{or_default(intel, known.intel),
                             or_default(intel_root, known.intel_root), or_default(amd, known.amd)};
  for (const auto& [option, url] : {std::pair{"--intel-url", &services.intel},
                                    std::pair{"--intel-root-url", &services.intel_root},
                                    std::pair{"--amd-url", &services.amd}}) {
    if (endorse::may_be_asked(*url)) continue;
    return core::Unexpected(concat(option, " ", base::printable(*url),
                                   ": must begin with https://, or for this machine with "
                                   "http://localhost:PORT or http://127.0.0.1:PORT"));
  }
  return services;
}

std::string not_made(std::string_view directory, os::Errno reason) {
  const std::string text =
      concat(base::printable(directory), ": endorsements cannot be put there: ");
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  const std::size_t slash = directory.rfind('/');
  const std::string parent(directory.substr(0, slash == std::string_view::npos ? 0 : slash));
  // A link that leads nowhere is not there either, and its parent is.
  if (reason != os::Errno::Noent || parent.empty() || os::exists(parent)) {
    return concat(text, os::describe(reason));
  }
  return concat(text, base::printable(parent), " is not there");
}

/// How many are missing.
std::size_t fetch(const std::vector<endorse::Request>& requests, endorse::Fetcher& fetcher,
                  const std::string& directory, int tries) {
  std::size_t missing = 0;
  for (const endorse::Fetched& each : endorse::collect(requests, fetcher, tries)) {
    std::string failure = each.failure;
    if (failure.empty()) {
      if (const auto stored = endorse::store(directory, each); !stored) {
        failure = stored.error().what;
      }
    }
    if (!failure.empty() && !each.absent) ++missing;
    const std::string_view mark = failure.empty() ? "✔" : each.absent ? "–" : "✘";
    const base::Printable line = base::Printable::line(
        concat(mark, " ", each.request.url, failure.empty() ? "" : ": ", failure));
    std::printf("%s\n", line.text().c_str());
  }
  std::fflush(stdout);
  return missing;
}

/// Asks for all of it and says what is missing.
int fetch_into(const std::string& directory, const std::vector<endorse::Request>& requests,
               int tries = endorse::usual_tries) {
  auto fetcher = endorse::CurlFetcher::create();
  if (!fetcher) return fail(fetcher.error().what);
  if (const auto made = endorse::make_directory(directory); !made) {
    return fail(not_made(directory, made.error()));
  }
  const std::size_t missing = fetch(requests, **fetcher, directory, tries);
  if (missing == 0) return 0;
  return fail(concat(missing, " of ", requests.size(),
                     " endorsements are missing; what came is in ", base::printable(directory)));
}

int for_platform(const std::string& platform, const std::string& directory,
                 const endorse::Services& services) {
  const auto requests = endorse::requests_for_platform(platform, services);
  if (!requests) {
    return fail(concat("--platform ", base::printable(platform), ": ", requests.error().what));
  }
  return fetch_into(directory, *requests);
}

int for_evidence(const std::string& path, const std::string& directory,
                 const endorse::Services& services, std::optional<snp::Product> product,
                 bool vcek_alone) {
  const auto file = os::open_file(path);
  const auto bytes = file ? os::read_all(*file, evidence::max_evidence_size)
                          : os::Result<std::vector<std::uint8_t>>(file.error());
  if (!bytes) return fail(unreadable(path, bytes.error()));
  const auto evidence = evidence::Evidence::parse(*bytes);
  if (!evidence) {
    return fail(concat(base::printable(path), ": ", in_words(evidence.error())), not_judged);
  }
  auto requests = endorse::requests_for(*evidence, services, product);
  if (!requests) return fail(concat(base::printable(path), ": ", requests.error().what));
  if (vcek_alone) {
    std::erase_if(*requests, [](const auto& each) {
      return !each.file.starts_with("vcek-") || !each.file.ends_with(".der");
    });
    return fetch_into(directory, *requests, 1);
  }
  const int status = fetch_into(directory, *requests);
  if (!endorse::lacks_vlek(*evidence)) return status;
  return fail(concat(base::printable(path),
                     ": its VLEK is missing: AMD gives VLEKs to cloud providers alone, so the "
                     "provider, whose name is in no report, has to give it"));
}

core::Result<std::vector<std::uint8_t>, std::string> read(const std::string& path,
                                                          std::size_t most) {
  const auto file = os::open_file(path);
  auto bytes =
      file ? os::read_all(*file, most) : os::Result<std::vector<std::uint8_t>>(file.error());
  if (!bytes)
    return core::Unexpected(concat(base::printable(path), ": ", os::describe(bytes.error())));
  return *std::move(bytes);
}

/// Intel's tool writes what it finds of this platform into `path`.
core::Result<void, std::string> retrieve_id(const std::string& path) {
  constexpr std::array<const char*, 3> places{
      "/usr/bin/PCKIDRetrievalTool", "/usr/local/bin/PCKIDRetrievalTool",
      "/opt/intel/sgx-pck-id-retrieval-tool/PCKIDRetrievalTool"};
  for (const char* place : places) {
    if (!os::exists(place)) continue;
    const std::array<std::string, 3> words{"PCKIDRetrievalTool", "-f", path};
    const auto child = os::ChildProcess::spawn(place, words, {});
    const auto status = child ? child->wait() : os::Result<os::ExitStatus>(child.error());
    const bool done = status && status->kind == os::ExitStatus::Kind::Exited && status->value == 0;
    if (done) return {};
    return core::Unexpected(concat(place, ": has failed"));
  }
  return core::Unexpected(concat(base::printable(path),
                                 ": is not there, and neither is Intel's "
                                 "PCKIDRetrievalTool, which makes it: install "
                                 "sgx-pck-id-retrieval-tool"));
}

endorse::Told cache_pck(endorse::Fetcher& fetcher, const endorse::Services& services,
                        const std::string& directory, const std::string& given) {
  const std::string path = given.empty() ? concat(directory, "/pckid_retrieval.csv") : given;
  if (!os::exists(path)) {
    if (const auto made = endorse::make_directory(directory); !made) {
      return core::Unexpected(not_made(directory, made.error()));
    }
    TRY(retrieve_id(path));
  }
  const auto csv = TRY(read(path, 64UL * 1024));
  const auto id = endorse::PckId::parse(core::as_text(csv));
  if (!id) return core::Unexpected(concat(base::printable(path), ": ", id.error().what));
  return endorse::cache_pck(fetcher, services, *id, directory);
}

/// `source`: "Milan ID LEVELS", see snp::Chip.
endorse::Told cache_vcek(endorse::Fetcher& fetcher, const endorse::Services& services,
                         const std::string& directory, std::string_view source) {
  const auto word = [&source] {
    const std::string_view found = source.substr(0, source.find(' '));
    source.remove_prefix(std::min(source.size(), found.size() + 1));
    return found;
  };
  const std::string_view product = word();
  const std::string_view id = word();
  const auto chip = snp::Chip::parse(product, id, word());
  if (!chip) return core::Unexpected(std::string(chip.error().what));
  return endorse::cache_vcek(fetcher, services, *chip, directory);
}

endorse::Told fill_cache(std::string_view command, endorse::Fetcher& fetcher,
                         const endorse::Services& services, const std::string& directory,
                         const std::string& source) {
  if (command == "amd-crl") return endorse::cache_amd_crl(fetcher, services, directory);
  if (command == "amd-vcek") return cache_vcek(fetcher, services, directory, source);
  if (command == "cache-crl") return endorse::cache_crl(fetcher, services, directory);
  if (command == "cache-pck") return cache_pck(fetcher, services, directory, source);
  if (command == "cache-tcb") return endorse::cache_tcb(fetcher, services, directory);
  const std::string path = source.empty() ? std::string(endorse::registration_variable) : source;
  const auto variable = read(path, endorse::max_registration);
  if (!variable) {
    return core::Unexpected(concat(variable.error(),
                                   "; only machines with several processors whose "
                                   "firmware wants it are registered, by root"));
  }
  return endorse::register_platform(fetcher, services, *variable);
}

/// COMMAND DIRECTORY INTEL INTEL-ROOT AMD SOURCE
int run_for_host(char** words) {
  const auto services = services_of(words[2], words[3], words[4]);
  if (!services) return fail(services.error());
  auto fetcher = endorse::CurlFetcher::create();
  if (!fetcher) return fail(fetcher.error().what);
  const auto told = fill_cache(words[0], **fetcher, *services, words[1], words[5]);
  if (!told) return fail(told.error());
  std::fputs(told->c_str(), stdout);
  return 0;
}

int run(char** words, std::string_view what) {
  const auto services = services_of(words[3], words[4], words[5]);
  if (!services) return fail(services.error());
  const std::string platform = words[7];
  return platform.empty() ? for_evidence(words[1], words[2], *services,
                                         snp::product_of_name(words[6]), what == "vcek")
                          : for_platform(platform, words[2], *services);
}

}  // namespace

int main(int argc, char** argv) {
  os::end_with_parent();
  if (argc == 8 && std::string_view(argv[1]) == "--host") {
    try {
      return run_for_host(argv + 2);
    } catch (const std::bad_alloc&) {
      return fail("out of memory");
    }
  }
  const std::string_view what = argc == 9 ? argv[8] : "";
  const bool serves = what == "all" || what == "vcek";
  if (argc != 8 && !serves) return fail("merlon-fetch is started by merlon evidence fetch");
  if (serves && (::dup2(3, 1) < 0 || ::dup2(3, 2) < 0)) return unusable;
  try {
    return run(argv, what);
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  }
}
