// Tags and their trees.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/drawbridge/content.h"
#include "merlon/drawbridge/range.h"
#include "merlon/drawbridge/service.h"
#include "merlon/registry/records.h"

namespace merlon::drawbridge {

using base::concat;
using http::Response;
using registry_store::Added;
using registry_store::Blob;
using registry_store::Node;
using registry_store::Place;
using registry_store::Repository;
using registry_store::Tag;
using registry_store::TagState;

namespace {

Refusal wrong_method() { return refuse(405, "Method not allowed"); }

constexpr std::size_t max_reason = 500;
/// So much of what is there already is read for who sends it nonetheless.
constexpr std::uint64_t most_to_discard = std::uint64_t{64} << 20U;

Place place_of(const Target& target) { return {target.full_name(), target.tag, target.path}; }

/// Reads what it is sent, for clients that look for an answer behind it alone.
class Discarding final : public http::Receiver {
 public:
  explicit Discarding(Response response) noexcept : response_(std::move(response)) {}
  [[nodiscard]] std::optional<Response> take(core::ByteView /*bytes*/) override {
    return std::nullopt;
  }
  [[nodiscard]] Response finish() override { return std::move(response_); }

 private:
  Response response_;
};

}  // namespace

Result<Repository> Service::readable(const http::Request& request, const Target& target) {
  auto found = catalogue_.repository(target.full_name());
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, not_found);
  TRY(access_.reader(request, **found));
  return **std::move(found);
}

Result<Tag> Service::readable_tag(const http::Request& request, const Target& target) {
  TRY(readable(request, target));
  auto found = catalogue_.tag(target.full_name(), target.tag);
  if (!found) return refuse(found.error());
  return judged(request, target, *std::move(found));
}

Result<Tag> Service::judged(const http::Request& request, const Target& target,
                            std::optional<Tag> tag) const {
  if (!tag || tag->state == TagState::Begun) return refuse(404, no_repository);
  if (tag->state == TagState::Deleted) return refuse(410, "Deleted");
  if (!tag->yanked) return *std::move(tag);
  // Who names the digest has decided before, and its user can see what he did.
  if (query_value(request.target, "digest") == concat("sha-256=", tag->digest) ||
      access_.user(request, target.user, Level::Read, Context::Repositories)) {
    return *std::move(tag);
  }
  return refuse(410, concat("Yanked: ", *tag->yanked));
}

Result<Node> Service::readable_node(const http::Request& request, const Target& target) {
  auto sight = catalogue_.look(place_of(target));
  if (!sight) return refuse(sight.error());
  if (!sight->repository) return refuse(404, not_found);
  TRY(access_.reader(request, *sight->repository));
  TRY(judged(request, target, std::move(sight->tag)));
  if (!sight->node) return refuse(404, no_repository);
  return *std::move(sight->node);
}

Result<Response> Service::tags(const http::Request& request, const Target& target) {
  if (!reads(request)) return wrong_method();
  constexpr std::uint64_t most = 10'000;
  TRY(readable(request, target));
  const std::uint64_t limit = TRY(limit_of(request, most, most));
  const auto found =
      catalogue_.tags(target.full_name(), false, query_value(request.target, "after"), limit);
  if (!found) return refuse(found.error());
  codec::JsonWriter writer;
  writer.open_array();
  for (const Tag& each : *found) writer.text(each.name);
  writer.close_array();
  return with_meta(writer.result(), registry::json_type);
}

Result<Response> Service::versions(const http::Request& request, const Target& target) {
  if (!reads(request)) return wrong_method();
  constexpr std::uint64_t most = 1000;
  TRY(readable(request, target));
  const std::uint64_t limit = TRY(limit_of(request, most, most));
  const auto found =
      catalogue_.tags(target.full_name(), true, query_value(request.target, "after"), limit);
  if (!found) return refuse(found.error());
  codec::JsonWriter writer;
  const auto member = [&](std::string_view name, std::string_view text) {
    writer.key(name);
    writer.text(text);
  };
  writer.open_object();
  writer.key("versions");
  writer.open_array();
  for (const Tag& each : *found) {
    writer.open_object();
    member("tag", each.name);
    member("digest", concat("sha-256=", each.digest));
    writer.key("length");
    writer.number(each.length);
    writer.key("files");
    writer.number(each.nodes);
    writer.key("signed");
    writer.boolean(each.type == registry::signed_tag_type);
    if (each.yanked) member("yanked", *each.yanked);
    member("created", codec::to_rfc3339(each.created));
    writer.close_object();
  }
  writer.close_array();
  writer.close_object();
  return json(200, writer.result());
}

