#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/os/poll.h"
#include "merlon/registry_client/transfer.h"

namespace merlon::registry_client {

using base::concat;
using https_client::Asking;
using registry::Meta;

namespace {

constexpr unsigned ok = 200;
constexpr unsigned partial = 206;
constexpr unsigned most_tries = 4;

/// A directory's entries come behind it, and what is below them behind them.
struct Awaited {
  std::string path;
  Meta meta;
};

class Fetching {
 public:
  Fetching(const Client& client, const registry::Slug& slug, const Visitor& visit,
           const Progress& progress, const FetchWishes& wishes) noexcept
      : client_(client), slug_(slug), visit_(visit), progress_(progress), wishes_(wishes) {}

  Result<void> run(const TagEntry& tag) {
    std::vector<Awaited> awaited{{"", tag.root}};
    while (!awaited.empty()) {
      const Awaited next = std::move(awaited.back());
      awaited.pop_back();
      TRY(fetch_one(next, awaited));
    }
    return {};
  }

 private:
  Failure untrue(const std::string& path, std::string_view what) const {
    const std::string where = path.empty() ? "its root" : base::quoted(path);
    return {concat(slug_.text(), ": ", where, " ", what), Trouble::Untrue};
  }
  Failure too_much() const {
    return {concat(slug_.text(), ": is more than a keep could be given")};
  }

  /// Counts it before a byte of it is asked for.
  Result<void> admit(const Meta& meta) {
    if (++nodes_ > wishes_.limits.nodes || meta.length > wishes_.limits.bytes - bytes_) {
      return too_much();
    }
    bytes_ += meta.length;
    return {};
  }

  Result<void> fetch_one(const Awaited& awaited, std::vector<Awaited>& all) {
    const bool is_directory = awaited.meta.type == registry::directory_type;
    if (is_directory && awaited.meta.length > registry::max_directory_size) return too_much();
    if (awaited.path.empty()) TRY(admit(awaited.meta));
    FetchedNode node{awaited.path, awaited.meta, is_directory, {}};
    if (is_directory || !wishes_.listings_only || awaited.path.empty()) {
      node.bytes = TRY(content(awaited));
      if (awaited.path.empty()) TRY(check_pin(node.bytes));
    }
    if (is_directory) TRY(enter(awaited.path, node.bytes, all));
    return visit_(std::move(node));
  }

  /// The file that is wanted, or a directory above it.
  [[nodiscard]] bool is_wanted(std::string_view path) const {
    const std::string_view only = wishes_.only;
    if (only.empty() || only == path) return true;
    return only.size() > path.size() && only.starts_with(path) && only[path.size()] == '/';
  }

  /// Its entries, the first on top.
  Result<void> enter(const std::string& path, core::ByteView listing, std::vector<Awaited>& all) {
    const auto directory = registry::parse_directory(core::as_text(listing));
    if (!directory) return untrue(path, concat("is no directory: ", directory.error().message()));
    for (auto each = directory->rbegin(); each != directory->rend(); ++each) {
      TRY(admit(each->second));
      Awaited entry{concat(path, path.empty() ? "" : "/", each->first), each->second};
      if (is_wanted(entry.path)) all.push_back(std::move(entry));
    }
    return {};
  }

  Result<std::vector<std::uint8_t>> content(const Awaited& awaited) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(static_cast<std::size_t>(awaited.meta.length));
    for (unsigned tries = 1;; ++tries) {
      const std::size_t before = bytes.size();
      auto done = more(awaited, bytes);
      if (done) break;
      const bool broke = done.error().trouble == Trouble::Unusable && bytes.size() > before;
      if (!broke || tries >= most_tries) return done.error();
      static_cast<void>(os::poll({}, std::chrono::milliseconds(100) * (1U << tries)));
    }
    if (bytes.size() != awaited.meta.length || !awaited.meta.digest.holds_for(bytes)) {
      return untrue(awaited.path, "is not what its digest says");
    }
    done_ += bytes.size();
    return bytes;
  }

  /// What is still missing of it.
  Result<void> more(const Awaited& awaited, std::vector<std::uint8_t>& bytes) {
    Asking asking{"GET", concat(path_of_tag(slug_), "/tree", awaited.path.empty() ? "" : "/",
                                awaited.path, query_of(slug_))};
    const std::size_t had = bytes.size();
    if (had > 0) asking.fields.push_back({"Range", concat("bytes=", had, "-")});
    // Into a piece of its own: a server may begin at the beginning after all.
    std::vector<std::uint8_t> piece;
    asking.largest_in_sink = awaited.meta.length;
    asking.sink = [&](core::ByteView part) -> core::Result<void> {
      piece.insert(piece.end(), part.begin(), part.end());
      if (progress_) progress_(std::min(done_ + had + piece.size(), bytes_), bytes_);
      return {};
    };
    const auto answer = client_.ask(asking);
    if (answer && answer->status != ok && answer->status != partial) {
      return client_.refusal(*answer);
    }
    if (had == 0 && answer && answer->status == partial) {
      return untrue(awaited.path, "came in parts that nobody asked for");
    }
    if (answer && answer->status == partial && !continues(*answer, had, awaited.meta.length)) {
      return untrue(awaited.path, "came with another part than was asked for");
    }
    if (!answer) {
      // Of a first try the beginning is good as far as it goes; of a later one nobody knows.
      if (had == 0 && answer.error().trouble == Trouble::Unusable) bytes = std::move(piece);
      return answer.error();
    }
    if (answer->status == ok) bytes.clear();
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  }

  /// "bytes 7-99/100"
  static bool continues(const http_client::Answer& answer, std::size_t from, std::uint64_t length) {
    return answer.field("content-range") == concat("bytes ", from, "-", length - 1, "/", length);
  }

  Result<void> check_pin(core::ByteView root) const {
    if (slug_.digest.empty() || base::hex(crypto::sha256({root}).view()) == slug_.digest) return {};
    return untrue("", concat("has the digest sha-256=", base::hex(crypto::sha256({root}).view()),
                             ", not the one that was asked for"));
  }

  const Client& client_;
  const registry::Slug& slug_;
  const Visitor& visit_;
  const Progress& progress_;
  const FetchWishes& wishes_;
  std::size_t nodes_ = 0;
  std::uint64_t bytes_ = 0;  ///< of all nodes that are known of
  std::uint64_t done_ = 0;
};

}  // namespace

Result<void> fetch(const Client& client, const registry::Slug& slug, const TagEntry& tag,
                   const Visitor& visit, const Progress& progress, const FetchWishes& wishes) {
  return Fetching(client, slug, visit, progress, wishes).run(tag);
}

}  // namespace merlon::registry_client
