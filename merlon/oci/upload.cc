// Blobs to a registry [OCI-DIST 1.1.1 §pushing-blobs]: as one, or in chunks, each of which is
// acknowledged.

#include "merlon/base/text.h"
#include "merlon/codec/percent.h"
#include "merlon/oci/client.h"
#include "merlon/os/poll.h"
#include "merlon/registry/directory.h"

namespace merlon::oci {

using base::concat;
using http_client::Answer;
using https_client::Asking;

namespace {

constexpr unsigned created = 201;
constexpr unsigned accepted = 202;
constexpr unsigned no_content = 204;
constexpr unsigned range_wrong = 416;
constexpr unsigned most_tries = 5;
constexpr std::uint64_t usual_chunk = std::uint64_t{8} << 20U;
constexpr std::uint64_t largest_chunk = max_content;

}  // namespace

class Upload {
 public:
  Upload(Client& client, const Descriptor& content, core::ByteView bytes, const Carried& carried)
      : client_(client), content_(content), bytes_(bytes), carried_(carried) {}

  Result<void> run() {
    TRY(begin());
    for (unsigned tries = 1;;) {
      const std::uint64_t before = offset_;
      auto answer = send();
      if (answer && answer->status == created) return check(*answer);
      if (answer && answer->status == accepted && !is_last_) {
        TRY(acknowledged(*answer, before + chunk_));
        if (offset_ <= before) return client_.unusable("takes no more of an upload");
        tries = 1;
        continue;
      }
      if (answer && takes_no_chunks(answer->status)) {
        chunk_ = largest_chunk;
        TRY(begin());
        continue;
      }
      const bool broke = !answer && answer.error().trouble == Trouble::Unusable && begun_;
      const bool elsewhere = answer && answer->status == range_wrong;
      if ((!broke && !elsewhere) || tries >= most_tries) {
        if (!answer) return answer.error();
        return client_.refusal(*answer);
      }
      static_cast<void>(os::poll({}, std::chrono::milliseconds(50) * (1U << tries)));
      ++tries;
      TRY(resume());
    }
  }

 private:
  /// Not all registries take them: then it goes as one.
  [[nodiscard]] bool takes_no_chunks(unsigned status) const noexcept {
    constexpr unsigned bad = 400;
    constexpr unsigned no_method = 405;
    constexpr unsigned too_large = 413;
    constexpr unsigned not_there = 501;
    const bool refused = status == bad || status == no_method || status == too_large ||
                         status == range_wrong || status == not_there;
    return refused && !is_last_ && offset_ == 0;
  }

  Result<void> begin() {
    const auto answer = TRY(client_.ask({"POST", client_.path_of("blobs", "uploads/")}));
    if (answer.status != accepted) return client_.refusal(answer);
    offset_ = 0;
    const auto least = answer.field("oci-chunk-min-length");
    const auto number = least ? base::parse_decimal(*least) : core::Result<std::uint64_t>(0U);
    if (number && *number <= largest_chunk) chunk_ = std::max(chunk_, *number);
    return go_to(answer);
  }

  /// Where the upload goes on: at this registry and nowhere else.
  Result<void> go_to(const Answer& answer) {
    const auto location = answer.field("location");
    if (!location) return client_.unusable("does not say where an upload goes");
    if (location->starts_with('/') && !location->starts_with("//")) {
      path_ = *location;
      return {};
    }
    const auto there = origin_of(std::string(*location));
    const auto here = origin_of(client_.reference_.url());
    const bool same = there && here && there->host == here->host && there->port == here->port &&
                      there->is_plain == here->is_plain;
    if (!same) {
      return client_.unusable(concat("wants uploads at ", base::quoted(*location),
                                     ", which is another host and is not followed"));
    }
    path_ = there->path;
    return {};
  }

  /// "0-99": so much is there. `usual` is how much if the registry does not say. "0-0" is one byte
  /// to some and none to others; it counts as none.
  Result<void> acknowledged(const Answer& answer, std::uint64_t usual) {
    constexpr std::string_view from_begin = "0-";
    TRY(go_to(answer));
    offset_ = usual;
    const auto range = answer.field("range");
    if (!range) return {};
    const auto last = range->starts_with(from_begin)
                          ? base::parse_decimal(range->substr(from_begin.size()))
                          : core::Result<std::uint64_t>(content_.size);
    if (!last || *last >= content_.size) {
      return client_.unusable("keeps another part of an upload than it was sent");
    }
    offset_ = *last == 0 ? 0 : *last + 1;
    return {};
  }

  http_client::BodySource source(std::uint64_t size) {
    core::ByteView left = bytes_.subspan(static_cast<std::size_t>(offset_), size);
    const auto read = [this, left, all = offset_ + size](
                          core::ByteSpan into) mutable -> core::Result<std::size_t> {
      begun_ = true;
      const std::size_t part = std::min(left.size(), into.size());
      std::copy_n(left.begin(), part, into.begin());
      left = left.subspan(part);
      if (carried_) carried_(all - left.size());
      return part;
    };
    return {size, read};
  }

  Result<Answer> send() {
    const std::uint64_t left = content_.size - offset_;
    is_last_ = left <= chunk_;
    const std::uint64_t size = is_last_ ? left : chunk_;
    Asking asking{is_last_ ? "PUT" : "PATCH", path_, std::string(registry::other_type)};
    if (is_last_) {
      asking.path += concat(path_.find('?') == std::string::npos ? "?" : "&",
                            "digest=", codec::encode_percent(concat("sha256:", content_.digest)));
    }
    if (size > 0 && (offset_ > 0 || !is_last_)) {
      asking.fields.push_back({"Content-Range", concat(offset_, "-", offset_ + size - 1)});
    }
    begun_ = size == 0;
    return client_.ask(asking, Client::Redirects::Refused, [&] { return source(size); });
  }

  /// After a connection that broke: where the registry is. If it does not say, from the beginning.
  Result<void> resume() {
    const auto answer = client_.ask({"GET", path_});
    if (answer && answer->status == no_content) {
      const auto known = acknowledged(*answer, 0);
      if (known && offset_ > 0) return {};
    }
    return begin();
  }

  Result<void> check(const Answer& answer) const {
    const auto told = answer.field("docker-content-digest");
    if (!told || *told == concat("sha256:", content_.digest)) return {};
    return client_.untrue("the registry keeps other bytes than those that were sent");
  }

  Client& client_;
  const Descriptor& content_;
  core::ByteView bytes_;
  const Carried& carried_;
  std::string path_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunk_ = usual_chunk;
  bool is_last_ = false;
  bool begun_ = false;
};

Result<void> Client::put_blob(const Descriptor& content, core::ByteView bytes,
                              const Carried& carried) {
  return Upload(*this, content, bytes, carried).run();
}

}  // namespace merlon::oci
