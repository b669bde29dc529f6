#pragma once

// Requests to S3 signed with AWS Signature Version 4 in their headers [SIGV4]. Pure; any thread.

#include <string>
#include <utility>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/http_client/answer.h"

namespace merlon::s3 {

struct Credentials {
  std::string id;
  crypto::SecretBytes secret;
  std::string session_token{};  ///< a secret too; empty: none
};

struct Unsigned {
  std::string method;
  std::string path;                                          ///< not encoded yet
  std::vector<std::pair<std::string, std::string>> query{};  ///< not encoded yet
  std::vector<http_client::Field> fields{};                  ///< to be signed, besides those below
  std::string host;                                          ///< as the Host header has it
  crypto::Sha256Digest content;                              ///< of the body
};

struct Signed {
  std::string target;                        ///< path and query, encoded
  std::string authorization;                 ///< the header
  std::vector<http_client::Field> fields{};  ///< all others that were signed, but Host
};

[[nodiscard]] Signed sign(const Unsigned& request, const Credentials& credentials,
                          const std::string& region, codec::UnixTime now);

}  // namespace merlon::s3
