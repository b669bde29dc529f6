#include "merlon/oidc/issuers.h"

#include <optional>

#include "merlon/base/text.h"
#include "merlon/oidc/discovery.h"

namespace merlon::oidc {

using base::concat;
using core::Result;

struct Issuers::Issuer {
  Expectation expected;
  std::mutex fetching;  ///< held while keys are fetched; taken before `mutex`, and never waited for
  std::mutex mutex;     ///< of all below
  std::shared_ptr<const KeySet> keys{};  ///< whoever judges by an older set shares it until done
  std::int64_t fetched = 0;
  std::optional<std::int64_t> asked{};
  std::string trouble{};

  explicit Issuer(Expectation expectation) : expected(std::move(expectation)) {}

  /// The keys, if they are younger than `age`.
  std::shared_ptr<const KeySet> younger(std::int64_t now, std::int64_t age) {
    const std::scoped_lock lock(mutex);
    return keys != nullptr && now - fetched < age ? keys : nullptr;
  }
  bool may_ask(std::int64_t now, std::int64_t between) {
    const std::scoped_lock lock(mutex);
    return !asked || now - *asked >= between;
  }

  Result<KeySet, std::string> read(const World& world) const {
    const auto line = [](const core::Error& error) { return std::string(error.message()); };
    const std::string document = TRY(world.fetch(discovery_url(expected.issuer)));
    const auto address = parse_discovery(document, expected.issuer);
    if (!address) return line(address.error());
    auto parsed = KeySet::parse(TRY(world.fetch(*address)));
    if (!parsed) return line(parsed.error());
    if (parsed->keys().empty())
      return std::string("the issuer has no key that tokens are judged by");
    return *std::move(parsed);
  }

  /// `fetching` is held.
  void fetch(const World& world) {
    {
      const std::scoped_lock lock(mutex);
      asked = world.ticks();
    }
    auto read_keys = read(world);
    const std::string why = read_keys ? std::string() : read_keys.error();
    {
      const std::scoped_lock lock(mutex);
      trouble = why;
      if (read_keys) {
        keys = std::make_shared<const KeySet>(*std::move(read_keys));
        fetched = world.ticks();
      }
    }
    if (!why.empty() && world.complain) world.complain(expected.issuer, why);
  }

  /// Keys that count; null if there are none to be had now. One asks for them at a time, and nobody
  /// waits for him: whoever has no token at all could hold up everybody else by that.
  std::shared_ptr<const KeySet> current(const World& world, const Pace& pace) {
    if (auto fresh = younger(world.ticks(), pace.fresh)) return fresh;
    if (const std::unique_lock lock(fetching, std::try_to_lock); lock.owns_lock()) {
      if (may_ask(world.ticks(), pace.between)) fetch(world);
    }
    return younger(world.ticks(), pace.longest);
  }

  /// As current(), where a token names a key that `known` does not have; null if newer ones are
  /// just being asked for.
  std::shared_ptr<const KeySet> newer(const World& world, const Pace& pace,
                                      const std::shared_ptr<const KeySet>& known) {
    const std::unique_lock lock(fetching, std::try_to_lock);
    if (!lock.owns_lock()) return nullptr;
    if (younger(world.ticks(), pace.longest) == known && may_ask(world.ticks(), pace.between)) {
      fetch(world);
    }
    return younger(world.ticks(), pace.longest);
  }
};

Issuers::Issuers(std::vector<Expectation> expected, World world, Pace pace)
    : world_(std::move(world)), pace_(pace) {
  for (Expectation& each : expected) issuers_.push_back(std::make_unique<Issuer>(std::move(each)));
}

Issuers::~Issuers() = default;

Result<Claims, TokenRefusal> Issuers::judge(std::string_view text) const {
  const auto token = TRY(Token::parse(text));
  for (const auto& issuer : issuers_) {
    if (issuer->expected.issuer != token.claimed_issuer()) continue;
    auto keys = issuer->current(world_, pace_);
    if (keys == nullptr) return TokenRefusal::Keys;
    if (keys->find(token.key_id(), token.algorithm()) == nullptr) {
      keys = issuer->newer(world_, pace_, keys);
      if (keys == nullptr) return TokenRefusal::Keys;
    }
    return token.judge(*keys, issuer->expected, world_.now());
  }
  return TokenRefusal::Issuer;
}

Result<void, std::string> Issuers::warm_up() const {
  for (const auto& issuer : issuers_) {
    if (issuer->current(world_, pace_) != nullptr) continue;
    const std::scoped_lock lock(issuer->mutex);
    return concat(base::printable(issuer->expected.issuer), ": ", issuer->trouble);
  }
  return {};
}

}  // namespace merlon::oidc
