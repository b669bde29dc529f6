#pragma once

// What commands tell of a key, as members of a JSON object that is open.

#include "merlon/codec/json_writer.h"
#include "merlon/credential/key_record.h"

namespace merlon::cli_credential {

void write_members(codec::JsonWriter& json, const credential::KeyRecord& key);

}  // namespace merlon::cli_credential
