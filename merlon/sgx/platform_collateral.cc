#include "merlon/sgx/platform_collateral.h"

#include "merlon/codec/der.h"

namespace merlon::sgx {

using codec::DerBytes;
using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

Result<void> bound(std::size_t count) {
  if (count < max_collateral_parts) return {};
  return core::error(ErrorCode::Exhausted, "more collateral than can be taken", count);
}

void append(DerBytes& to, ByteView part) { to.insert(to.end(), part.begin(), part.end()); }

}  // namespace

DerBytes crl_list(const std::vector<ListAt>& lists) {
  DerBytes all;
  for (const ListAt& each : lists) {
    append(all, codec::der_sequence({codec::der_text(DerTag::Utf8String, each.url),
                                     DerBytes(each.der.begin(), each.der.end())}));
  }
  return codec::der_sequence({codec::der_value(DerTag::Sequence, all)});
}

DerBytes tcb_package(const std::vector<ByteView>& signers, std::string_view tcb_info) {
  DerBytes all;
  for (const ByteView each : signers) append(all, each);
  return codec::der_sequence(
      {codec::der_value(DerTag::Sequence, all), codec::der_octets(core::as_bytes(tcb_info))});
}

DerBytes platform_collateral(ByteView crl_list, ByteView tcb_package, std::string_view identity) {
  DerBytes all(crl_list.begin(), crl_list.end());
  append(all, tcb_package);
  if (!identity.empty()) append(all, codec::der_octets(core::as_bytes(identity)));
  return codec::der_value(DerTag::Sequence, all);
}

Result<std::vector<ListAt>> parse_crl_list(ByteView der) {
  DerReader outer(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  DerReader rows = TRY(outer.enter(DerTag::Sequence));
  TRY(outer.finish());
  std::vector<ListAt> lists;
  while (!rows.at_end()) {
    TRY(bound(lists.size()));
    DerReader row = TRY(rows.enter(DerTag::Sequence));
    const ByteView url = TRY(row.content(DerTag::Utf8String));
    const ByteView list = TRY(row.element(DerTag::Sequence)).whole;
    TRY(row.finish());
    lists.push_back({core::as_text(url), list});
  }
  return lists;
}

Result<TcbPackage> TcbPackage::parse(ByteView der) {
  DerReader outer(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  DerReader rows = TRY(outer.enter(DerTag::Sequence));
  TcbPackage made;
  while (!rows.at_end()) {
    TRY(bound(made.signers.size()));
    made.signers.push_back(TRY(rows.element(DerTag::Sequence)).whole);
  }
  made.tcb_info = core::as_text(TRY(outer.content(DerTag::OctetString)));
  TRY(outer.finish());
  return made;
}

Result<PlatformCollateral> PlatformCollateral::parse(ByteView der) {
  if (der.size() > max_collateral_size) {
    return core::error(ErrorCode::Exhausted, "more collateral than can be taken", der.size());
  }
  DerReader parts(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  PlatformCollateral made;
  made.crl_list = TRY(parts.element(DerTag::Sequence)).whole;
  made.tcb_package = TRY(parts.element(DerTag::Sequence)).whole;
  if (!parts.at_end()) made.identity = core::as_text(TRY(parts.content(DerTag::OctetString)));
  TRY(parts.finish());
  made.lists = TRY(parse_crl_list(made.crl_list));
  made.tcb = TRY(TcbPackage::parse(made.tcb_package));
  return made;
}

}  // namespace merlon::sgx
