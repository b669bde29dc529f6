#include "merlon/snp/guest_message.h"

#include <gtest/gtest.h>

#include "merlon/snp/report_request.h"

namespace merlon::snp {
namespace {

using core::ErrorCode;
using crypto::AesGcmKey;
using Bytes = std::vector<std::uint8_t>;

GuestMessage example() {
  GuestMessage message;
  message.sequence = 0x0102030405060708;
  message.vmpck = 3;
  message.payload = Bytes(300, 0x77);
  return message;
}

TEST(GuestMessage, EachFieldStandsWhereTheSpecificationSaysSo) {
  const AesGcmKey key(Bytes(32, 1));
  const Bytes bytes = seal(key, example());
  ASSERT_EQ(bytes.size(), message_header_size + 300);
  EXPECT_EQ(Bytes(bytes.begin() + 0x20, bytes.begin() + 0x28), (Bytes{8, 7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(Bytes(bytes.begin() + 0x30, bytes.begin() + 0x3D),
            (Bytes{1, 1, 0x60, 0, 5, 1, 300 & 0xFF, 300 >> 8, 0, 0, 0, 0, 3}));
  // By the standard alone: nonce, what stands beside the text, and the tag.
  AesGcmKey::Nonce nonce{8, 7, 6, 5, 4, 3, 2, 1};
  AesGcmKey::Tag tag{};
  std::copy_n(bytes.begin(), 16, tag.begin());
  const auto plain = key.open(nonce, core::ByteView(bytes).subspan(0x30, 0x30),
                              core::ByteView(bytes).subspan(0x60), tag);
  EXPECT_EQ(plain, example().payload);
}

TEST(GuestMessage, IsReadAsItWasSealed) {
  const AesGcmKey key(Bytes(32, 1));
  for (const std::size_t size : {std::size_t{0}, std::size_t{96}, max_message_payload}) {
    GuestMessage message = example();
    message.payload.assign(size, 9);
    Bytes page = seal(key, message);
    page.resize(4096 + 7, 0xEE);
    const auto read = open(key, page);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->payload, message.payload);
    EXPECT_EQ(read->sequence, message.sequence);
    EXPECT_EQ(read->vmpck, message.vmpck);
    EXPECT_EQ(read->type, message.type);
  }
}

TEST(GuestMessage, AnyAlteredBitIsRefused) {
  const AesGcmKey key(Bytes(32, 1));
  const Bytes bytes = seal(key, example());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes altered = bytes;
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(open(key, altered).has_value()) << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(open(key, core::ByteView(bytes).first(size)).has_value()) << size;
  }
  EXPECT_EQ(open(AesGcmKey(Bytes(32, 2)), bytes).error().code, ErrorCode::Denied);
}

TEST(ReportRequest, IsReadAsItWasMeant) {
  ReportRequest made;
  made.report_data = ReportData::from(Bytes(64, 5)).value();
  made.vmpl = 2;
  made.key = ReportKey::Vcek;
  const Bytes bytes = made.bytes();
  const auto read = ReportRequest::parse(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->report_data, made.report_data);
  EXPECT_EQ(read->vmpl, 2U);
  EXPECT_EQ(read->key, ReportKey::Vcek);
  for (const std::size_t at : {64U, 65U, 68U, 72U, 95U}) {  // VMPL, KEY_SEL, reserved
    Bytes altered = bytes;
    altered[at] = 0xFF;
    EXPECT_FALSE(ReportRequest::parse(altered).has_value()) << at;
  }
  EXPECT_FALSE(ReportRequest::parse(core::ByteView(bytes).first(95)).has_value());
}

TEST(ReportResponse, HasAReportOrSaysWhyNot) {
  ReportResponse made;
  made.status = ReportStatus::Success;
  made.report.assign(Report::size, 3);
  EXPECT_EQ(ReportResponse::parse(made.bytes())->report, made.report);
  Bytes bytes = made.bytes();
  EXPECT_FALSE(ReportResponse::parse(core::ByteView(bytes).first(bytes.size() - 1)).has_value());
  bytes[4] ^= 1U;
  EXPECT_FALSE(ReportResponse::parse(bytes).has_value());
  for (const ReportStatus status :
       {ReportStatus::InvalidParameters, ReportStatus::InvalidKeySelection}) {
    const auto read = ReportResponse::parse(ReportResponse{status, {}}.bytes());
    EXPECT_EQ(read->status, status);
    EXPECT_TRUE(read->report.empty());
  }
  Bytes other = ReportResponse{ReportStatus::InvalidParameters, {}}.bytes();
  other[0] = 1;
  EXPECT_EQ(ReportResponse::parse(other).error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace merlon::snp