Result<Response> Service::tag(const http::Request& request, const Target& target) {
  if (request.method == "PUT") return put_tag(request, target);
  if (reads(request)) {
    const Tag found = TRY(readable_tag(request, target));
    return with_meta(found.record, found.type);
  }
  if (request.method != "DELETE") return wrong_method();
  TRY(access_.user(request, target.user, Level::Write, Context::Tags));
  const auto turn = removals_.begin(target.user);
  if (!turn) return refuse(503, removing);
  const auto gone = shelf_.delete_tag(target.full_name(), target.tag);
  if (!gone) return refuse(gone.error());
  if (!*gone) return refuse(404, not_found);
  return json(200, "{}");
}

Result<Response> Service::put_tag(const http::Request& request, const Target& target) {
  TRY(access_.writer(request, target));
  const registry::Meta told = TRY(told_meta(request, true));
  if (told.type != registry::tag_type && told.type != registry::signed_tag_type) {
    return refuse(400, "Invalid content type");
  }
  TRY(check_content(request, told.type, true));
  const auto root = registry::parse_tag(request.body, told.type);
  if (!root) return refuse(400, concat("Not a tag: ", root.error().message()));
  if (root->digest.empty()) {
    return refuse(400, "At least one content digest value must be specified");
  }
  if (root->length > world_.largest) return refuse(413, "The content is too long");
  const auto repository = catalogue_.repository(target.full_name());
  if (!repository) return refuse(repository.error());
  if (!*repository) return refuse(404, no_repository);
  Tag tag;
  tag.repository = target.full_name();
  tag.name = target.tag;
  tag.record = request.body;
  tag.type = told.type;
  // In the place of another that has begun, whose contents go.
  const auto before = catalogue_.tag(tag.repository, tag.name);
  if (!before) return refuse(before.error());
  const bool replaces = *before && (*before)->state == registry_store::TagState::Begun &&
                        (*before)->record != tag.record;
  const auto turn =
      replaces ? removals_.begin(target.user) : std::optional<Removals::Turn>(std::nullopt);
  if (replaces && !turn) return refuse(503, removing);
  const auto added = shelf_.begin_tag(tag, *root);
  if (!added) return refuse(added.error());
  return response_of(*added);
}

Result<Response> Service::yank(const http::Request& request, const Target& target) {
  const bool puts = request.method == "PUT";
  if (!puts && request.method != "DELETE") return wrong_method();
  TRY(access_.user(request, target.user, Level::Write, Context::Tags));
  std::optional<std::string> why;
  if (puts) {
    const auto document = codec::JsonDocument::parse(request.body);
    const auto* const reason = document ? document->root().find("reason") : nullptr;
    if (reason == nullptr || reason->text().size() > max_reason) {
      return refuse(400, R"(Not a reason: {"reason":"…"})");
    }
    why = std::string(base::printable(reason->text(), max_reason));
  }
  const auto done = catalogue_.yank(target.full_name(), target.tag, why);
  if (!done) return refuse(done.error());
  if (!*done) return refuse(404, not_found);
  return json(200, "{}");
}

// ---- trees ----

namespace {

Response not_modified(const std::string& etag) { return {304, {{"ETag", etag}}, {}}; }

std::vector<http::Header> headers_of(const registry::Meta& meta, const std::string& etag) {
  return {{"Content-Type", meta.type},
          {"Content-Digest", meta.digest.text()},
          {"ETag", etag},
          {"Accept-Ranges", "bytes"},
          // What users have brought is shown as a page of this origin's nowhere.
          {"X-Content-Type-Options", "nosniff"},
          {"Content-Security-Policy", "default-src 'none'; sandbox"}};
}

}  // namespace

