#pragma once

// The routes of a Drawbridge (docs/drawbridge.md). Requests are attacker-controlled. Besides those
// of the registry: /health, /ready, /metrics, and pages for people (page.h).

#include <atomic>
#include <functional>
#include <set>

#include "merlon/drawbridge/access.h"
#include "merlon/drawbridge/kept_pieces.h"
#include "merlon/drawbridge/quick_answers.h"
#include "merlon/drawbridge/removals.h"
#include "merlon/drawbridge/target.h"
#include "merlon/http/server.h"
#include "merlon/registry_store/shelf.h"
#include "merlon/service/seldom.h"

namespace merlon::drawbridge {

/// What is counted since the start.
struct Counts {
  std::atomic<std::uint64_t> stored{0};  ///< contents
  std::atomic<std::uint64_t> stored_bytes{0};
  std::atomic<std::uint64_t> given{0};    ///< contents, whole or in part
  std::atomic<std::uint64_t> altered{0};  ///< contents that the store had lost or altered
  std::atomic<std::uint64_t> refused{0};  ///< requests
};

class Service {
 public:
  struct World {
    std::function<codec::UnixTime()> now;
    std::function<http::Counters()> counters;
    /// Users that nobody may become.
    std::set<std::string, std::less<>> reserved;
    /// Of one file.
    std::uint64_t largest = std::uint64_t{4} << 30U;
    QuickAnswers::Version version{};
    /// Requests that remove contents at a time.
    std::size_t removals = 4;
  };

  /// Both outlive it.
  Service(registry_store::Shelf& shelf, const Access& access, World world) noexcept
      : shelf_(shelf),
        catalogue_(shelf.catalogue()),
        access_(access),
        world_(std::move(world)),
        removals_(world_.removals),
        quick_(world_.version) {}

  /// By the one thread that carries bytes; nothing: handle() is to be asked.
  [[nodiscard]] std::optional<http::Response> quick(const http::Request& request);

  /// By workers; any number at the same time.
  [[nodiscard]] http::Response handle(const http::Request& request);
  /// Contents of nodes are taken piece by piece.
  [[nodiscard]] http::Reception receive(const http::Request& request);

 private:
  [[nodiscard]] Result<http::Response> answer(const http::Request& request);
  [[nodiscard]] Result<http::Response> answer_target(const http::Request& request,
                                                     const Target& target);

  // ---- pages (service_pages.cc) ----
  [[nodiscard]] Result<http::Response> page(const http::Request& request);
  [[nodiscard]] Result<http::Response> search(const http::Request& request);

  // ---- users and repositories (service_repositories.cc) ----
  [[nodiscard]] Result<http::Response> user(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> put_user(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> repository(const http::Request& request,
                                                  const Target& target);
  [[nodiscard]] Result<http::Response> put_repository(const http::Request& request,
                                                      const Target& target);
  [[nodiscard]] Result<http::Response> repositories(const http::Request& request,
                                                    const Target& target);
  [[nodiscard]] Result<http::Response> admission(const http::Request& request,
                                                 const Target& target);
  [[nodiscard]] Result<http::Response> tokens(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> new_token(const http::Request& request,
                                                 const Target& target);

  // ---- tags and trees (service_tags.cc) ----
  [[nodiscard]] Result<http::Response> tags(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> versions(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> tag(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> put_tag(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> yank(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> tree(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Response> upload(const http::Request& request, const Target& target);
  [[nodiscard]] Result<http::Reception> receive_node(const http::Request& request,
                                                     const Target& target);

  /// One that the asker may read; 404 and 401 as Enarx has them.
  [[nodiscard]] Result<registry_store::Repository> readable(const http::Request& request,
                                                            const Target& target);
  /// A whole tag of it, that is not yanked for the asker.
  [[nodiscard]] Result<registry_store::Tag> readable_tag(const http::Request& request,
                                                         const Target& target);
  /// The same of what the catalogue has told, and the node if there is one.
  [[nodiscard]] Result<registry_store::Node> readable_node(const http::Request& request,
                                                           const Target& target);
  [[nodiscard]] Result<registry_store::Tag> judged(const http::Request& request,
                                                   const Target& target,
                                                   std::optional<registry_store::Tag> tag) const;
  /// Of a content that is one small piece, all of it.
  [[nodiscard]] Result<KeptPieces::Bytes> small_content(const registry_store::Blob& blob);
  [[nodiscard]] std::string metrics();

  registry_store::Shelf& shelf_;
  registry_store::Catalogue& catalogue_;
  const Access& access_;
  World world_;
  Counts counts_;
  Removals removals_;
  /// Of whole tables.
  service::Seldom<registry_store::Catalogue::Counts> kept_{std::chrono::seconds(30)};
  QuickAnswers quick_;
  KeptPieces small_{std::size_t{32} << 20U};   ///< contents of at most QuickAnswers::largest
  KeptPieces pieces_{std::size_t{64} << 20U};  ///< of larger ones
};

// ---- what the parts of Service share ----

[[nodiscard]] inline bool reads(const http::Request& request) noexcept {
  return request.method == "GET" || request.method == "HEAD";
}
/// With the headers by which Enarx' clients know what they get.
[[nodiscard]] http::Response with_meta(std::string content, std::string_view type);
[[nodiscard]] http::Response json(unsigned status, std::string content);
/// What a request's headers say of its content; 400. `digest_needed`: it must tell at least one.
[[nodiscard]] Result<registry::Meta> told_meta(const http::Request& request, bool digest_needed);
/// The content is what its headers say; 400.
[[nodiscard]] Result<void> check_content(const http::Request& request, std::string_view type,
                                         bool digest_needed);
[[nodiscard]] Result<std::uint64_t> limit_of(const http::Request& request, std::uint64_t usual,
                                             std::uint64_t most);

}  // namespace merlon::drawbridge
