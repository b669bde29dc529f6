#include "merlon/release/broker.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/delivery/records.h"
#include "merlon/delivery/sealed.h"

namespace merlon::release {

using base::concat;
using core::ByteView;
using core::ErrorCode;

namespace {

/// A policy that would take any keep is none for somebody who gives a secret away.
Outcome<verify::Policy> policy_of(const Deposit& deposit) {
  auto policy = verify::Policy::parse_any(deposit.policy, "policy");
  if (!policy) return refuse(Reason::Policy, policy.error().text());
  if (policy->technologies.empty()) return refuse(Reason::Policy, "it accepts no technology");
  for (const evidence::Technology each : policy->technologies) {
    if (each == evidence::Technology::Kvm || !verify::compares_workload(*policy, each)) {
      return refuse(Reason::Policy, concat("of ", evidence::to_string(each),
                                           " it compares no measurement and no signer"));
    }
  }
  return *std::move(policy);
}

Outcome<WipedWorkload> workload_of(const Deposit& deposit) {
  auto workload = checked_workload(deposit);
  if (!workload) return refuse(Reason::Workload, workload.error().message());
  return *std::move(workload);
}

Outcome<Deposit> read(ByteView document, codec::UnixTime now) {
  if (document.size() > max_deposit_size) {
    return refuse(Reason::Size, concat(document.size(), " bytes"));
  }
  auto deposit = decode_deposit(document);
  if (!deposit) return refuse(Reason::Form, deposit.error().message());
  const std::int64_t lasts = deposit->until.seconds - now.seconds;
  if (lasts <= 0 || lasts > longest_deposit) {
    return refuse(Reason::Terms, concat("until ", codec::to_rfc3339(deposit->until)));
  }
  TRY(policy_of(*deposit));
  TRY(workload_of(*deposit));
  return *std::move(deposit);
}

Listing listing_of(const Row& row, const Deposit& deposit, const crypto::Sha256Digest& module) {
  Listing listing{row.id, deposit.name, row.version, row.released};
  const std::uint64_t given = std::min<std::uint64_t>(row.released - row.before, deposit.releases);
  listing.left = deposit.releases - given;
  listing.host_hears = deposit.host_hears;
  listing.created = row.created;
  listing.changed = row.changed;
  listing.last = row.last;
  listing.until = deposit.until;
  listing.policy = crypto::sha256({core::as_bytes(deposit.policy)});
  listing.module = module;
  return listing;
}

Outcome<Listing> listed(const Row& row, const Deposit& deposit) {
  const WipedWorkload workload = TRY(workload_of(deposit));
  return listing_of(row, deposit, delivery::module_digest(workload.get()));
}

struct Judged {
  crypto::X25519PublicKey key;
  verify::Appraisal appraisal;
};

Outcome<Judged> judge(const Deposit& deposit, const launch::Proof& proof,
                      const delivery::Nonce& nonce, const Judging& judging, verify::Memory& seen) {
  if (proof.evidence.empty()) return refuse(Reason::NoEvidence, "none");
  const auto key = crypto::X25519PublicKey::from(proof.hpke_key);
  if (!key) return refuse(Reason::Key, concat(proof.hpke_key.size(), " bytes"));
  const auto evidence = evidence::Evidence::parse(proof.evidence);
  if (!evidence) return refuse(Reason::EvidenceForm, evidence.error().message());
  if (evidence->technology() == evidence::Technology::Kvm) {
    return refuse(Reason::NoEvidence, "a keep without hardware");
  }
  verify::Policy policy = TRY(policy_of(deposit));
  policy.binding =
      verify::BindToChallenge{crypto::sha256({proof.tls_key}), crypto::sha256({proof.hpke_key}),
                              evidence::Nonce::from(nonce.view()).value()};
  evidence::Endorsements carried = evidence->endorsements;
  if (!proof.certificates.empty()) {
    // A table, whatever its first entry is, or what hosts with SGX have.
    const bool is_table = evidence->technology() == evidence::Technology::Snp;
    if (is_table) static_cast<void>(carried.add_table(proof.certificates));
    if (!is_table) static_cast<void>(carried.add(proof.certificates));
  }
  const verify::Collateral all = judging.own.with_carried(carried);
  auto appraisal = verify::appraise(*evidence, all, policy, judging.moment);
  seen.merge(appraisal.seen);
  if (!appraisal.accepted()) return refuse(appraisal);
  return Judged{*key, std::move(appraisal)};
}

/// By the name that its technology has for it.
std::string measurement_in(const verify::Appraisal& appraisal) {
  for (const std::string_view name : {"measurement", "MRENCLAVE", "MRTD"}) {
    const auto found = std::ranges::find(appraisal.claims, name, &verify::Claim::name);
    if (found != appraisal.claims.end()) return found->value;
  }
  return "";
}

/// What the workload reads, and that it is all.
std::vector<std::uint8_t> words_of(const crypto::HpkeExporter& exporter, ByteView input) {
  delivery::RecordSealer sealer(delivery::record_key(exporter, delivery::Direction::ToKeep));
  std::vector<std::uint8_t> words;
  const auto say = [&](delivery::RecordKind kind, ByteView content) {
    const auto record = sealer.seal(kind, content);
    words.insert(words.end(), record.begin(), record.end());
  };
  while (!input.empty()) {
    const ByteView piece = input.first(std::min(input.size(), delivery::max_record_content));
    say(delivery::RecordKind::Input, piece);
    input = input.subspan(piece.size());
  }
  say(delivery::RecordKind::InputEnd, {});
  return words;
}

Outcome<Answer> answer_for(const delivery::Challenge& challenge, const Deposit& deposit,
                           const launch::Proof& proof, const crypto::X25519PublicKey& key) {
  const WipedWorkload workload = TRY(workload_of(deposit));
  auto sealed = delivery::seal(challenge, proof.evidence, key, workload.get());
  if (!sealed && sealed.error().code == ErrorCode::Malformed) {
    return refuse(Reason::Key, sealed.error().message());
  }
  if (!sealed) return refuse(Reason::Internal, sealed.error().message());
  Answer answer{std::move(sealed->bytes), words_of(sealed->exporter, deposit.input.reveal())};
  if (deposit.host_hears) {
    answer.hearing =
        Hearing{delivery::record_secret(sealed->exporter, delivery::Direction::FromKeep),
                delivery::module_digest(workload.get())};
  }
  return answer;
}

}  // namespace

Outcome<Listing> Broker::deposit(const TenantId& tenant, ByteView document, codec::UnixTime now) {
  const Deposit deposit = TRY(read(document, now));
  const Row row = TRY(store_.add(tenant, deposit, document, now));
  return listed(row, deposit);
}

Outcome<Listing> Broker::change(const TenantId& tenant, const DepositId& id, ByteView document,
                                codec::UnixTime now) {
  const Deposit deposit = TRY(read(document, now));
  const Row row = TRY(store_.change(tenant, id, deposit, document, now));
  return listed(row, deposit);
}

Outcome<void> Broker::remove(const TenantId& tenant, const DepositId& id, codec::UnixTime now) {
  TRY(store_.remove(tenant, id, now));
  return {};
}

Outcome<std::vector<Listing>> Broker::list(const TenantId& tenant) {
  std::vector<Listing> listings;
  TRY(store_.each(tenant, [&](const Stored& each) -> Outcome<void> {
    listings.push_back(TRY(listed(each.row, each.deposit)));
    return {};
  }));
  return listings;
}

Outcome<Listing> Broker::show(const TenantId& tenant, const DepositId& id) {
  const Stored stored = TRY(store_.find(id));
  // Whose it is, is told to nobody else, also not whether it is there.
  if (stored.row.tenant != tenant) return refuse(Reason::Unknown, "none of this tenant's");
  return listed(stored.row, stored.deposit);
}

Outcome<std::optional<crypto::Sha256Digest>> Broker::key_name(const TenantId& tenant) {
  const auto key = TRY(store_.tenant_key(tenant));
  if (!key) return std::optional<crypto::Sha256Digest>();
  const auto point = key->point();
  const auto tenant_key =
      point ? delivery::TenantKey::from(*point) : core::Result<delivery::TenantKey>(point.error());
  if (!tenant_key) return refuse(Reason::Internal, tenant_key.error().message());
  return std::optional<crypto::Sha256Digest>(delivery::name_of(*tenant_key));
}

Outcome<Stored> Broker::usable(const DepositId& id, codec::UnixTime now) {
  Stored stored = TRY(store_.find(id));
  if (now > stored.deposit.until) {
    return refuse(Reason::Expired, codec::to_rfc3339(stored.deposit.until));
  }
  if (stored.row.released - stored.row.before >= stored.deposit.releases) {
    return refuse(Reason::Exhausted,
                  concat(stored.deposit.releases, " of ", stored.deposit.releases, " are given"));
  }
  return stored;
}

Outcome<crypto::PrivateKey> Broker::key_of(const TenantId& tenant) {
  auto key = TRY(store_.tenant_key(tenant));
  if (!key) return refuse(Reason::RolledBack, "a tenant without his key");
  return *std::move(key);
}

Outcome<Invitation> Broker::challenge(const DepositId& id, codec::UnixTime now) {
  const Stored stored = TRY(usable(id, now));
  const NewChallenge made = new_challenge(keyring_, id, stored.row.version, now);
  auto challenge = delivery::Challenge::with_salt(TRY(key_of(stored.row.tenant)), made.salt);
  if (!challenge) return refuse(Reason::Internal, challenge.error().message());
  return Invitation{made.token, challenge->nonce(), stored.deposit.offer};
}

Outcome<Released> Broker::release(const DepositId& id, ByteView claim, const Judging& judging,
                                  codec::UnixTime now, verify::Memory& seen) {
  const auto claimed = decode_claim(claim);
  if (!claimed && claimed.error().code == ErrorCode::NotFound) {
    return refuse(Reason::NoEvidence, claimed.error().message());
  }
  if (!claimed) return refuse(Reason::Claim, claimed.error().message());
  // What costs nothing comes first: who has no challenge of ours has nothing judged.
  const auto asked = TRY(challenged_by(keyring_, id, claimed->token, now));
  const Stored stored = TRY(usable(id, now));
  const auto challenge = delivery::Challenge::with_salt(TRY(key_of(stored.row.tenant)), asked.salt);
  if (!challenge) return refuse(Reason::Internal, challenge.error().message());
  if (TRY(store_.was_answered(challenge->nonce()))) {
    return refuse(Reason::Answered, "the answer was given");
  }
  if (asked.version != stored.row.version) {
    return refuse(Reason::Changed, "it was changed after its challenge");
  }
  const Judged judged =
      TRY(judge(stored.deposit, claimed->proof, challenge->nonce(), judging, seen));
  const Answer answer = TRY(answer_for(*challenge, stored.deposit, claimed->proof, judged.key));
  TRY(store_.count(stored.row, stored.deposit.releases, challenge->nonce(), now));
  Released released{encode(answer), stored.row.version};
  released.left = stored.deposit.releases - (stored.row.released - stored.row.before) - 1;
  released.technology = judged.appraisal.technology;
  released.measurement = measurement_in(judged.appraisal);
  released.simulator = judged.appraisal.simulated;
  return released;
}

}  // namespace merlon::release
