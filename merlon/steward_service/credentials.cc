#include "merlon/steward_service/credentials.h"

#include <algorithm>
#include <filesystem>

#include "merlon/base/text.h"
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
  std::error_code error;
  if (std::filesystem::create_directories(options.directory, error)) {
    std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, error);
  }
  if (error) return about(options.directory, concat("cannot be made: ", error.message()));
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

/// Lines of keys that are over are left out, and the file is written anew without them.
Outcome<void> Credentials::read_given(codec::UnixTime now) {
  const std::string path = path_of(given_name);
  std::string kept;
  if (os::exists(path)) {
    const auto bytes = TRY(read_file(path, max_given_size));
    for (std::string_view text = core::as_text(bytes); !text.empty();) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) break;  // cut off: its credential never left
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end + 1);
      const bool counts = std::ranges::any_of(keys_.entries(), [&](const KeyLog::Entry& each) {
        return now < each.record.not_after && line.ends_with(base::hex(each.id.view()));
      });
      if (!counts) continue;
      given_.emplace(line);
      kept += concat(line, "\n");
    }
  }
  if (const auto written = os::replace_file(path, core::as_bytes(kept)); !written) {
    return about(path, os::describe(written.error()));
  }
  auto file = os::open_record(path);
  if (!file) return about(path, os::describe(file.error()));
  given_file_ = *std::move(file);
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
  issuing_.insert_or_assign(key->id(), *std::move(key));
  return {};
}

Outcome<IssuingKey> Credentials::key_for(const crypto::Sha256Digest& policy, bool development,
                                         codec::UnixTime now) {
  const std::scoped_lock lock(mutex_);
  const KeyLog::Entry* entry = keys_.find(policy, now);
  if (entry == nullptr) {
    // Clocks that are behind take it as well; but not before the end of one that there was.
    constexpr std::int64_t backdate = 600;
    codec::UnixTime from{now.seconds - backdate};
    for (const KeyLog::Entry& each : keys_.entries()) {
      if (each.record.policy == policy) from = std::max(from, each.record.not_after);
    }
    const codec::UnixTime begin = std::max(from, now);
    TRY(add_key(policy, development, from, {begin.seconds + options_.epoch.count()}));
    entry = keys_.find(policy, now);
    if (entry == nullptr) return std::string("the clock lies before keys that there are");
  }
  const KeyId id = entry->id;
  const codec::UnixTime end = entry->record.not_after;
  const bool ends_soon = end.seconds - now.seconds < options_.epoch.count() / 2;
  if (ends_soon && keys_.find(policy, end) == nullptr) {
    TRY(add_key(policy, development, end, {end.seconds + options_.epoch.count()}));
  }
  const auto found = issuing_.find(id);
  if (found == issuing_.end()) return std::string("the private half of the key is missing");
  return found->second;
}

Outcome<bool> Credentials::note_given(const crypto::Sha256Digest& keep, const KeyId& key) {
  const std::scoped_lock lock(mutex_);
  const std::string line = concat(base::hex(keep.view()), " ", base::hex(key.view()));
  if (given_.contains(line)) return false;
  const std::string ended = concat(line, "\n");
  if (is_torn_) return about(path_of(given_name), "could not be written; start the Steward anew");
  if (!os::write_all(given_file_, core::as_bytes(ended)) || !os::sync_data(given_file_)) {
    is_torn_ = true;
    return about(path_of(given_name), "cannot be written");
  }
  given_.insert(line);
  return true;
}

http::Response Credentials::handle(const http::Request& request) {
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
  const auto issued = key->issue(asked->request);
  if (!issued) {
    return refused(400, "credential.request", "This is no request for a credential.",
                   issued.error().what, request);
  }
  const auto is_first = note_given(admitted->key_digest, key->id());
  if (!is_first) {
    return refused(500, "steward.record", "The Steward cannot write down what it gives.",
                   is_first.error(), request);
  }
  if (!*is_first) {
    return refused(409, "credential.given", "This keep has a credential of this epoch.",
                   base::hex(admitted->key_digest.view()), request);
  }
  http::Response response{
      200,
      {{"Content-Type", std::string(credential::response_type)}, {"Cache-Control", "no-store"}},
      std::string(core::as_text(*issued))};
  response.notes.push_back(
      {std::string(note_technology), std::string(evidence::to_string(admitted->technology))});
  response.notes.push_back({"key", base::hex(admitted->key_digest.view())});
  response.notes.push_back({"measurement", base::hex(admitted->measurement)});
  response.notes.push_back({"credential_epoch", concat(key->record().epoch)});
  if (admitted->simulator) response.notes.push_back({"simulator", "true"});
  return response;
}

}  // namespace merlon::steward_service
