#pragma once

// What a security processor keeps of a guest that has been launched [SNP-ABI 1.58 §4.1, guest
// context].

#include <optional>
#include <vector>

#include "merlon/crypto/aes_gcm.h"
#include "merlon/snp/report.h"

namespace merlon::simulate {

/// Who the guest is by its ID block; all zero without one.
struct Identity {
  snp::FamilyId family_id;
  snp::ImageId image_id;
  std::uint32_t guest_svn = 0;
  snp::IdKeyDigest id_key_digest;
  std::optional<snp::AuthorKeyDigest> author_key_digest;
};

/// Moved only, because of its keys, which are wiped when it goes.
struct Guest {
  snp::GuestPolicy policy;
  snp::LaunchDigest measurement;
  snp::HostData host_data;
  snp::ReportId report_id;
  Identity identity;
  std::vector<crypto::AesGcmKey> keys;  ///< snp::vmpck_count, by their number
};

}  // namespace merlon::simulate
