// References, manifests, indexes, configurations, challenges and tokens of OCI registries: read or
// refused, and what was read makes sense.

#include <cstdlib>

#include "merlon/oci/artifact.h"
#include "merlon/oci/challenge.h"
#include "merlon/oci/media_types.h"
#include "merlon/oci/reference.h"

using namespace merlon;

namespace {

void try_manifest(const oci::Manifest& manifest, std::string_view text) {
  const auto again = oci::parse_document(oci::manifest_type, oci::to_json(manifest));
  // What is written is escaped, and may be longer than what is read.
  if (again && std::get<oci::Manifest>(*again) != manifest) std::abort();
  const auto plan = oci::plan_of(manifest);
  if (!plan) return;
  for (const oci::Layer& each : plan->layers) {
    if (each.use == oci::LayerUse::File && !oci::is_path(each.path)) std::abort();
  }
  static_cast<void>(oci::read_config(manifest, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = core::as_text({data, size});
  if (const auto reference = oci::Reference::parse(text)) {
    const auto again = oci::Reference::parse(reference->text());
    if (!again || *again != *reference) std::abort();
  }
  for (const std::string_view type : {oci::manifest_type, oci::index_type, std::string_view()}) {
    const auto document = oci::parse_document(type, text);
    if (!document) continue;
    if (const auto* const manifest = std::get_if<oci::Manifest>(&*document)) {
      try_manifest(*manifest, text);
    } else {
      const auto chosen = oci::choose(std::get<oci::Index>(*document));
      if (chosen && !oci::is_sha256(chosen->digest)) std::abort();
    }
  }
  oci::Manifest image;
  for (const std::string_view type : {oci::image_config_type, oci::wasm_config_type}) {
    image.config.type = type;
    static_cast<void>(oci::read_config(image, text));
  }
  static_cast<void>(oci::parse_challenges(text));
  static_cast<void>(oci::parse_token(text));
  static_cast<void>(oci::error_text(text));
  return 0;
}
