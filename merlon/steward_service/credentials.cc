#include "merlon/steward_service/credentials.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/steward_service/files.h"
#include "merlon/steward_service/problem.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {

using base::concat;
using core::ByteView;
using credential::IssuingKey;
using credential::KeyId;
using credential::KeyLog;

namespace {

constexpr std::string_view log_name = "keys.log";
constexpr std::string_view given_name = "given.log";
constexpr std::string_view lock_name = "lock";
constexpr std::size_t max_given_size = std::size_t{256} << 20U;

std::string about(const std::string& path, std::string_view what) {
  return concat(base::printable(path), ": ", what);
}

std::string key_name(std::uint64_t number) {
  std::string digits = concat(number);
  constexpr std::size_t width = 8;
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return concat(digits, ".key");
}

/// "KEEP KEY REQUEST ANSWER": three digests in hexadecimal digits, and base64url; the last two are
/// missing in files of older Stewards.
struct GivenLine {
  std::string of;
  std::string request;
  credential::Bytes answer;

  static std::optional<GivenLine> parse(std::string_view text) {
    constexpr std::size_t digits = 64;
    constexpr std::size_t of_size = 2 * digits + 1;
    const auto is_digest = [&](std::size_t at) {
      const auto digest = codec::decode_hex(text.substr(at, digits));
      return digest && digest->size() == digits / 2;
    };
    if (text.size() < of_size || text[digits] != ' ' || !is_digest(0) || !is_digest(digits + 1)) {
      return std::nullopt;
    }
    GivenLine line{std::string(text.substr(0, of_size)), {}, {}};
    if (text.size() == of_size) return line;
    constexpr std::size_t answer_at = of_size + digits + 2;
    if (text.size() <= answer_at || text[of_size] != ' ' || text[answer_at - 1] != ' ' ||
        !is_digest(of_size + 1)) {
      return std::nullopt;
    }
    auto answer = codec::decode_base64url(text.substr(answer_at));
    if (!answer) return std::nullopt;
    line.request = text.substr(of_size + 1, digits);
    line.answer = *std::move(answer);
    return line;
  }
};

http::Response refused(unsigned status, std::string_view code, std::string_view title,
                       std::string_view got, const http::Request& request) {
  return answer({status, std::string(code), std::string(title), {}, std::string(got)}, request);
}

}  // namespace

std::string Credentials::path_of(std::string_view name) const {
  return concat(options_.directory, options_.directory.ends_with('/') ? "" : "/", name);
}

Outcome<std::unique_ptr<Credentials>> Credentials::open(const CredentialOptions& options,
                                                        codec::UnixTime now) {
  std::unique_ptr<Credentials> made(new Credentials(options));
  if (const auto lasting = os::make_lasting_directory(options.directory); !lasting) {
    return about(options.directory, concat("cannot be made: ", os::describe(lasting.error())));
  }
  const std::string lock_path = made->path_of(lock_name);
  auto lock = os::open_record(lock_path);
  if (!lock) return about(lock_path, os::describe(lock.error()));
  if (!os::try_lock(*lock)) return about(options.directory, "another Steward has it");
  made->lock_ = *std::move(lock);
  TRY(made->read_log());
  TRY(made->read_given(now));
  return made;
}

Outcome<void> Credentials::read_log() {
  const std::string path = path_of(log_name);
  if (!os::exists(path)) return {};
  const auto bytes = TRY(read_file(path, KeyLog::max_size));
  auto log = KeyLog::parse(bytes);
  if (!log) return about(path, log.error().what);
  keys_ = *std::move(log);
  for (const KeyLog::Entry& each : keys_.entries()) {
    const std::string key_path = path_of(key_name(each.record.number));
    if (!os::exists(key_path)) continue;  // of an epoch that is over, and was removed
    const crypto::SecretBytes file(TRY(read_file(key_path, IssuingKey::max_file_size)));
    auto key = IssuingKey::parse(file.reveal());
    if (!key) return about(key_path, key.error().what);
    if (key->id() != each.id) return about(key_path, "is not the key of the log");
    issuing_.insert_or_assign(each.id, *std::move(key));
  }
  return {};
}

void Credentials::set_world(World world) {
  world_ = std::move(world);
  if (world_.count) world_.count(keys_.entries().size(), keys_.encode().size());
}