Result<Response> Service::tree(const http::Request& request, const Target& target) {
  if (!reads(request)) return wrong_method();
  const auto seen = quick_.seen();
  const Node node = TRY(readable_node(request, target));
  const registry::Meta& meta = node.meta;
  const Blob& blob = node.blob;
  const std::string etag = concat("\"sha-256=", base::hex(blob.key.view()), "\"");
  if (names_etag(request.joined("if-none-match"), etag)) return not_modified(etag);
  Response response{200, headers_of(meta, etag), {}};
  Range range{0, blob.length};
  const bool same = request.header("if-range").value_or(etag) == etag;
  if (const auto header = request.header("range"); header && same) {
    const WantedRange wanted = parse_range(*header, blob.length);
    if (!wanted.is_satisfiable) {
      Response refused = response_of(refuse(416, "There is no such range"));
      refused.headers.push_back({"Content-Range", concat("bytes */", blob.length)});
      return refused;
    }
    if (wanted.range) {
      range = *wanted.range;
      response.status = 206;
      response.headers.push_back(
          {"Content-Range",
           concat("bytes ", range.first, "-", range.first + range.count - 1, "/", blob.length)});
    }
  }
  ++counts_.given;
  if (range.count == 0) return response;
  if (blob.length <= QuickAnswers::largest) {
    const auto bytes = TRY(small_content(blob));
    response.body = core::as_text(core::ByteView(*bytes).subspan(range.first, range.count));
    quick_.keep(request, response, seen);
    return response;
  }
  auto outgoing = shelf_.open(blob);
  if (!outgoing) {
    ++counts_.altered;
    return refuse(outgoing.error());
  }
  response.content = std::make_shared<NodeContent>(*std::move(outgoing), range.first, range.count,
                                                   pieces_, [this] { ++counts_.altered; });
  return response;
}

Result<KeptPieces::Bytes> Service::small_content(const Blob& blob) {
  if (auto known = small_.find(blob.object, 0)) return known;
  const auto outgoing = shelf_.open(blob);
  auto bytes = outgoing ? compared_piece(*outgoing, 0, small_) : nullptr;
  if (bytes) return bytes;
  ++counts_.altered;
  return refuse(500, backend_failure);
}

Result<Response> Service::upload(const http::Request& request, const Target& target) {
  if (!reads(request)) return wrong_method();
  TRY(access_.writer(request, target));
  const auto kept = shelf_.kept(place_of(target));
  if (!kept) return refuse(kept.error());
  if (!*kept) return refuse(404, not_found);
  return Response{200, {{"Upload-Offset", concat(**kept)}, {"Cache-Control", "no-store"}}, {}};
}

Result<http::Reception> Service::receive_node(const http::Request& request, const Target& target) {
  TRY(access_.writer(request, target));
  registry::Meta meta = TRY(told_meta(request, true));
  const std::uint64_t sent = meta.length;
  std::optional<std::uint64_t> offset;
  if (const auto header = request.header("upload-offset")) {
    const auto number = base::parse_decimal(*header);
    if (!number || *number > world_.largest) return refuse(400, "Upload-Offset header malformed");
    offset = *number;
    meta.length += *number;
  }
  const bool is_directory = meta.type == registry::directory_type;
  if (meta.length > (is_directory ? registry::max_directory_size : world_.largest)) {
    return refuse(413, "The content is too long");
  }
  const Place place = place_of(target);
  auto begun = offset ? shelf_.go_on(place, meta, *offset) : shelf_.begin(place, meta);
  if (!begun) return refuse(begun.error());
  if (begun->incoming) {
    return http::Reception{std::make_unique<NodeReceiver>(std::move(begun->incoming),
                                                          [this](std::uint64_t length) {
                                                            ++counts_.stored;
                                                            counts_.stored_bytes += length;
                                                          }),
                           {}};
  }
  Response response = response_of(begun->added);
  if (begun->added.kind == Added::Kind::Done) {
    response = response_of(refuse(409, "The upload goes on at another byte"));
    response.headers.push_back({"Upload-Offset", concat(begun->offset)});
  }
  const auto tag = catalogue_.tag(place.repository, place.tag);
  const bool is_whole = tag && *tag && (*tag)->state == TagState::Whole;
  // The same bytes are no change: who pushes again what was lost in part goes through all of it.
  if (begun->added.kind == Added::Kind::Exists) {
    response = Response{200, {}, {}};
  } else if (is_whole) {
    response = response_of(refuse(409, exists));
  }
  if (sent <= most_to_discard && begun->added.kind == Added::Kind::Exists) {
    return http::Reception{std::make_unique<Discarding>(std::move(response)), {}};
  }
  return http::Reception{nullptr, std::move(response)};
}

}  // namespace merlon::drawbridge
