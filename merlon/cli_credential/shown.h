#pragma once

// What was shown before, in a database of one file. Any thread.

#include <memory>
#include <optional>
#include <string>

#include "merlon/credential/admission.h"
#include "merlon/database/database.h"

namespace merlon::cli_credential {

class Shown {
 public:
  /// A line that names the file if it cannot be used.
  [[nodiscard]] static core::Result<std::unique_ptr<Shown>, std::string> open(
      const std::string& path);

  /// As credential::Remember; on the disk before it returns. Under a key whose tags are forgotten
  /// all are taken for shown before, whatever the clock says of it.
  [[nodiscard]] std::optional<bool> remember(const credential::KeyId& key,
                                             const credential::Tag& tag);

  using Ends = std::vector<std::pair<credential::KeyId, codec::UnixTime>>;
  /// So long behind its end what was shown under a key is kept: after a clock that was ahead by
  /// less, and is set back, those that were not shown before count still.
  static constexpr std::int64_t grace = std::int64_t{7} * 24 * 3600;
  /// Notes when keys are over, and forgets what was shown under those that are over for long, some
  /// thousand at a time, so that others come between. What fails is done another time.
  void tidy(const Ends& ends, codec::UnixTime now);

 private:
  /// Whether there is more.
  [[nodiscard]] bool forget_some(codec::UnixTime before);

  explicit Shown(database::Database::Connect connect) : database_(std::move(connect)) {}

  database::Database database_;
};

}  // namespace merlon::cli_credential