/// Lines of keys that are over are left out, and the file is written anew without them.
Outcome<void> Credentials::read_given(codec::UnixTime now) {
  const std::string path = path_of(given_name);
  std::string kept;
  if (os::exists(path)) {
    const auto bytes = TRY(read_file(path, max_given_size));
    for (std::string_view text = core::as_text(bytes); !text.empty();) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) break;  // cut off: its credential never left
      const auto line = GivenLine::parse(text.substr(0, end));
      if (!line) return about(path, "has a line that is none of a Steward's");
      const bool counts = std::ranges::any_of(keys_.entries(), [&](const KeyLog::Entry& each) {
        return now < each.record.not_after && line->of.ends_with(base::hex(each.id.view()));
      });
      if (counts) {
        kept += concat(text.substr(0, end), "\n");
        given_.insert_or_assign(line->of, Given{line->request, line->answer});
      }
      text.remove_prefix(end + 1);
    }
  }
  if (const auto written = os::replace_file(path, core::as_bytes(kept)); !written) {
    return about(path, os::describe(written.error()));
  }
  auto file = os::open_record(path);
  if (!file) return about(path, os::describe(file.error()));
  given_file_ = *std::move(file);
  given_size_ = kept.size();
  return {};
}

Outcome<void> Credentials::add_key(const crypto::Sha256Digest& policy, bool development,
                                   codec::UnixTime from, codec::UnixTime until) {
  credential::KeyRecord wanted;
  wanted.number = keys_.entries().size();
  if (!keys_.entries().empty()) wanted.before = keys_.entries().back().id;
  wanted.issuer = options_.issuer;
  wanted.policy = policy;
  wanted.development = development;
  for (const KeyLog::Entry& each : keys_.entries()) {
    if (each.record.policy == policy) wanted.epoch = each.record.epoch + 1;
  }
  wanted.not_before = from;
  wanted.not_after = until;
  wanted.limit = options_.limit;
  auto key = IssuingKey::generate(std::move(wanted));
  if (!key) return std::string(key.error().what);
  KeyLog next = keys_;
  if (const auto added = next.add(key->record_bytes()); !added) {
    return about(path_of(log_name), added.error().what);
  }
  // The private half first: a key that is published can be used.
  const std::string key_path = path_of(key_name(key->record().number));
  const crypto::SecretBytes file = key->to_file();
  if (const auto written = os::replace_file(key_path, file.reveal()); !written) {
    return about(key_path, os::describe(written.error()));
  }
  if (const auto written = os::replace_file(path_of(log_name), next.encode()); !written) {
    return about(path_of(log_name), os::describe(written.error()));
  }
  keys_ = std::move(next);
  if (world_.count) world_.count(keys_.entries().size(), keys_.encode().size());
  issuing_.insert_or_assign(key->id(), *std::move(key));
  return {};
}

Outcome<IssuingKey> Credentials::key_for(const crypto::Sha256Digest& policy, bool development,
                                         codec::UnixTime now) {
  const std::scoped_lock lock(mutex_);
  // Clocks that are behind take it as well; but not before the end of one that there was.
  constexpr std::int64_t backdate = 600;
  codec::UnixTime from{now.seconds - backdate};
  for (const KeyLog::Entry& each : keys_.entries()) {
    if (each.record.policy == policy) from = std::max(from, each.record.not_after);
  }
  const KeyLog::Entry* entry = keys_.find(policy, now);
  // The log takes no key between two others, and each key stays in it: of one that would count
  // later, each question would make one more.
  if (entry == nullptr && from > now) {
    return std::string("the clock lies before keys that there are");
  }
  if (entry == nullptr) {
    TRY(add_key(policy, development, from, {now.seconds + options_.epoch.count()}));
    entry = keys_.find(policy, now);
    if (entry == nullptr) return std::string("there is no key of now");
  }
  // Sites judge tokens by what the key says: under a key for genuine keeps no simulator's gets one.
  if (entry->record.development != development) {
    return concat("the key of this policy was made with",
                  entry->record.development ? " --development" : "out --development",
                  ": take another directory");
  }
  const KeyId id = entry->id;
  const codec::UnixTime end = entry->record.not_after;
  const bool ends_soon = end.seconds - now.seconds < options_.epoch.count() / 2;
  if (ends_soon && from <= end) {
    TRY(add_key(policy, development, end, {end.seconds + options_.epoch.count()}));
  }
  const auto found = issuing_.find(id);
  if (found == issuing_.end()) return std::string("the private half of the key is missing");
  return found->second;
}

