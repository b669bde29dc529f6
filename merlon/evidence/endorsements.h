#pragma once

// What vouches for evidence: certificates, revocation lists, TCB info, enclave identities. A bag:
// the verifier takes what fits and is signed, so neither order nor surplus matters. All of it is
// attacker-controlled.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/json.h"
#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::evidence {

using Bytes = std::vector<std::uint8_t>;

struct Endorsements {
  static constexpr std::size_t max_artefacts = 4096;

  std::vector<Bytes> certificates;      ///< DER
  std::vector<Bytes> revocation_lists;  ///< DER
  /// Those of them that came under no name but such as say "vlek": AMD keeps two lists of one ARK,
  /// and neither says itself which it is.
  std::vector<Bytes> vlek_lists;
  std::vector<std::string> documents;  ///< as sgx::SignedJson takes them

  /// Adds what `bytes` hold: a certificate, a list, a PkiPath, PEM blocks of these, a signed
  /// document, what hosts with SGX have (sgx/platform_collateral.h), or a JSON object whose members
  /// are such things (as collateral of DCAP is stored). Gives how many artefacts were new.
  /// Malformed if nothing of it is known; Unsupported if something in it is a revocation list, by
  /// its form or its name, that cannot be judged by, which must not be lost without a word;
  /// Exhausted beyond `max_artefacts`. What can be read beside something that cannot is added even
  /// so. `name` is the file or the address that they are from, the word of whoever keeps them; a
  /// folder's name tells nothing.
  core::Result<std::size_t> add(core::ByteView bytes, std::string_view name = {});

  /// Everything of `other` that is not here yet. Exhausted as above.
  core::Result<std::size_t> merge(const Endorsements& other);

  /// The members of a JSON object that are endorsements, or texts of these; the rest is passed
  /// over. Errors as of add().
  core::Result<std::size_t> add_object(const codec::JsonValue& object);

  /// The certificate table of an extended report [GHCB §4.1.8.1]. Gives a line for each entry that
  /// is not known, or holds what its name does not say.
  core::Result<std::vector<std::string>> add_table(core::ByteView table);

  [[nodiscard]] std::size_t size() const noexcept {
    return certificates.size() + revocation_lists.size() + documents.size();
  }

  core::Result<std::size_t> add_certificate(core::ByteView der);
  core::Result<std::size_t> add_revocation_list(core::ByteView der, std::string_view name = {});
  core::Result<std::size_t> add_document(std::string_view text);
};

}  // namespace merlon::evidence
