// The pages of the registry: for browsers, which nobody knows, so what is public.

#include "merlon/base/text.h"
#include "merlon/drawbridge/pages.h"
#include "merlon/drawbridge/service.h"
#include "merlon/registry/names.h"
#include "merlon/service/html.h"

namespace merlon::drawbridge {

using http::Response;
using service::Forms;
using service::html_response;

namespace {

/// "/user/repository" → "user/repository"; empty: no name that could be.
std::string repository_of(std::string_view path) {
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || !registry::is_user(path.substr(0, slash)) ||
      !registry::is_repository(path.substr(slash + 1))) {
    return "";
  }
  return std::string(path);
}

std::vector<std::string> words_of(std::string_view text) {
  constexpr std::size_t most = 8;
  std::vector<std::string> words;
  for (const char c : text) {
    if (c == ' ' || words.empty()) words.emplace_back();
    if (c != ' ') words.back() += c;
  }
  std::erase(words, std::string());
  if (words.size() > most) words.resize(most);
  return words;
}

}  // namespace

Result<Response> Service::page(const http::Request& request) {
  if (request.path() == "/") return search(request);
  const std::string name = repository_of(request.path());
  const auto found = name.empty()
                         ? database::Result<std::optional<registry_store::Repository>>(std::nullopt)
                         : catalogue_.repository(name);
  if (!found) return refuse(found.error());
  if (!*found || !(*found)->is_public) {
    return html_response(404, nothing_page(), Forms::Own);
  }
  constexpr std::uint64_t most = 1000;
  const auto tags = catalogue_.tags(name, true, "", most);
  if (!tags) return refuse(tags.error());
  return html_response(200, repository_page(name, *tags), Forms::Own);
}

Result<Response> Service::search(const http::Request& request) {
  constexpr std::uint64_t on_a_page = 50;
  const std::string search = query_value(request.target, "search");
  registry_store::Catalogue::Query query;
  query.words = words_of(search);
  query.after = query_value(request.target, "after");
  query.limit = on_a_page;
  const auto page = catalogue_.repositories(query);
  if (!page) return refuse(page.error());
  return html_response(200, search_page(search, page->found, page->next), Forms::Own);
}

}  // namespace merlon::drawbridge
