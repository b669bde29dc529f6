#pragma once

// Why a machine of SEV-SNP ends. Before it can speak with its launcher, the number is all that can
// be told.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace merlon::shim::snp {

enum class Reason : std::uint8_t {
  Status = 1,    ///< what protects this machine is not what it was made for
  Version,       ///< the host speaks no protocol that is known here
  Encryption,    ///< host or processor says of another bit that it means private
  Features,      ///< the host does not know SEV-SNP
  Registration,  ///< the host did not take the page for messages
  Sharing,       ///< the host did not share a page
  Reply,         ///< the host answered something else than it was asked
  Failed,        ///< the host refused what it was asked, or did not answer
  Ledger,        ///< memory that was taken before, or too many pieces of it
  Unchanged,     ///< memory that was there before it was taken
  Validation,    ///< memory that the processor does not accept
  Level,         ///< this machine does not run at VMPL 0
  Cpuid,         ///< the page of CPUID cannot be one
  Processor,     ///< the processor lacks what a keep needs
};

/// Nothing: all is well.
using Trouble = std::optional<Reason>;

/// What a machine says that can still say something.
[[nodiscard]] constexpr const char* text_of(Reason reason) noexcept {
  constexpr auto texts = std::array{
      "what protects this machine is not what it was made for",
      "the host speaks no version of the protocol that is known here",
      "another bit than 51 says private",
      "the host does not know SEV-SNP",
      "the host did not take the page for messages",
      "the host did not share a page",
      "the host answered something else than it was asked",
      "the host refused what it was asked",
      "memory came twice, or in too many pieces",
      "memory was there before it was taken",
      "the processor does not accept memory",
      "the machine does not run at VMPL 0",
      "the page of CPUID cannot be one",
      "the processor lacks what a keep needs",
  };
  const auto index = static_cast<std::size_t>(reason) - 1;
  return index < texts.size() ? texts[index] : "unknown";
}

}  // namespace merlon::shim::snp
