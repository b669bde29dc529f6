#include "merlon/cli_credential/record_json.h"

#include "merlon/base/text.h"

namespace merlon::cli_credential {

void write_members(codec::JsonWriter& json, const credential::KeyRecord& key) {
  json.key("issuer");
  json.text(key.issuer);
  json.key("policy");
  json.text(base::hex(key.policy.view()));
  json.key("epoch");
  json.number(key.epoch);
  json.key("not_before");
  json.text(codec::to_rfc3339(key.not_before));
  json.key("not_after");
  json.text(codec::to_rfc3339(key.not_after));
  json.key("limit");
  json.number(key.limit);
  json.key("development");
  json.boolean(key.development);
}

}  // namespace merlon::cli_credential
