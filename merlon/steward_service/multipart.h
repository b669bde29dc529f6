#pragma once

// Forms as browsers send files [RFC7578]. Attacker-controlled; linear in the size of the body.

#include <optional>
#include <string_view>

namespace merlon::steward_service {

struct UploadedFile {
  std::string_view name;     ///< as the browser called it; may be empty
  std::string_view content;  ///< of `body`
};

/// The part of a form that the field `field` holds; nothing if `content_type` and `body` are no
/// such form, or the field is not in it.
[[nodiscard]] std::optional<UploadedFile> uploaded_file(std::string_view content_type,
                                                        std::string_view body,
                                                        std::string_view field);

}  // namespace merlon::steward_service
