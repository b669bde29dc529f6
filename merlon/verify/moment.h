#pragma once

// The time for which evidence is judged, and what was seen before then. A clock can be set back,
// and an old document of a vendor's is as genuine as a new one: only whoever remembers what was
// there already notices either. [PCS-V4 tcbEvaluationDataNumber; RFC5280 §6.3]

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "merlon/codec/time.h"
#include "merlon/core/result.h"
#include "merlon/x509/path.h"

namespace merlon::verify {

/// The newest that was seen under the vendors' own roots. Grows only; whoever appraises gets what
/// an appraisal has seen, keeps it, and gives it to the next.
struct Memory {
  static constexpr std::size_t max_lists = 64;
  static constexpr std::size_t max_documents = 192;
  static constexpr std::size_t max_text_size = 64U << 10U;

  codec::UnixTime newest_issue;  ///< of any signed document or list; no clock may be before it
  std::uint32_t evaluation_number = 0;  ///< Intel's, which grows for all platforms together
  /// When the newest list of an issuer was issued, by the issuer's key; of issuers that have but
  /// one list, which AMD's roots are not.
  std::map<x509::AnchorId, codec::UnixTime> lists;
  /// When the newest document of Intel's about a kind of platform or of enclave was issued, by
  /// document_name().
  std::map<std::string, codec::UnixTime> documents;

  /// Takes what is newer in `other`. Of new issuers beyond `max_lists`, and new names beyond
  /// `max_documents`, nothing is kept.
  void merge(const Memory& other);

  /// One JSON object and a line end; parse() gives the same again.
  [[nodiscard]] std::string to_text() const;
  /// Malformed with what is wrong: nothing is taken from a text that is not as to_text() writes it,
  /// or wrote it before there were `documents`.
  [[nodiscard]] static core::Result<Memory> parse(std::string_view text);

  friend bool operator==(const Memory&, const Memory&) = default;
};

/// Where a time comes from.
enum class TimeSource : std::uint8_t {
  Clock,  ///< of this machine: it is now, and must not be before anything that was issued
  Asked,  ///< a person named it: how would it have been judged then
};

struct Moment {
  codec::UnixTime now;
  TimeSource source = TimeSource::Clock;
  Memory memory = {};

  [[nodiscard]] static Moment by_clock(codec::UnixTime now, Memory memory) {
    return {now, TimeSource::Clock, std::move(memory)};
  }
  /// What was seen since does not count against a time in the past.
  [[nodiscard]] static Moment asked_for(codec::UnixTime time) {
    return {time, TimeSource::Asked, {}};
  }
};

}  // namespace merlon::verify
