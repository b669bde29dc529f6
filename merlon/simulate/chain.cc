#include "merlon/simulate/chain.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/der_writer.h"
#include "merlon/simulate/issue.h"
#include "merlon/snp/certificate_table.h"
#include "merlon/snp/endorsement.h"

namespace merlon::simulate {

using core::ErrorCode;
using core::Result;
using x509::Certificate;

namespace {

core::Error denied(const char* what) { return core::error(ErrorCode::Denied, what); }

/// As components() reads it.
snp::TcbVersion version_of(const snp::TcbComponents& tcb) {
  const std::array<std::uint8_t, 8> bytes{tcb.bootloader, tcb.tee,      0, 0, 0, 0,
                                          tcb.snp,        tcb.microcode};
  return snp::TcbVersion::from(bytes).value();
}

Result<void> judge(const x509::Path& path) {
  constexpr std::array<std::string_view, 3> names{vcek_name, ask_name, ark_name};
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i].common_name() != names[i]) return denied("a certificate of another name");
    if (path[i].key().key.kind() != crypto::KeyKind::P384) return denied("a key of another kind");
    if (!has_remark(path[i])) return denied("a certificate that does not say SIMULATOR");
  }
  // When they were made they were valid; whether they still are is not asked here.
  const x509::AnchorId root = x509::anchor_of(path.back());
  const auto problems =
      x509::judge_path(path, {&root, 1}, path.front().validity().not_before, x509::SignatureMemo());
  return problems.empty() ? Result<void>() : denied("certificates that are not each other's");
}

}  // namespace

Result<Endorsed> endorsed_by(const Certificate& vcek) {
  std::vector<snp::ExtensionView> views;
  for (const x509::Extension& each : vcek.extensions()) views.push_back({each.oid, each.value});
  const auto made = TRY(snp::EndorsementExtensions::parse(views));
  if (made.product != snp::Product::Simulator || vcek.common_name() != vcek_name ||
      !has_remark(vcek)) {
    return denied("the VCEK is not a simulator's");
  }
  if (!made.hwid || made.hwid->size() != snp::ChipId::size || made.csp_id || made.tcb.fmc != 0) {
    return denied("the VCEK does not name one chip and its versions");
  }
  return Endorsed{TRY(snp::ChipId::from(*made.hwid)), version_of(made.tcb)};
}

Result<Chain> Chain::parse(const Parts& parts) {
  x509::Path path;
  for (const core::ByteView der : {parts.vcek, parts.ask, parts.ark}) {
    path.push_back(TRY(Certificate::parse(der)));
  }
  auto list = TRY(x509::Crl::parse(parts.list));
  Chain made(std::move(path), std::move(list));
  TRY(judge(made.path_));
  if (!std::ranges::equal(made.list_.issuer(), made.ark().subject()) ||
      !x509::verify(made.ark().key(), made.list_.signature())) {
    return denied("a revocation list that the ARK did not sign");
  }
  made.endorsed_ = TRY(endorsed_by(made.vcek()));
  return made;
}

std::vector<std::uint8_t> table_of(const Chain::Parts& parts) {
  using enum snp::TableEntryKind;
  const std::array entries{snp::NewTableEntry{Ark, parts.ark}, snp::NewTableEntry{Ask, parts.ask},
                           snp::NewTableEntry{Vcek, parts.vcek},
                           snp::NewTableEntry{Crl, parts.list}};
  return snp::certificate_table(entries);
}

Result<Chain> revoke(const Chain& chain, const crypto::PrivateKey& ark_key, codec::UnixTime now) {
  if (!is_key_of(ark_key, chain.ark())) return denied("the ARK's key is another's");
  const core::ByteView serial = chain.ask().serial();
  std::vector<codec::DerBytes> serials;
  serials.emplace_back(serial.begin(), serial.end());
  const std::uint64_t number = TRY(number_of(chain.list())) + 1;
  const auto list = TRY(issue_list(ark_key, now, number, std::move(serials)));
  Chain::Parts parts = chain.parts();
  parts.list = list;
  return Chain::parse(parts);
}

bool is_key_of(const crypto::PrivateKey& key, const Certificate& certificate) {
  const auto spki = spki_of(key);
  return spki && std::ranges::equal(*spki, certificate.key().spki);
}

}  // namespace merlon::simulate
