#include "merlon/base/text.h"
#include "merlon/os/poll.h"
#include "merlon/registry_client/transfer.h"

namespace merlon::registry_client {

using base::concat;
using http_client::Answer;
using https_client::Asking;

namespace {

constexpr unsigned ok = 200;
constexpr unsigned created = 201;
constexpr unsigned unauthorized = 401;
constexpr unsigned not_found = 404;
constexpr unsigned conflict = 409;
/// Smaller files are sent again as a whole.
constexpr std::size_t worth_resuming = std::size_t{64} << 10U;
constexpr unsigned most_tries = 5;

core::ByteView content_of(const registry::Node& node) noexcept {
  return node.meta.type == registry::directory_type ? core::as_bytes(node.listing) : node.content;
}

class Publishing {
 public:
  Publishing(const Client& client, const registry::Slug& slug,
             const std::vector<registry::Node>& nodes, const Progress& progress,
             const std::string& signed_tag)
      : client_(client), slug_(slug), nodes_(nodes), progress_(progress), signed_(signed_tag) {
    for (const auto& node : nodes) all_ += node.meta.length;
  }

  Result<Published> run() {
    const bool stands = TRY(put_tag());
    for (const registry::Node& node : nodes_) {
      const bool there = (stands && TRY(has(node))) || TRY(put(node));
      // A root that is there already: somebody began with this tree before.
      if (node.path.empty()) resumes_ = there;
      (there ? published_.there : published_.sent) += 1;
      done_ += node.meta.length;
      report(0);
    }
    return published_;
  }

 private:
  void report(std::uint64_t within) const {
    if (progress_) progress_(std::min(done_ + within, all_), all_);
  }

  /// Whether it stood before.
  Result<bool> put_tag() const {
    const registry::Meta& root = nodes_.front().meta;
    const std::string entry = signed_.empty() ? registry::to_json(root) : signed_;
    const auto type = signed_.empty() ? registry::tag_type : registry::signed_tag_type;
    Asking asking{"PUT", path_of_tag(slug_), std::string(type)};
    asking.fields.push_back(
        {"Content-Digest", registry::ContentDigest::of(core::as_bytes(entry)).text()});
    asking.body = core::as_bytes(entry);
    const auto answer = TRY(client_.ask(asking));
    if (answer.status == created || answer.status == ok) return false;
    if (answer.status != conflict) return client_.refusal(answer);
    registry::Slug bare = slug_;
    bare.digest.clear();
    const auto tag = client_.tag(bare);
    if (!tag) return client_.refusal(answer);
    if (tag->entry.root == root) return true;
    return Failure{concat(slug_.text(), ": stands already, with another tree"), Trouble::Taken};
  }

  std::string path_of(const registry::Node& node, std::string_view what) const {
    return concat(path_of_tag(slug_), "/", what, node.path.empty() ? "" : "/", node.path);
  }

  Result<bool> has(const registry::Node& node) const {
    const auto answer = TRY(client_.ask({"HEAD", path_of(node, "tree")}));
    if (answer.status == not_found) return false;
    if (answer.status != ok) return client_.refusal(answer);
    const auto told = answer.field("content-digest");
    const auto digest = told ? registry::ContentDigest::parse(*told)
                             : core::Result<registry::ContentDigest>(registry::ContentDigest());
    if (digest && *digest == node.meta.digest) return true;
    return Failure{concat(slug_.text(), ": ", base::quoted(node.path), " stands with other bytes"),
                   Trouble::Taken};
  }

  /// How many bytes of an upload that broke off are kept; 0 where nobody says.
  Result<std::uint64_t> kept(const registry::Node& node) const {
    const auto answer = client_.ask({"GET", path_of(node, "upload")});
    if (!answer || answer->status != ok) return std::uint64_t{0};
    return offset_in(*answer, node);
  }
  Result<std::uint64_t> offset_in(const Answer& answer, const registry::Node& node) const {
    const auto told = answer.field("upload-offset");
    if (!told) return std::uint64_t{0};
    const auto offset = base::parse_decimal(*told);
    if (!offset || *offset > node.meta.length) {
      return client_.unusable("keeps more of a file than there is");
    }
    return *offset;
  }

  http_client::BodySource source_of(core::ByteView content, std::uint64_t offset,
                                    bool& begun) const {
    core::ByteView left = content.subspan(static_cast<std::size_t>(offset));
    const auto read = [this, left, content,
                       &begun](core::ByteSpan into) mutable -> core::Result<std::size_t> {
      begun = true;
      const std::size_t part = std::min(left.size(), into.size());
      std::copy_n(left.begin(), part, into.begin());
      report(content.size() - left.size());
      left = left.subspan(part);
      return part;
    };
    return {left.size(), read};
  }

  Result<Answer> send(const registry::Node& node, std::uint64_t offset, bool& begun) const {
    const core::ByteView content = content_of(node);
    Asking asking{"PUT", path_of(node, "tree"), node.meta.type};
    asking.fields.push_back({"Content-Digest", node.meta.digest.text()});
    if (offset > 0) asking.fields.push_back({"Upload-Offset", concat(offset)});
    if (content.size() < worth_resuming) {
      asking.body = content;
    } else {
      asking.source = source_of(content, offset, begun);
    }
    return client_.ask(std::move(asking));
  }

  /// Whether the same was there before.
  Result<bool> put(const registry::Node& node) const {
    const bool large = node.meta.length >= worth_resuming;
    std::uint64_t offset = large && resumes_ ? TRY(kept(node)) : 0;
    bool renewed = false;
    for (unsigned tries = 1;; ++tries) {
      bool begun = false;
      const auto answer = send(node, offset, begun);
      const bool last = tries >= most_tries;
      if (!answer) {
        if (last || !begun || answer.error().trouble != Trouble::Unusable) return answer.error();
        static_cast<void>(os::poll({}, std::chrono::milliseconds(100) * (1U << tries)));
        offset = TRY(kept(node));
      } else if (answer->status == created) {
        return false;
      } else if (answer->status == ok) {
        return true;
      } else if (answer->status == conflict && answer->field("upload-offset") && !last) {
        offset = TRY(offset_in(*answer, node));
      } else if (answer->status == unauthorized && large && !renewed && client_.renew_token()) {
        renewed = true;
        offset = TRY(kept(node));
      } else {
        return client_.refusal(*answer);
      }
    }
  }

  const Client& client_;
  const registry::Slug& slug_;
  const std::vector<registry::Node>& nodes_;
  const Progress& progress_;
  const std::string& signed_;
  std::uint64_t all_ = 0;
  std::uint64_t done_ = 0;
  bool resumes_ = false;
  Published published_;
};

}  // namespace

Result<Published> publish(const Client& client, const registry::Slug& slug,
                          const std::vector<registry::Node>& nodes, const Progress& progress,
                          const std::string& signed_tag) {
  if (nodes.empty()) return client.unusable("nothing to publish");
  return Publishing(client, slug, nodes, progress, signed_tag).run();
}

}  // namespace merlon::registry_client
