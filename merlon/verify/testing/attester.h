#pragma once

// For tests: an attester who offers whatever anybody has signed, in any number and order, and
// damages some of it. What a verifier must answer follows from what he offers, without asking the
// verifier.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/verify/verifier.h"

namespace merlon::verify::testing {

using Bytes = std::vector<std::uint8_t>;

/// What something beside the evidence is needed for.
enum class Role : std::uint8_t {
  Root,
  Ca,
  Leaf,
  Signer,
  RootList,
  SecondList,  ///< of the root's too: AMD has two, and under a VLEK both are wanted
  CaList,
  TcbInfo,
  Identity
};

enum class Effect : std::uint8_t {
  Serves,   ///< fills its role while it is valid
  None,     ///< a stranger's under the vendor's name, or the vendor's about something else
  Refuses,  ///< speaks against the evidence wherever it turns up, as a revocation does
  RefusesOnceIssued,  ///< the same, but not before it is issued: newer TCB info, over or not
};

struct Ware {
  Role role;
  Effect effect;
  Bytes bytes;
  codec::UnixTime from, until;
};

struct Exhibit {
  Bytes bytes;
  bool sound = false;                     ///< a verifier should believe it
  bool has_ca = false, has_root = false;  ///< brings them along
};

/// All there is to offer about one platform, and whose root is trusted. At most 127 wares.
struct Stock {
  std::string_view name;  ///< of the platform's kind
  Policy policy;
  std::vector<Role> needs;  ///< beside the evidence; Root and Ca only where it has none
  std::vector<Exhibit> exhibits;
  std::vector<Ware> wares;
};

/// Of an SGX, a TDX and two SEV-SNP platforms, one of them with a VLEK; keys are made anew.
[[nodiscard]] std::vector<Stock> stocks();

/// Makes the offer that `program` describes, has it judged, and says in a line what is wrong with
/// the answer, if anything is. Any bytes are a program: which exhibit; which day, whether all
/// comes along with the evidence (32), missing lists are allowed (64) and collateral is prepared
/// (128); and then for each byte below 128 a ware or all of them that serve, else four bytes that
/// damage what was offered last.
[[nodiscard]] std::optional<std::string> contradiction(const Stock& stock, core::ByteView program);

/// The byte of a program that offers everything of `stock` that serves.
[[nodiscard]] inline std::uint8_t all_that_serve(const Stock& stock) noexcept {
  return static_cast<std::uint8_t>(stock.wares.size());
}

}  // namespace merlon::verify::testing
