#include "merlon/steward/ca_store.h"

#include <algorithm>
#include <array>
#include <cstdio>

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

/// As this room names its files: "ca-0123456789abcdef".
bool is_file_name(std::string_view name) noexcept {
  constexpr std::string_view start = "ca-";
  return name.size() == start.size() + 16 && name.starts_with(start) &&
         std::ranges::all_of(name.substr(start.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// A self-signed certificate that may issue leaves and no authorities.
Result<Bytes, std::string> certificate_of(const crypto::PrivateKey& key, const Bytes& spki,
                                          const CaShape& shape, codec::UnixTime now) {
  using std::chrono::hours;
  if (shape.lifetime < hours(24) || shape.lifetime > hours(24) * 366 * 20) {
    return wrong("an authority lives from a day to 20 years");
  }
  auto serial = new_serial();
  if (!serial) return wrong(serial.error().what);
  const codec::DerBytes id = x509::key_id_of(spki);
  const x509::NewName name{shape.organization, concat(shape.name, shape.name.empty() ? "" : " ",
                                                      base::hex(core::ByteView(id).first(4)))};
  const auto algorithm = key.kind() == crypto::KeyKind::P256
                             ? x509::SignatureAlgorithm::EcdsaSha256
                             : x509::SignatureAlgorithm::EcdsaSha384;
  constexpr std::int64_t backdate = 600;  // as leaves have it
  auto made =
      sign({*std::move(serial),
            name,
            name,
            {now.seconds - backdate},
            {now.seconds + shape.lifetime.count()},
            spki,
            {x509::new_basic_constraints(true, 0),
             x509::new_key_usage({x509::KeyUsage::KeyCertSign}), x509::new_subject_key_id(id)}},
           algorithm, key);
  if (!made) return wrong(made.error().what);
  return *std::move(made);
}

/// Makes an authority and its two files; gives their name.
Result<std::string, std::string> make(const std::string& directory, const CaShape& shape,
                                      codec::UnixTime now) {
  if (shape.kind == crypto::KeyKind::Rsa) return wrong("an authority has a key of P-256 or P-384");
  auto key = crypto::PrivateKey::generate(shape.kind);
  if (!key) return wrong(key.error().what);
  const auto point = key->point();
  const auto pem = key->to_pem();
  if (!point || !pem) return wrong("the key cannot be written");
  const Bytes spki = x509::subject_public_key_info(shape.kind, *point);
  const Bytes certificate = TRY(certificate_of(*key, spki, shape, now));
  const std::string name = concat("ca-", base::hex(core::ByteView(x509::key_id_of(spki)).first(8)));
  TRY(put(concat(directory, "/", name, ".key"), pem->reveal()));
  TRY(put(concat(directory, "/", name, ".pem"),
          core::as_bytes(codec::to_pem("CERTIFICATE", certificate))));
  return name;
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

std::string waits_until(codec::UnixTime time) { return codec::to_rfc3339(time); }

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
  constexpr std::array<std::string_view, 5> members{"version", "signing", "other", "switched",
                                                    "since"};
  const auto document = codec::JsonDocument::parse(core::as_text(bytes));
  if (!document || document->root().kind() != codec::JsonKind::Object ||
      !std::ranges::equal(document->root().names(), members)) {
    return about(path, "is damaged: it is no list of authorities");
  }
  const auto items = document->root().items();
  const auto since = items[4].number();
  State state{std::string(items[1].text()),
              std::string(items[2].text()),
              items[3].is_true(),
              {static_cast<std::int64_t>(since.value_or(0))}};
  constexpr std::uint64_t end_of_time = 253'402'300'799;  // of the year 9999
  if (items[0].number() != 1U || !is_file_name(state.signing) ||
      (!state.other.empty() && !is_file_name(state.other)) || state.signing == state.other ||
      (state.switched && state.other.empty()) || !since || *since > end_of_time) {
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
  json.close_object();
  TRY(put(concat(directory_, "/", state_file), core::as_bytes(json.result() + "\n")));
  state_ = std::move(state);
  return {};
}

Result<CaStore, std::string> CaStore::create(std::string directory, const CaShape& shape,
                                             codec::UnixTime now) {
  const os::Fd held = TRY(lock_in(directory));
  if (os::exists(concat(directory, "/", state_file))) {
    return about(directory, "there are authorities already");
  }
  std::string name = TRY(make(directory, shape, now));
  CaStore store(std::move(directory), {});
  TRY(store.write({std::move(name), "", false, now}));
  return store;
}

Result<CaStore, std::string> CaStore::open(std::string directory) {
  State state = TRY(read(directory));
  CaStore store(std::move(directory), std::move(state));
  // What cannot be used is told now and not when it is needed.
  const Issuer issuer = TRY(store.issuer());
  TRY(check_issuer(issuer));
  TRY(store.trust());
  return store;
}

CaPhase CaStore::phase() const noexcept {
  if (state_.other.empty()) return CaPhase::Steady;
  return state_.switched ? CaPhase::Switched : CaPhase::Announced;
}

Result<Issuer, std::string> CaStore::issuer() const {
  const std::string path = concat(directory_, "/", state_.signing);
  const Bytes certificate = TRY(content_of(path + ".pem"));
  const Bytes key = TRY(content_of(path + ".key"));
  return Issuer::from_pem(certificate, key);
}

Result<std::string, std::string> CaStore::trust() const {
  std::string all;
  for (const std::string& name : {state_.signing, state_.other}) {
    if (name.empty()) continue;
    const std::string path = concat(directory_, "/", name, ".pem");
    const Bytes bytes = TRY(content_of(path));
    const auto blocks = codec::pem_blocks(core::as_text(bytes));
    if (!blocks || blocks->size() != 1 || !x509::Certificate::parse((*blocks)[0].bytes)) {
      return about(path, "is damaged: it is no certificate");
    }
    all += codec::to_pem("CERTIFICATE", (*blocks)[0].bytes);
  }
  return all;
}

Result<void, std::string> CaStore::announce(const CaShape& shape, codec::UnixTime now) {
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  if (!state_.other.empty()) return {};
  std::string other = TRY(make(directory_, shape, now));
  return write({state_.signing, std::move(other), false, now});
}

Result<void, std::string> CaStore::switch_over(codec::UnixTime now, std::chrono::seconds wait) {
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  if (phase() == CaPhase::Switched) return {};
  if (phase() == CaPhase::Steady) return wrong("no other authority is announced");
  const codec::UnixTime earliest{state_.since.seconds + wait.count()};
  if (now < earliest) {
    return wrong(
        concat("the new authority is not trusted everywhere before ", waits_until(earliest)));
  }
  return write({state_.other, state_.signing, true, now});
}

Result<void, std::string> CaStore::drop(codec::UnixTime now, std::chrono::seconds lifetime) {
  const os::Fd held = TRY(lock_in(directory_));
  state_ = TRY(read(directory_));
  if (phase() == CaPhase::Steady) return {};
  if (phase() == CaPhase::Announced) return wrong("the new authority does not sign yet");
  const codec::UnixTime earliest{state_.since.seconds + lifetime.count()};
  if (now < earliest) {
    return wrong(
        concat("certificates of the old authority are in use until ", waits_until(earliest)));
  }
  const std::string old = concat(directory_, "/", state_.other);
  TRY(write({state_.signing, "", false, now}));
  // From here on nothing names them; if they stay, they are in nobody's way.
  std::remove((old + ".key").c_str());
  std::remove((old + ".pem").c_str());
  return {};
}

}  // namespace merlon::steward
