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

  /// As credential::Remember; on the disk before it returns.
  [[nodiscard]] std::optional<bool> remember(const credential::KeyId& key,
                                             const credential::Tag& tag);

 private:
  explicit Shown(database::Database::Connect connect) : database_(std::move(connect)) {}

  database::Database database_;
};

}  // namespace merlon::cli_credential
