#include "merlon/simulate/enclave_server.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "merlon/sallyport/enclave.h"
#include "merlon/signing/enclave.h"

namespace merlon::simulate {
namespace {

using image::EnclavePage;
using image::page_size;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareStatus;
using Bytes = std::vector<std::uint8_t>;

/// A file that says what it was made with.
class File final : public PageFile {
 public:
  explicit File(Bytes bytes) : bytes_(std::move(bytes)) {}
  core::Result<void> read(std::uint64_t offset, core::ByteSpan into) override {
    if (offset > bytes_.size() || into.size() > bytes_.size() - offset) {
      return core::error(core::ErrorCode::NotFound, "short");
    }
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  }

 private:
  Bytes bytes_;
};

constexpr auto kind(EnclavePage page) {
  return static_cast<std::uint32_t>(image::secinfo_flags(page));
}

class EnclaveServerTest : public ::testing::Test {
 protected:
  static EnclaveServer server(Bytes file = Bytes(5000, 9)) {
    PageFiles files;
    files.push_back(std::make_unique<File>(std::move(file)));
    return {EnclaveProcessor(crypto::SecretBytes(Bytes(EnclaveProcessor::fuse_size, 5)), {}),
            std::move(files)};
  }
  FirmwareStatus start(core::ByteView sigstruct = {}) {
    return server_
        .answer({FirmwareCommand::EnclaveStart, 0, 0, {sigstruct.begin(), sigstruct.end()}})
        ->status;
  }
  void add(std::uint64_t offset, Bytes pages = Bytes(page_size, 7),
           EnclavePage page = EnclavePage::ReadWrite) {
    EXPECT_FALSE(
        server_.answer({FirmwareCommand::EnclaveAdd, kind(page), offset, std::move(pages)}));
  }
  FirmwareAnswer report() {
    return *server_.answer({FirmwareCommand::EnclaveReport, 0, 0, Bytes(576)});
  }
  /// What was measured, as the reports say.
  sgx::MrEnclave measured() {
    const FirmwareAnswer answer = report();
    EXPECT_EQ(answer.status, FirmwareStatus::Success);
    return sgx::Report::parse(answer.payload).value().body.mr_enclave;
  }
  static sgx::MrEnclave expected(core::ByteView bytes, std::uint64_t size) {
    measure::EnclaveChain chain(1, sallyport::enclave_size);
    EXPECT_TRUE(chain.add(EnclavePage::ReadWrite, 0x4000, bytes, size));
    return std::move(chain).finish();
  }

