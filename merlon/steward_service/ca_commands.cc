// `merlon-steward ca init`, `ca show` and `ca rotate`: the authorities of `serve --ca`.

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/crypto/hash.h"
#include "merlon/os/open.h"
#include "merlon/service/listeners.h"
#include "merlon/steward/ca_store.h"
#include "merlon/steward_service/commands.h"
#include "merlon/steward_service/options.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/name.h"

namespace merlon::steward_service {

using base::concat;
using service::clock_now;
using std::chrono::seconds;
using steward::CaPhase;
using steward::CaShape;
using steward::CaStore;

namespace {

constexpr int usage = 2;
constexpr int unusable = 1;

Outcome<CaShape> shape_of(const command::Arguments& arguments) {
  CaShape shape;
  shape.name = arguments.value("--name", "Steward");
  shape.organization = arguments.value("--organization");
  constexpr std::size_t longest = 48;  // what is put behind fits into 64 [RFC5280 §A.1]
  if (shape.name.size() > longest || shape.organization.size() > longest) {
    return concat("--name and --organization have at most ", longest, " bytes");
  }
  using std::chrono::hours;
  shape.lifetime =
      TRY(duration_of(arguments, "--ends-after", hours(24) * 365, hours(24), hours(24) * 366 * 20));
  const std::string curve = arguments.value("--curve", "P-256");
  if (curve != "P-256" && curve != "P-384") return std::string("--curve: P-256 or P-384");
  shape.kind = curve == "P-256" ? crypto::KeyKind::P256 : crypto::KeyKind::P384;
  return shape;
}

/// "24h", "90s": as options have it.
std::string shown(seconds time) {
  const auto count = time.count();
  if (count % 3600 == 0) return concat(count / 3600, "h");
  return count % 60 == 0 ? concat(count / 60, "m") : concat(count, "s");
}

std::string next_of(const CaStore& store) {
  switch (store.phase()) {
    case CaPhase::Steady: return "next: merlon-steward ca rotate announces another, at any time\n";
    case CaPhase::Announced:
      return concat("next: from ", codec::to_rfc3339(store.next()),
                    " on merlon-steward ca rotate has the other sign\n");
    case CaPhase::Switched: break;
  }
  return concat("next: from ", codec::to_rfc3339(store.next()),
                " on merlon-steward ca rotate drops the old one\n");
}

/// A text by itself would be the value.
constexpr std::string_view unreadable = "what is to be trusted cannot be read";

Outcome<std::string> description_of(const CaStore& store, codec::UnixTime now) {
  const std::string pem = TRY(store.trust());
  const auto blocks = codec::pem_blocks(pem);
  if (!blocks) return core::Unexpected(std::string(unreadable));
  std::string text = concat("phase: ", to_string(store.phase()), " since ",
                            codec::to_rfc3339(store.since()), "\n");
  std::string_view role = "signs";
  for (const codec::PemBlock& each : *blocks) {
    const auto certificate = x509::Certificate::parse(each.bytes);
    if (!certificate) return core::Unexpected(std::string(unreadable));
    const auto end = certificate->validity().not_after;
    text += concat(role, ": ", x509::name_text(certificate->subject()),
                   end <= now ? ", over since " : ", until ", codec::to_rfc3339(end),
                   ", sha256:", base::hex(crypto::sha256({each.bytes}).view()), "\n");
    // The old one vouches for the other, and nothing outlives what vouches for it.
    const auto enough = store.next().seconds + 2 * store.leaf_lifetime().count();
    if (store.phase() != CaPhase::Steady && end.seconds < enough) {
      text += "  it ends before the rotation can: until then certificates are shorter\n";
    }
    role = "trusted";
  }
  return text + concat("certificates of keeps: at most ", shown(store.leaf_lifetime()), "\n") +
         next_of(store);
}

int show(const CaStore& store, const command::Terminal& terminal) {
  const auto text = description_of(store, clock_now());
  if (!text) return command::fail(terminal, text.error(), unusable);
  return command::print(terminal, *text);
}

Outcome<CaStore> create(const std::string& directory, const CaShape& shape, seconds lifetime) {
  if (const auto made = os::make_lasting_directory(directory); !made) {
    return concat(base::printable(directory), ": cannot be made: ", os::describe(made.error()));
  }
  return CaStore::create(directory, shape, lifetime, clock_now());
}

/// The step that is next, if it may be made yet; what was done, or why nothing was.
Outcome<std::string> step(CaStore& store, const CaShape& shape, seconds wait, bool begin) {
  const codec::UnixTime now = clock_now();
  TRY(store.tidy());
  switch (store.phase()) {
    case CaPhase::Steady:
      if (!begin) return std::string("nothing to do: no rotation has begun\n");
      TRY(store.announce(shape, wait, now));
      return std::string("announced: both are trusted, the old one signs\n");
    case CaPhase::Announced:
      if (now < store.next()) return std::string("nothing to do yet\n");
      TRY(store.switch_over(now));
      return std::string("switched: the new one signs, both are trusted\n");
    case CaPhase::Switched: break;
  }
  if (now < store.next()) return std::string("nothing to do yet\n");
  TRY(store.drop(now));
  return std::string("dropped: the old one is gone\n");
}

}  // namespace

int ca_init(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto shape = shape_of(arguments);
  if (!shape) return command::fail(terminal, shape.error(), usage);
  const auto lifetime = duration_of(arguments, "--lifetime", std::chrono::hours(24), seconds(5),
                                    std::chrono::hours(24) * 90);
  if (!lifetime) return command::fail(terminal, lifetime.error(), usage);
  const auto store = create(arguments.positional(0), *shape, *lifetime);
  if (!store) return command::fail(terminal, store.error(), unusable);
  return show(*store, terminal);
}

int ca_show(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto store = CaStore::open(arguments.positional(0));
  if (!store) return command::fail(terminal, store.error(), unusable);
  if (!arguments.has("--pem")) return show(*store, terminal);
  const auto pem = store->trust();
  if (!pem) return command::fail(terminal, pem.error(), unusable);
  return command::print(terminal, *pem);
}

int ca_rotate(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto shape = shape_of(arguments);
  if (!shape) return command::fail(terminal, shape.error(), usage);
  const auto wait = duration_of(arguments, "--wait", std::chrono::hours(24), seconds(0),
                                std::chrono::hours(24) * 366);
  if (!wait) return command::fail(terminal, wait.error(), usage);
  auto store = CaStore::open(arguments.positional(0));
  if (!store) return command::fail(terminal, store.error(), unusable);
  const auto done = step(*store, *shape, *wait, !arguments.has("--continue"));
  if (!done) return command::fail(terminal, done.error(), unusable);
  const auto text = description_of(*store, clock_now());
  if (!text) return command::fail(terminal, text.error(), unusable);
  return command::print(terminal, *done + *text);
}

}  // namespace merlon::steward_service
