#pragma once

// Every certificate that a Steward issued, in a file that is only ever added to. Each record holds
// the hash of the one before it, so that none can be changed, left out or put in between without
// all behind it showing. That the last ones are cut off only somebody shows who kept their hash.

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "merlon/steward/authority.h"

namespace merlon::steward {

/// A log that holds together.
struct LogSummary {
  std::uint64_t records = 0;
  crypto::Sha256Digest last;  ///< hash of the last record; zero if there is none
  /// Bytes behind the last whole line: of a record that was not finished when its writer ended.
  std::size_t torn = 0;
};

/// Why a file is no such log.
struct LogFault {
  std::uint64_t line = 0;  ///< from 1; 0: of the file as a whole
  std::string what;
  [[nodiscard]] std::string text(const std::string& path) const;  ///< "PATH: line 3: …"
};

/// Reads all of it; linear in its size, with little memory.
[[nodiscard]] core::Result<LogSummary, LogFault> verify_log(const std::string& path);

/// Any number of threads; one process at a time.
class IssuanceLog {
 public:
  /// Makes the file if there is none. Checks all that is there; cuts off a record that was not
  /// finished, of which note() tells. An error is a line that names the file: a record that was
  /// changed, another process that has the log, a disk that cannot be written.
  [[nodiscard]] static core::Result<IssuanceLog, std::string> open(std::string path);

  /// Adds a record for each. They are on disk when this returns, and only then may certificates
  /// leave; threads that wait for the disk at once wait together. After an error nothing more is
  /// taken until the log is opened anew: what the disk has then nobody knows.
  [[nodiscard]] core::Result<void, std::string> append(std::span<const Issuance> issuances,
                                                       codec::UnixTime time);

  /// What was cut off at the start, a line; empty if nothing was.
  [[nodiscard]] const std::string& note() const noexcept;
  [[nodiscard]] std::uint64_t records() const;
  [[nodiscard]] crypto::Sha256Digest last() const;
  /// How often the disk was waited for.
  [[nodiscard]] std::uint64_t syncs() const;

 private:
  class Writer;
  explicit IssuanceLog(std::shared_ptr<Writer> writer) noexcept : writer_(std::move(writer)) {}

  std::shared_ptr<Writer> writer_;
};

}  // namespace merlon::steward
