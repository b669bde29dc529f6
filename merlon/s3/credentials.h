#pragma once

// Who one is to an S3, from a file as the tools of AWS have it. Errors name the line and nothing of
// it.

#include <string>

#include "merlon/s3/signature.h"

namespace merlon::s3 {

/// Of the section [default], or of what stands in front of all sections: aws_access_key_id,
/// aws_secret_access_key, aws_session_token.
[[nodiscard]] core::Result<Credentials, std::string> parse_credentials(std::string_view text);

/// The same by words; both must be there, in characters that a header can hold.
[[nodiscard]] core::Result<Credentials, std::string> make_credentials(std::string_view id,
                                                                      std::string_view secret,
                                                                      std::string_view session);

}  // namespace merlon::s3
