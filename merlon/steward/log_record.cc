#include "merlon/steward/log_record.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"

namespace merlon::steward {

using base::concat;
using core::Result;
using core::Unexpected;

namespace {

constexpr std::string_view hash_member = ",\"hash\":\"";
constexpr std::size_t digits = 64;  // of a hash
constexpr std::size_t tail_size = hash_member.size() + digits + 2;

constexpr std::array<std::string_view, 14> members{
    "n",      "time",       "previous",    "verdict",    "serial",    "key",        "evidence",
    "policy", "technology", "measurement", "tcb_status", "simulator", "not_before", "not_after"};

Unexpected<std::string> wrong(std::string what) { return Unexpected<std::string>(std::move(what)); }

crypto::Sha256Digest hash_of(std::string_view covered) {
  return crypto::sha256({core::as_bytes(covered)});
}

}  // namespace

LogRecord make_record(const Issuance& issuance, codec::UnixTime time, std::uint64_t number,
                      const crypto::Sha256Digest& previous) {
  codec::JsonWriter json;
  const auto text = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  json.key("n");
  json.number(number);
  text("time", codec::to_rfc3339(time));
  text("previous", base::hex(previous.view()));
  text("verdict", "issued");
  text("serial", base::hex(issuance.serial));
  text("key", base::hex(issuance.key_digest.view()));
  text("evidence", base::hex(issuance.evidence_digest.view()));
  text("policy", base::hex(issuance.policy_digest.view()));
  text("technology", evidence::to_string(issuance.technology));
  text("measurement", base::hex(issuance.measurement));
  text("tcb_status", issuance.tcb_status);
  json.key("simulator");
  json.boolean(issuance.simulator);
  text("not_before", codec::to_rfc3339(issuance.not_before));
  text("not_after", codec::to_rfc3339(issuance.not_after));
  const std::string& covered = json.result();
  const crypto::Sha256Digest hash = hash_of(covered);
  return {concat(covered, hash_member, base::hex(hash.view()), "\"}\n"), hash};
}

Result<crypto::Sha256Digest, std::string> check_record(std::string_view line, std::uint64_t number,
                                                       const crypto::Sha256Digest& previous) {
  if (line.size() < tail_size || line.size() >= max_record_size) {
    return wrong("is no record of this log");
  }
  const std::string_view covered = line.substr(0, line.size() - tail_size);
  const crypto::Sha256Digest hash = hash_of(covered);
  if (line.substr(covered.size()) != concat(hash_member, base::hex(hash.view()), "\"}")) {
    return wrong("its hash is of something else: the record was changed");
  }
  const auto document = codec::JsonDocument::parse(line);
  if (!document || document->root().kind() != codec::JsonKind::Object) {
    return wrong("is no JSON object");
  }
  const codec::JsonValue& root = document->root();
  if (!std::ranges::equal(root.names().first(std::min(root.names().size(), members.size())),
                          members) ||
      root.names().size() != members.size() + 1) {
    return wrong("has other members than a record");
  }
  if (root.items()[0].number() != number) {
    return wrong(concat("is not record ", number, ": one is missing or twice"));
  }
  if (root.items()[2].text() != base::hex(previous.view())) {
    return wrong("does not follow the record in front of it: one was changed or left out");
  }
  return hash;
}

}  // namespace merlon::steward
