#pragma once

// What a host has of Intel's word on its platform, as Enarx's caches hold it [ENARX
// crates/attestation, src/cli/platform/sgx]: crls.der and tcb.der, and beside them the identity of
// the quoting enclave, which Enarx does without. From the host: nothing in it is trusted, and
// verifiers look at each part.
//
//   Collateral ::= SEQUENCE { crl CrlList, tcb TcbPackage, identity OCTET STRING OPTIONAL }
//   CrlList    ::= SEQUENCE { SEQUENCE OF SEQUENCE { url UTF8String, crl CertificateList } }
//   TcbPackage ::= SEQUENCE { SEQUENCE OF Certificate, report OCTET STRING }

#include <string_view>
#include <vector>

#include "merlon/codec/der_writer.h"

namespace merlon::sgx {

inline constexpr std::size_t max_collateral_size = 64UL * 1024;
inline constexpr std::size_t max_collateral_parts = 64;  ///< lists, and certificates

/// A revocation list, and where its publisher has it; views are borrowed.
struct ListAt {
  std::string_view url;
  core::ByteView der;
};

[[nodiscard]] codec::DerBytes crl_list(const std::vector<ListAt>& lists);
/// `signers`: the TCB signing certificate, then its root. `tcb_info` as SignedJson has it.
[[nodiscard]] codec::DerBytes tcb_package(const std::vector<core::ByteView>& signers,
                                          std::string_view tcb_info);
/// Of the two as they stand in their files; `identity` may be empty.
[[nodiscard]] codec::DerBytes platform_collateral(core::ByteView crl_list,
                                                  core::ByteView tcb_package,
                                                  std::string_view identity);

/// Borrowed from what was parsed. Exhausted beyond max_collateral_parts; else Malformed.
[[nodiscard]] core::Result<std::vector<ListAt>> parse_crl_list(core::ByteView der);

struct TcbPackage {
  std::vector<core::ByteView> signers;
  std::string_view tcb_info;
  /// Errors as above.
  [[nodiscard]] static core::Result<TcbPackage> parse(core::ByteView der);
};

struct PlatformCollateral {
  core::ByteView crl_list;     ///< whole, for evidence in Enarx's form
  core::ByteView tcb_package;  ///< whole
  std::string_view identity;   ///< empty if there is none
  std::vector<ListAt> lists;
  TcbPackage tcb;
  /// Exhausted beyond max_collateral_size, and as above; else Malformed.
  [[nodiscard]] static core::Result<PlatformCollateral> parse(core::ByteView der);
};

}  // namespace merlon::sgx
