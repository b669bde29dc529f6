#include "merlon/gatehouse/volume_list.h"

#include "merlon/codec/json_writer.h"
#include "merlon/codec/time.h"

namespace merlon::gatehouse {

std::string to_json(std::span<const host::KeptVolume> volumes) {
  codec::JsonWriter json;
  json.open_array();
  for (const host::KeptVolume& each : volumes) {
    json.open_object();
    json.key("name");
    json.text(each.name);
    json.key("bytes");
    json.number(each.bytes);
    json.key("objects");
    json.number(each.objects);
    if (each.changed != 0) {
      json.key("changed");
      json.text(codec::to_rfc3339(codec::UnixTime{static_cast<std::int64_t>(each.changed)}));
    }
    json.key("in_use");
    json.boolean(each.in_use);
    json.close_object();
  }
  json.close_array();
  return json.result();
}

}  // namespace merlon::gatehouse