Outcome<Credentials::Given> Credentials::note_given(const crypto::Sha256Digest& keep,
                                                    const KeyId& key, Given given) {
  const std::scoped_lock lock(mutex_);
  const std::string of = concat(base::hex(keep.view()), " ", base::hex(key.view()));
  if (const auto found = given_.find(of); found != given_.end()) return found->second;
  const std::string line =
      concat(of, " ", given.request, " ", codec::encode_base64url(given.answer), "\n");
  if (is_torn_) return about(path_of(given_name), "could not be written; start the Steward anew");
  if (line.size() > max_given_size - given_size_) {
    return about(path_of(given_name), "is full until keys are over");
  }
  if (!os::write_all(given_file_, core::as_bytes(line)) || !os::sync_data(given_file_)) {
    is_torn_ = true;
    return about(path_of(given_name), "cannot be written");
  }
  given_size_ += line.size();
  given_.emplace(of, given);
  return given;
}

http::Response Credentials::handle(const http::Request& request) {
  http::Response response = respond(request);
  // What is refused here is no certificate that is refused.
  for (http::Header& note : response.notes) {
    if (note.name == note_code) note.name = note_credential_code;
  }
  return response;
}

http::Response Credentials::respond(const http::Request& request) {
  if (request.path() == credential_keys_path) return log(request);
  if (request.path() == credential_path && request.method == "POST") return give(request);
  const bool is_known = request.path() == credential_path;
  return answer(problem_of_status(is_known ? 405 : 404, is_known ? "POST a request for a credential"
                                                                 : "there is nothing here"),
                request);
}

http::Response Credentials::log(const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return answer(problem_of_status(405, "allowed are GET, HEAD"), request);
  }
  const GenerationPointer generation = world_.generation();
  const auto key = key_for(generation->policy_sha256, generation->development, world_.now());
  if (!key) {
    return refused(500, "steward.record", "The Steward cannot write down its keys.", key.error(),
                   request);
  }
  const std::scoped_lock lock(mutex_);
  const credential::Bytes bytes = keys_.encode();
  return {200,
          {{"Content-Type", std::string(credential::key_log_type)}, {"Cache-Control", "no-store"}},
          std::string(core::as_text(bytes))};
}

http::Response Credentials::give(const http::Request& request) {
  if (request.header("content-type") != credential::request_type) {
    return refused(400, "credential.request", "This is no request for a credential.",
                   "another Content-Type", request);
  }
  const auto asked = credential::Request::parse(core::as_bytes(request.body));
  if (!asked) {
    return refused(400, "credential.request", "This is no request for a credential.",
                   asked.error().what, request);
  }
  const GenerationPointer generation = world_.generation();
  const auto key = key_for(generation->policy_sha256, generation->development, world_.now());
  if (!key) {
    return refused(500, "steward.record", "The Steward cannot write down its keys.", key.error(),
                   request);
  }
  if (key->id() != asked->key) {
    return refused(409, "credential.other-key", "The request is under a key that is not of now.",
                   base::hex(asked->key.view()), request);
  }
  const auto admitted = generation->admit(*asked, world_.moment());
  if (!admitted) {
    world_.learn(admitted.error().seen);
    return answer(problem_of(admitted.error(), steward::RequestForm::Single), request);
  }
  world_.learn(admitted->seen);
  return answer_given(*asked, *key, *admitted, request);
}

http::Response Credentials::answer_given(const credential::Request& asked, const IssuingKey& key,
                                         const steward::Admitted& admitted,
                                         const http::Request& request) {
  const auto issued = key.issue(asked.request);
  const auto digest = credential::request_digest(key.id(), asked.request);
  if (!issued || !digest) {
    return refused(400, "credential.request", "This is no request for a credential.",
                   (issued ? digest.error() : issued.error()).what, request);
  }
  const Given mine{base::hex(digest->view()), *issued};
  const auto given = note_given(admitted.key_digest, key.id(), mine);
  if (!given) {
    return refused(500, "steward.record", "The Steward cannot write down what it gives.",
                   given.error(), request);
  }
  // The same request again: its answer was lost on the way, and is worth nothing to anybody else.
  if (given->request != mine.request) {
    return refused(409, "credential.given", "This keep has a credential of this epoch.",
                   base::hex(admitted.key_digest.view()), request);
  }
  http::Response response{
      200,
      {{"Content-Type", std::string(credential::response_type)}, {"Cache-Control", "no-store"}},
      std::string(core::as_text(given->answer))};
  const bool is_first = given->answer == mine.answer;
  response.notes.push_back({std::string(is_first ? note_credential : note_credential_again),
                            std::string(evidence::to_string(admitted.technology))});
  response.notes.push_back({"key", base::hex(admitted.key_digest.view())});
  response.notes.push_back({"measurement", base::hex(admitted.measurement)});
  response.notes.push_back({"credential_epoch", concat(key.record().epoch)});
  if (admitted.simulator) response.notes.push_back({"simulator", "true"});
  return response;
}

}  // namespace merlon::steward_service
