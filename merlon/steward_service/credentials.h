#pragma once

// Credentials that a Steward gives to keeps which it has judged (docs/zero-knowledge.md): its keys
// in a directory of their own, one for each policy and epoch, and who got one. Requests are
// attacker-controlled.
//
//   GET  /credential/keys   the log of keys, for everybody
//   POST /credential        a request for a credential

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "merlon/credential/issuing_key.h"
#include "merlon/http/message.h"
#include "merlon/os/fd.h"
#include "merlon/steward_service/generation.h"
#include "merlon/steward_service/options.h"

namespace merlon::steward_service {

inline constexpr std::string_view credential_path = "/credential";
inline constexpr std::string_view credential_keys_path = "/credential/keys";

class Credentials {
 public:
  struct World {
    std::function<codec::UnixTime()> now;
    std::function<verify::Moment()> moment;
    std::function<GenerationPointer()> generation;
    /// Takes what an appraisal has seen.
    std::function<void(const verify::Memory&)> learn;
    /// Takes how many keys the log has, and bytes; may be none.
    std::function<void(std::size_t, std::size_t)> count{};
  };

  /// Opens the directory, which is made if it is not there. One process at a time has it. A line
  /// for who starts the service otherwise.
  [[nodiscard]] static Outcome<std::unique_ptr<Credentials>> open(const CredentialOptions& options,
                                                                  codec::UnixTime now);

  /// Before the first request.
  void set_world(World world);

  /// By workers; any number at the same time.
  [[nodiscard]] http::Response handle(const http::Request& request);

  /// The key for this policy, made if there is none for now; and where its end is nearer than half
  /// of an epoch, the next one is made and published.
  [[nodiscard]] Outcome<credential::IssuingKey> key_for(const crypto::Sha256Digest& policy,
                                                        bool development, codec::UnixTime now);

 private:
  explicit Credentials(CredentialOptions options) : options_(std::move(options)) {}

  [[nodiscard]] http::Response respond(const http::Request& request);
  [[nodiscard]] http::Response log(const http::Request& request);
  [[nodiscard]] http::Response give(const http::Request& request);
  [[nodiscard]] Outcome<void> add_key(const crypto::Sha256Digest& policy, bool development,
                                      codec::UnixTime from, codec::UnixTime until);
  [[nodiscard]] Outcome<void> read_log();
  [[nodiscard]] Outcome<void> read_given(codec::UnixTime now);
  /// What a keep got of a key, and for which request.
  struct Given {
    std::string request;  ///< its digest, in hexadecimal digits; empty in files of older Stewards
    credential::Bytes answer;
  };
  /// What is written down is `given`, unless it got one before: then that.
  [[nodiscard]] Outcome<Given> note_given(const crypto::Sha256Digest& keep,
                                          const credential::KeyId& key, Given given);
  [[nodiscard]] http::Response answer_given(const credential::Request& asked,
                                            const credential::IssuingKey& key,
                                            const steward::Admitted& admitted,
                                            const http::Request& request);
  [[nodiscard]] std::string path_of(std::string_view name) const;

  CredentialOptions options_;
  World world_;
  std::mutex mutex_;  // of all below
  os::Fd lock_;
  credential::KeyLog keys_;
  std::map<credential::KeyId, credential::IssuingKey> issuing_;
  os::Fd given_file_;
  std::size_t given_size_ = 0;          // of the file
  std::map<std::string, Given> given_;  // by keep and key, as they stand in its lines
  bool is_torn_ = false;  // a line may stand there in part: nothing may come behind it
};

}  // namespace merlon::steward_service
