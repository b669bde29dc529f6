#include "merlon/sgx/quote_writer.h"

#include <gtest/gtest.h>

namespace merlon::sgx {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

template <typename T>
T filled(std::uint8_t value) {
  std::array<std::uint8_t, T::size> bytes{};
  bytes.fill(value);
  return T::from(bytes).value();
}

TEST(QuoteWriter, WhatItWritesIsReadAgain) {
  ReportBody body;
  body.svn = 7;
  body.mr_enclave = filled<MrEnclave>(0x11);
  QuoteSignatureData data;
  data.signature = filled<QuoteSignature>(0x21);
  data.attestation_key = filled<AttestationKey>(0x22);
  data.qe_report.svn = 9;
  data.qe_signature = filled<QeReportSignature>(0x23);
  const Bytes authentication(33, 0x24);
  const Bytes chain(1000, 0x25);
  data.qe_authentication = authentication;
  data.pck_chain = chain;
  QuoteHeader header{8, 12, {}};
  header.user_data = filled<decltype(header.user_data)>(0x26);

  const Bytes to_sign = quote_to_be_signed(header, body);
  const Bytes bytes = quote_bytes(to_sign, data).value();
  const Quote quote = Quote::parse(bytes).value();
  EXPECT_EQ(quote.version, 3);
  EXPECT_EQ(quote.kind, BodyKind::Enclave);
  EXPECT_EQ(quote.qe_svn, 8);
  EXPECT_EQ(quote.pce_svn, 12);
  EXPECT_TRUE(std::ranges::equal(quote.user_data, header.user_data.view()));
  EXPECT_TRUE(std::ranges::equal(quote.signed_bytes, to_sign));
  EXPECT_EQ(ReportBody::parse(quote.body).value(), body);
  EXPECT_EQ(quote.signature, data.signature);
  EXPECT_EQ(quote.attestation_key, data.attestation_key);
  EXPECT_EQ(quote.qe_report, data.qe_report);
  EXPECT_EQ(quote.qe_signature, data.qe_signature);
  EXPECT_TRUE(std::ranges::equal(quote.qe_authentication, authentication));
  EXPECT_TRUE(std::ranges::equal(quote.pck_chain, chain));
  EXPECT_EQ(quote.padding, 0U);
  EXPECT_EQ(bytes.size(), quote_size(authentication.size(), chain.size()));
}

TEST(QuoteWriter, WritesNoQuoteThatNobodyReads) {
  const Bytes to_sign = quote_to_be_signed({}, {});
  QuoteSignatureData data;
  Bytes chain(max_quote_size, 1);
  data.pck_chain = chain;
  EXPECT_EQ(quote_bytes(to_sign, data).error().code, ErrorCode::Exhausted);
  const std::size_t rest = quote_bytes(to_sign, {})->size();
  data.pck_chain = core::ByteView(chain).first(max_quote_size - rest);
  EXPECT_TRUE(Quote::parse(quote_bytes(to_sign, data).value()).has_value());
  data.qe_authentication = core::ByteView(chain).first(1);
  EXPECT_EQ(quote_bytes(to_sign, data).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(quote_bytes(core::ByteView(to_sign).first(431), {}).error().code, ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::sgx