  EnclaveServer server_ = server();
};

TEST_F(EnclaveServerTest, ReportsSayWhatWasLoaded) {
  add(0x4000);
  ASSERT_EQ(start(), FirmwareStatus::Success);
  EXPECT_EQ(measured(), expected(Bytes(page_size, 7), page_size));
  const auto body = sgx::Report::parse(report().payload)->body;
  EXPECT_FALSE(body.is_debug());
  EXPECT_EQ(body.flags, enclave_flags);
  EXPECT_EQ(body.xfrm, sallyport::enclave_extended_state);
  EXPECT_EQ(body.mr_signer, EnclaveLaunch::unsigned_signer());
}

TEST_F(EnclaveServerTest, PagesOfAFileAndZerosAreMeasuredAsIfSent) {
  EXPECT_FALSE(server_.answer({FirmwareCommand::EnclaveAddFrom, kind(EnclavePage::ReadWrite),
                               0x4000, launch::PageSource{0, 5000, 0}.bytes()}));
  EXPECT_FALSE(
      server_.answer({FirmwareCommand::EnclaveAddFrom, kind(EnclavePage::ReadWrite), 0x6000,
                      launch::PageSource{0, page_size, launch::PageSource::zeros}.bytes()}));
  ASSERT_EQ(start(), FirmwareStatus::Success);
  EXPECT_EQ(measured(), expected(Bytes(5000, 9), 3 * page_size));
}

TEST_F(EnclaveServerTest, AFileThatHasNotTheBytesIsNobodysEnclave) {
  EXPECT_FALSE(server_.answer({FirmwareCommand::EnclaveAddFrom, kind(EnclavePage::ReadWrite),
                               0x4000, launch::PageSource{0, 5001, 0}.bytes()}));
  ASSERT_EQ(start(), FirmwareStatus::Success);
  EXPECT_EQ(report().status, FirmwareStatus::InvalidGuestState);
}

TEST_F(EnclaveServerTest, WrongPagesEndTheLaunch) {
  const auto refused = [&](std::uint32_t flags, std::uint64_t offset, std::size_t size) {
    server_ = server();
    add(0x4000);
    static_cast<void>(server_.answer({FirmwareCommand::EnclaveAdd, flags, offset, Bytes(size, 1)}));
    return start() == FirmwareStatus::InvalidParameter;
  };
  EXPECT_TRUE(refused(kind(EnclavePage::Read), 0x4000, page_size)) << "twice";
  EXPECT_TRUE(refused(kind(EnclavePage::Read), 0x4001, page_size));
  EXPECT_TRUE(refused(kind(EnclavePage::Read), 0x8000, 100));
  EXPECT_TRUE(refused(kind(EnclavePage::Read), 0x8000, 0));
  EXPECT_TRUE(refused(kind(EnclavePage::Read), sallyport::enclave_size, page_size));
  EXPECT_TRUE(refused(0x207, 0x8000, page_size)) << "writable and executable";
  EXPECT_TRUE(refused(0, 0x8000, page_size));
}

TEST_F(EnclaveServerTest, NothingIsToldOfAnEnclaveThatHasNotStarted) {
  add(0x4000);
  EXPECT_EQ(report().status, FirmwareStatus::InvalidGuestState);
  EXPECT_EQ(server_.answer({FirmwareCommand::EnclaveKey, 0, 0, Bytes(512)})->status,
            FirmwareStatus::InvalidGuestState);
  ASSERT_EQ(start(), FirmwareStatus::Success);
  EXPECT_EQ(start(), FirmwareStatus::InvalidGuestState) << "once";
  add(0x8000);
  EXPECT_EQ(measured(), expected(Bytes(page_size, 7), page_size)) << "nothing is added any more";
}

TEST_F(EnclaveServerTest, MalformedRequestsAreRefused) {
  add(0x4000);
  ASSERT_EQ(start(), FirmwareStatus::Success);
  EXPECT_EQ(server_.answer({FirmwareCommand::EnclaveReport, 0, 0, Bytes(575)})->status,
            FirmwareStatus::InvalidParameter);
  Bytes reserved(576);
  reserved[200] = 1;
  EXPECT_EQ(server_.answer({FirmwareCommand::EnclaveReport, 0, 0, reserved})->status,
            FirmwareStatus::InvalidParameter);
  EXPECT_EQ(server_.answer({FirmwareCommand::EnclaveKey, 0, 0, Bytes(511)})->status,
            FirmwareStatus::InvalidParameter);
  EXPECT_EQ(server_.answer({FirmwareCommand::Guest, 0, 0, Bytes(4096)})->status,
            FirmwareStatus::InvalidParameter);
}

TEST_F(EnclaveServerTest, SaysWhyThereIsNoKey) {
  add(0x4000);
  ASSERT_EQ(start(), FirmwareStatus::Success);
  const auto answer = [&](const sgx::KeyRequest& request) {
    const auto bytes = request.to_bytes();
    return *server_.answer({FirmwareCommand::EnclaveKey, 0, 0, {bytes.begin(), bytes.end()}});
  };
  sgx::KeyRequest request;
  request.name = sgx::KeyName::Seal;
  EXPECT_EQ(answer(request).status, FirmwareStatus::Success);
  request.name = sgx::KeyName::Provision;
  EXPECT_EQ(answer(request).status, FirmwareStatus::PolicyFailure);
  EXPECT_EQ(answer(request).payload, (Bytes{2, 0})) << "SGX_INVALID_ATTRIBUTE";
  request.name = static_cast<sgx::KeyName>(9);
  EXPECT_EQ(answer(request).payload, (Bytes{0, 1})) << "SGX_INVALID_KEYNAME";
  request.name = sgx::KeyName::Seal;
  request.policy = static_cast<std::uint16_t>(sgx::KeyPolicy::OfFamily);
  EXPECT_EQ(answer(request).status, FirmwareStatus::InvalidParameter) << "a fault";
  EXPECT_TRUE(answer(request).payload.empty());
}

class SignedEnclave : public EnclaveServerTest {
 protected:
  void SetUp() override { add(0x4000); }
  static sgx::Sigstruct wanted() {
    sgx::Sigstruct enclave;
    enclave.flags = 0x4;
    enclave.flags_mask = ~std::uint64_t{0};
    enclave.xfrm = 0x7;
    enclave.xfrm_mask = ~std::uint64_t{0};
    enclave.misc_select = 1;
    enclave.misc_mask = ~std::uint32_t{0};
    enclave.svn = 3;
    enclave.product_id = 9;
    enclave.mr_enclave = expected(Bytes(page_size, 7), page_size);
    return enclave;
  }
  static sgx::Sigstruct signature_of(const sgx::Sigstruct& enclave) {
    static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::Rsa).value();
    return signing::sign_enclave(enclave, key).value();
  }
};

TEST_F(SignedEnclave, ItsSignerAndVersionAreInReports) {
  const sgx::Sigstruct enclave = signature_of(wanted());
  ASSERT_EQ(start(enclave.to_bytes()), FirmwareStatus::Success);
  const auto body = sgx::Report::parse(report().payload)->body;
  EXPECT_EQ(body.mr_signer, signing::mr_signer(enclave.modulus));
  EXPECT_EQ(body.svn, 3);
  EXPECT_EQ(body.product_id, 9);
}

TEST_F(SignedEnclave, AnotherEnclaveDoesNotStart) {
  sgx::Sigstruct other = wanted();
  other.mr_enclave = expected(Bytes(page_size, 8), page_size);
  EXPECT_EQ(start(signature_of(other).to_bytes()), FirmwareStatus::BadMeasurement);
  EXPECT_EQ(report().status, FirmwareStatus::InvalidGuestState);
}

/// A host cannot choose what the signer has fixed.
TEST_F(SignedEnclave, OtherAttributesDoNotStart) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    sgx::Sigstruct other = wanted();
    other.flags ^= std::uint64_t{1} << bit;
    if (bit == 0) continue;  // INIT, which a SIGSTRUCT does not have
    const auto bytes = signature_of(other).to_bytes();
    if (!sgx::Sigstruct::parse(bytes)) continue;
    EXPECT_EQ(start(bytes), FirmwareStatus::PolicyFailure) << bit;
    if (bit > 8) break;  // signing takes a while
  }
  sgx::Sigstruct other = wanted();
  other.xfrm = 0xe7;
  EXPECT_EQ(start(signature_of(other).to_bytes()), FirmwareStatus::PolicyFailure);
  other = wanted();
  other.misc_select = 0;
  EXPECT_EQ(start(signature_of(other).to_bytes()), FirmwareStatus::PolicyFailure);
}

TEST_F(SignedEnclave, AnAlteredSignatureDoesNotStart) {
  auto bytes = signature_of(wanted()).to_bytes();
  bytes[516 + 100] ^= 1U;
  EXPECT_EQ(start(bytes), FirmwareStatus::BadSignature);
  EXPECT_EQ(start(Bytes(100)), FirmwareStatus::InvalidParameter);
}

}  // namespace
}  // namespace merlon::simulate
