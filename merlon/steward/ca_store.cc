#include "merlon/steward/ca_store.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/codec/pem.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/steward/issuing.h"

namespace merlon::steward {

using base::concat;
using core::Result;
using core::Unexpected;

namespace {

constexpr std::string_view state_file = "authorities.json";
constexpr std::size_t max_file_size = 32UL * 1024;
constexpr std::string_view key_end = ".key";
constexpr std::string_view certificate_end = ".pem";
constexpr std::string_view cross_end = ".cross.pem";  ///< as the authority before vouches for it

Unexpected<std::string> wrong(std::string what) { return Unexpected<std::string>(std::move(what)); }

Unexpected<std::string> about(const std::string& path, std::string_view what) {
  return wrong(concat(base::printable(path), ": ", what));
}

Result<Bytes, std::string> content_of(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return about(path, concat("cannot be read: ", os::describe(file.error())));
  auto bytes = os::read_all(*file, max_file_size);
  if (!bytes) return about(path, concat("cannot be read: ", os::describe(bytes.error())));
  return *std::move(bytes);
}

Result<void, std::string> put(const std::string& path, core::ByteView bytes) {
  const auto written = os::replace_file(path, bytes);
  if (!written) return about(path, concat("cannot be written: ", os::describe(written.error())));
  return {};
}

constexpr std::string_view name_start = "ca-";
constexpr std::size_t name_size = name_start.size() + 16;

/// As this room names its files: "ca-0123456789abcdef".
bool is_file_name(std::string_view name) noexcept {
  return name.size() == name_size && name.starts_with(name_start) &&
         std::ranges::all_of(name.substr(name_start.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_lifetime(std::chrono::seconds time) noexcept {
  return time >= std::chrono::seconds(5) && time <= std::chrono::hours(24) * 90;
}

x509::SignatureAlgorithm algorithm_of(const crypto::PrivateKey& key) noexcept {
  return key.kind() == crypto::KeyKind::P256 ? x509::SignatureAlgorithm::EcdsaSha256
                                             : x509::SignatureAlgorithm::EcdsaSha384;
}

/// A certificate that may issue leaves, and one authority: the one that comes after it.
Result<Bytes, std::string> certificate_of(x509::NewCertificate made,
                                          const crypto::PrivateKey& signer) {
  auto serial = new_serial();
  if (!serial) return wrong(serial.error().what);
  made.serial = *std::move(serial);
  made.extensions.push_back(x509::new_basic_constraints(true, 1));
  made.extensions.push_back(x509::new_key_usage({x509::KeyUsage::KeyCertSign}));
  made.extensions.push_back(x509::new_subject_key_id(x509::key_id_of(made.key)));
  auto certificate = sign(made, algorithm_of(signer), signer);
  if (!certificate) return wrong(certificate.error().what);
  return *std::move(certificate);
}

/// What the certificates of an authority say of it, whoever signs them.
Result<x509::NewCertificate, std::string> description_of(const crypto::PrivateKey& key,
                                                         const CaShape& shape,
                                                         codec::UnixTime now) {
  using std::chrono::hours;
  if (shape.lifetime < hours(24) || shape.lifetime > hours(24) * 366 * 20) {
    return wrong("an authority lives from a day to 20 years");
  }
  const auto point = key.point();
  if (!point) return wrong("the key cannot be written");
  constexpr std::int64_t backdate = 600;  // as leaves have it
  x509::NewCertificate made;
  made.key = x509::subject_public_key_info(shape.kind, *point);
  made.not_before = {now.seconds - backdate};
  made.not_after = {now.seconds + shape.lifetime.count()};
  const std::string digits = base::hex(core::ByteView(x509::key_id_of(made.key)).first(4));
  made.subject = {shape.organization, concat(shape.name, shape.name.empty() ? "" : " ", digits)};
  made.issuer = made.subject;
  return made;
}

/// The same authority, for those who trust `above` alone: it ends when the first of the two does.
Result<Bytes, std::string> vouched_for(x509::NewCertificate made, const Issuer& above) {
  auto certificate = x509::Certificate::parse(above.chain.front());
  if (!certificate) return wrong("the certificate of the authority that signs cannot be read");
  const core::ByteView name = certificate->subject();
  made.issuer = {"", "", {name.begin(), name.end()}};
  made.not_after = std::min(made.not_after, certificate->validity().not_after);
  if (made.not_after <= made.not_before) return wrong("the authority that signs has ended");
  made.extensions = {x509::new_authority_key_id(x509::key_id_of(certificate->key().spki))};
  return certificate_of(std::move(made), above.key);
}

/// Makes an authority and its files, the certificate last; gives their name. `above`: who signs
/// until then, if anybody does.
Result<std::string, std::string> make(const std::string& directory, const CaShape& shape,
                                      const Issuer* above, codec::UnixTime now) {
  if (shape.kind == crypto::KeyKind::Rsa) return wrong("an authority has a key of P-256 or P-384");
  auto key = crypto::PrivateKey::generate(shape.kind);
  if (!key) return wrong(key.error().what);
  const auto pem = key->to_pem();
  if (!pem) return wrong("the key cannot be written");
  const x509::NewCertificate made = TRY(description_of(*key, shape, now));
  const Bytes certificate = TRY(certificate_of(made, *key));
  const std::string name =
      concat(name_start, base::hex(core::ByteView(x509::key_id_of(made.key)).first(8)));
  const std::string path = concat(directory, "/", name);
  if (above != nullptr) {
    const Bytes vouched = TRY(vouched_for(made, *above));
    TRY(put(concat(path, cross_end), core::as_bytes(codec::to_pem("CERTIFICATE", vouched))));
  }
  TRY(put(concat(path, key_end), pem->reveal()));
  TRY(put(concat(path, certificate_end),
          core::as_bytes(codec::to_pem("CERTIFICATE", certificate))));
  return name;
}

/// The one certificate of a file.
Result<Bytes, std::string> certificate_in(const std::string& path) {
  const Bytes bytes = TRY(content_of(path));
  auto blocks = codec::pem_blocks(core::as_text(bytes));
  if (!blocks || blocks->size() != 1 || !x509::Certificate::parse((*blocks)[0].bytes)) {
    return about(path, "is damaged: it is no certificate");
  }
  return std::move((*blocks)[0].bytes);
}

/// One at a time changes a directory.
Result<os::Fd, std::string> lock_in(const std::string& directory) {
  const std::string path = concat(directory, "/", state_file, ".lock");
  auto file = os::open_record(path);
  if (!file) return about(path, concat("cannot be locked: ", os::describe(file.error())));
  if (const auto locked = os::lock(*file); !locked) {
    return about(path, concat("cannot be locked: ", os::describe(locked.error())));
  }
  return *std::move(file);
}

/// Services look at the directory every few seconds, and one that was asked to wait takes longer:
/// what they issue until then is the old authority's.
std::chrono::seconds drop_after(std::chrono::seconds leaf_lifetime) {
  return leaf_lifetime + leaf_lifetime / 10 + std::chrono::seconds(5);
}

}  // namespace

std::string_view to_string(CaPhase phase) noexcept {
  switch (phase) {
    case CaPhase::Steady: return "steady";
    case CaPhase::Announced: return "announced";
    case CaPhase::Switched: break;
  }
  return "switched";
}

Result<CaStore::State, std::string> CaStore::read(const std::string& directory) {
  const std::string path = concat(directory, "/", state_file);
  const Bytes bytes = TRY(content_of(path));
  constexpr std::array<std::string_view, 7> members{
      "version", "signing", "other", "switched", "since", "next", "leaf_lifetime"};
  const auto document = codec::JsonDocument::parse(core::as_text(bytes));
  if (!document || document->root().kind() != codec::JsonKind::Object ||
      !std::ranges::equal(document->root().names(), members)) {
    return about(path, "is damaged: it is no list of authorities");
  }
  const auto items = document->root().items();
  constexpr std::uint64_t end_of_time = 253'402'300'799;  // of the year 9999
  const auto number = [&](std::size_t place) {
    return static_cast<std::int64_t>(
        std::min(items[place].number().value_or(end_of_time + 1), end_of_time + 1));
  };
  State state{std::string(items[1].text()),
              std::string(items[2].text()),
              items[3].is_true(),
              {number(4)},
              {number(5)},
              std::chrono::seconds(number(6))};
  constexpr auto last = static_cast<std::int64_t>(end_of_time);
  if (items[0].number() != 1U || !is_file_name(state.signing) ||
      (!state.other.empty() && !is_file_name(state.other)) || state.signing == state.other ||
      (state.switched && state.other.empty()) || state.since.seconds > last ||
      state.next.seconds > last || !is_lifetime(state.leaf_lifetime)) {
    return about(path, "is damaged: it names no authorities as it should");
  }
  return state;
}

Result<void, std::string> CaStore::write(State state) {
  codec::JsonWriter json;
  json.open_object();
  json.key("version");
  json.number(1U);
  json.key("signing");
  json.text(state.signing);
  json.key("other");
  json.text(state.other);
  json.key("switched");
  json.boolean(state.switched);
  json.key("since");
  json.number(static_cast<std::uint64_t>(std::max<std::int64_t>(state.since.seconds, 0)));
  json.key("next");
  json.number(static_cast<std::uint64_t>(std::max<std::int64_t>(state.next.seconds, 0)));
  json.key("leaf_lifetime");
  json.number(static_cast<std::uint64_t>(state.leaf_lifetime.count()));
  json.close_object();
  TRY(put(concat(directory_, "/", state_file), core::as_bytes(json.result() + "\n")));
  state_ = std::move(state);
  return {};
}

void CaStore::sweep() const {
  namespace fs = std::filesystem;
  const auto is_named = [&](std::string_view file) {
    const std::string_view name = file.substr(0, name_size);
    const std::string_view end = file.substr(name.size());
    if (name != state_.signing && name != state_.other) return false;
    const bool crossed = !state_.other.empty() && (name == state_.signing) == state_.switched;
    return end == key_end || end == certificate_end || (end == cross_end && crossed);
  };
  std::error_code error;
  std::vector<fs::path> useless;
  for (fs::directory_iterator each(directory_, error), last; !error && each != last;
       each.increment(error)) {
    const std::string file = each->path().filename().string();
    if (is_file_name(file.substr(0, name_size)) && !is_named(file)) useless.push_back(each->path());
  }
  // If one stays, it is in nobody's way, and the next step tries again.
  for (const fs::path& each : useless) fs::remove(each, error);
}

Result<CaStore, std::string> CaStore::create(std::string directory, const CaShape& shape,
                                             std::chrono::seconds leaf_lifetime,
                                             codec::UnixTime now) {
  if (!is_lifetime(leaf_lifetime)) return wrong("certificates live from 5 seconds to 90 days");
  const os::Fd held = TRY(lock_in(directory));
  if (os::exists(concat(directory, "/", state_file))) {
    return about(directory, "there are authorities already");
  }
  std::string name = TRY(make(directory, shape, nullptr, now));
  CaStore store(std::move(directory), {});
  TRY(store.write({std::move(name), "", false, now, now, leaf_lifetime}));
  store.sweep();
  return store;
}

Result<CaStore, std::string> CaStore::open(std::string directory) {
  State state = TRY(read(directory));
  CaStore store(std::move(directory), std::move(state));
  // What cannot be used is told now and not when it is needed.
  const Issuer issuer = TRY(store.issuer(store.since()));
  TRY(check_issuer(issuer));
  TRY(store.trust());
  return store;
}

CaPhase CaStore::phase() const noexcept {
  if (state_.other.empty()) return CaPhase::Steady;
  return state_.switched ? CaPhase::Switched : CaPhase::Announced;
}

Result<void, std::string> CaStore::tidy() {
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  sweep();
  return {};
}

Result<Issuer, std::string> CaStore::issuer(codec::UnixTime now) const {
  const std::string path = concat(directory_, "/", state_.signing);
  const Bytes key = TRY(content_of(concat(path, key_end)));
  const Bytes own = TRY(content_of(concat(path, certificate_end)));
  if (phase() == CaPhase::Switched) {
    const std::string old = concat(directory_, "/", state_.other, certificate_end);
    const Bytes above = TRY(certificate_in(old));
    if (now < x509::Certificate::parse(above)->validity().not_after) {
      const Bytes cross = TRY(certificate_in(concat(path, cross_end)));
      return Issuer::from_pem(
          core::as_bytes(codec::to_pem("CERTIFICATE", cross) + codec::to_pem("CERTIFICATE", above)),
          key);
    }
  }
  return Issuer::from_pem(own, key);
}

Result<std::string, std::string> CaStore::trust() const {
  std::string all;
  for (const std::string& name : {state_.signing, state_.other}) {
    if (name.empty()) continue;
    const Bytes der = TRY(certificate_in(concat(directory_, "/", name, certificate_end)));
    all += codec::to_pem("CERTIFICATE", der);
  }
  return all;
}

Result<void, std::string> CaStore::announce(const CaShape& shape, std::chrono::seconds wait,
                                            codec::UnixTime now) {
  constexpr auto longest = std::chrono::hours(24) * 366;
  if (wait < std::chrono::seconds(0) || wait > longest)
    return wrong("waiting takes up to 366 days");
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  if (!state_.other.empty()) return {};
  const Issuer above = TRY(issuer(now));
  std::string other = TRY(make(directory_, shape, &above, now));
  return write({state_.signing,
                std::move(other),
                false,
                now,
                {now.seconds + wait.count()},
                state_.leaf_lifetime});
}

Result<void, std::string> CaStore::switch_over(codec::UnixTime now) {
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  if (phase() == CaPhase::Switched) return {};
  if (phase() == CaPhase::Steady) return wrong("no other authority is announced");
  if (now < state_.next) {
    return wrong(concat("the new authority is not trusted everywhere before ",
                        codec::to_rfc3339(state_.next)));
  }
  return write({state_.other,
                state_.signing,
                true,
                now,
                {now.seconds + drop_after(state_.leaf_lifetime).count()},
                state_.leaf_lifetime});
}

Result<void, std::string> CaStore::drop(codec::UnixTime now) {
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  if (phase() == CaPhase::Steady) return {};
  if (phase() == CaPhase::Announced) return wrong("the new authority does not sign yet");
  if (now < state_.next) {
    return wrong(concat("certificates of the old authority are in use until ",
                        codec::to_rfc3339(state_.next)));
  }
  TRY(write({state_.signing, "", false, now, now, state_.leaf_lifetime}));
  sweep();
  return {};
}

}  // namespace merlon::steward
