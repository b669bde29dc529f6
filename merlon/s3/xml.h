#pragma once

// As much of XML as S3 answers with: elements and their texts [S3-API]. Attacker-controlled:
// bounded in depth, linear in time; what needs a document type, CDATA or a comment is refused.

#include <functional>
#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::s3 {

/// Calls `element` at the end of each with its path ("ListBucketResult/Contents/Key") and the text
/// that stands in it directly, in order. Malformed.
[[nodiscard]] core::Result<void> read_xml(
    std::string_view text,
    const std::function<void(std::string_view path, const std::string& content)>& element);

}  // namespace merlon::s3
