#include "merlon/container/features.h"

#include <initializer_list>

#include "merlon/base/version.h"
#include "merlon/codec/json_writer.h"
#include "merlon/container/config.h"
#include "merlon/container/found_workload.h"

namespace merlon::container {

namespace {

void texts(codec::JsonWriter& json, std::string_view name,
           std::initializer_list<std::string_view> all) {
  json.key(name);
  json.open_array();
  for (const std::string_view each : all) json.text(each);
  json.close_array();
}

void truth(codec::JsonWriter& json, std::string_view name, bool value) {
  json.key(name);
  json.boolean(value);
}

void switched(codec::JsonWriter& json, std::string_view name, bool on) {
  json.key(name);
  json.open_object();
  truth(json, "enabled", on);
  json.close_object();
}

}  // namespace

std::string features() {
  codec::JsonWriter json;
  json.open_object();
  json.key("ociVersionMin");
  json.text("1.0.0");
  json.key("ociVersionMax");
  json.text(oci_version);
  texts(json, "hooks", {"prestart", "createRuntime", "createContainer", "poststart", "poststop"});
  texts(json, "mountOptions", {"bind", "rbind", "ro", "rw"});
  json.key("linux");
  json.open_object();
  texts(json, "namespaces", {"cgroup", "ipc", "mount", "network", "pid", "user", "uts"});
  texts(json, "capabilities", {});
  json.key("cgroup");
  json.open_object();
  truth(json, "v1", true);
  truth(json, "v2", true);
  truth(json, "systemd", false);
  truth(json, "systemdUser", false);
  truth(json, "rdma", false);
  json.close_object();
  switched(json, "seccomp", false);
  switched(json, "apparmor", false);
  switched(json, "selinux", false);
  switched(json, "intelRdt", false);
  json.close_object();
  json.key("annotations");
  json.open_object();
  json.key("org.merlon.version");
  json.text(base::version);
  json.close_object();
  json.key("potentiallyUnsafeConfigAnnotations");
  json.open_array();
  for (const std::string_view each :
       {annotation::backend, annotation::package, annotation::runtime, annotation::workload,
        annotation::door, annotation::tenant, annotation::policy, annotation::steward,
        annotation::registry, annotation::listen, annotation::connect, annotation::invoke,
        annotation::timeout, annotation::max_memory}) {
    json.text(each);
  }
  json.close_array();
  json.close_object();
  return json.result();
}

}  // namespace merlon::container
