#include "merlon/endorse/curl_fetcher.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <curl/curl.h>

#include "merlon/codec/percent.h"

namespace merlon::endorse {

using core::ErrorCode;

namespace {

struct Sink {
  Response response;
  const std::string& chain_header;
  bool too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto* sink = static_cast<Sink*>(to);
  const std::size_t bytes = size * count;
  if (bytes > CurlFetcher::max_size - sink->response.body.size()) {
    sink->too_large = true;
    return 0;
  }
  sink->response.body.insert(sink->response.body.end(), data, data + bytes);
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* to) {
  auto* sink = static_cast<Sink*>(to);
  const std::size_t bytes = size * count;
  const std::string_view line(data, bytes);
  const std::size_t colon = line.find(':');
  if (sink->chain_header.empty() || colon == std::string_view::npos || bytes > 65'536) return bytes;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name != sink->chain_header) return bytes;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
  sink->response.chain = codec::decode_percent(value);
  return bytes;
}

}  // namespace

core::Result<std::unique_ptr<CurlFetcher>> CurlFetcher::create() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return core::error(ErrorCode::Internal, "libcurl cannot start");
  }
  CURL* handle = curl_easy_init();
  if (handle == nullptr) return core::error(ErrorCode::Internal, "libcurl cannot start");
  return std::unique_ptr<CurlFetcher>(new CurlFetcher(handle));
}

CurlFetcher::~CurlFetcher() {
  curl_easy_cleanup(handle_);
  curl_global_cleanup();
}

core::Result<Response> CurlFetcher::get(const Request& request) {
  return perform(request.url, request.chain_header, nullptr);
}

core::Result<Response> CurlFetcher::post(const std::string& url, core::ByteView bytes) {
  return perform(url, "", &bytes);
}

core::Result<Response> CurlFetcher::perform(const std::string& url, const std::string& chain_header,
                                            const core::ByteView* sent) {
  if (!may_be_asked(url)) {
    return core::error(ErrorCode::Denied, "only https is asked");
  }
  curl_easy_reset(handle_);
  Sink sink{{}, chain_header, false};
  curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, is_this_machine(url) ? "http" : "https");
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(handle_, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, &sink);
  curl_slist* headers = nullptr;
  if (sent != nullptr) {
    headers = curl_slist_append(nullptr, "Content-Type: application/octet-stream");
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle_, CURLOPT_POST, 1L);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE, static_cast<long>(sent->size()));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, sent->data());
  }
  const CURLcode code = curl_easy_perform(handle_);
  curl_slist_free_all(headers);
  if (sink.too_large) return core::error(ErrorCode::Exhausted, "the answer is larger than 4 MiB");
  // The texts of libcurl are static.
  if (code != CURLE_OK) return core::error(ErrorCode::Unavailable, curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  sink.response.status = static_cast<int>(status);
  return std::move(sink.response);
}

void CurlFetcher::pause(int round) {
  std::this_thread::sleep_for(std::chrono::milliseconds(500) * round * round);
}

}  // namespace merlon::endorse
