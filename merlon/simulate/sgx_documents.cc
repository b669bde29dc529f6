#include "merlon/simulate/sgx_documents.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/crypto/hash.h"
#include "merlon/simulate/issue.h"
#include "merlon/simulate/sgx_chain.h"

namespace merlon::simulate {

using core::Result;

namespace {

/// As Intel's quoting enclaves have them.
constexpr std::uint64_t qe_flags =
    sgx::attribute_init | 4U /* MODE64BIT */ | sgx::attribute_provision_key;
constexpr std::uint16_t qe_product = 1;

/// `names` of what there is, beside levels that are the same for all.
class Document {
 public:
  explicit Document(codec::UnixTime now) : now_(now) { json_.open_object(); }

  void text(std::string_view name, std::string_view value) {
    json_.key(name);
    json_.text(value);
  }
  void number(std::string_view name, std::uint64_t value) {
    json_.key(name);
    json_.number(value);
  }
  void head(std::string_view id, std::uint64_t version) {
    text("id", id);
    number("version", version);
    text("issueDate", codec::to_rfc3339(now_));
    text("nextUpdate", codec::to_rfc3339(after(now_, list_days)));
    number("tcbEvaluationDataNumber", 1);
  }
  void open_levels() {
    json_.key("tcbLevels");
    json_.open_array();
  }
  template <typename Tcb>
  void level(sgx::TcbStatus status, const Tcb& tcb) {
    json_.open_object();
    json_.key("tcb");
    json_.open_object();
    tcb();
    json_.close_object();
    text("tcbDate", codec::to_rfc3339(now_));
    text("tcbStatus", to_string(status));
    if (status != sgx::TcbStatus::UpToDate) {
      json_.key("advisoryIDs");
      json_.open_array();
      json_.text("SIMULATOR-SA-00001");
      json_.close_array();
    }
    json_.close_object();
  }
  /// Sixteen parts of one version.
  void components(std::uint8_t svn) {
    json_.key("sgxtcbcomponents");
    json_.open_array();
    for (std::size_t i = 0; i < sgx::SvnComponents().size(); ++i) {
      json_.open_object();
      number("svn", svn);
      json_.close_object();
    }
    json_.close_array();
  }

  /// As SignedJson::text() has it.
  [[nodiscard]] Result<std::string> sign(std::string_view member, const crypto::PrivateKey& key) {
    json_.close_array();
    json_.close_object();
    const std::string& body = json_.result();
    const auto digest = crypto::Digest::of(crypto::HashKind::Sha256, core::as_bytes(body));
    const auto signature = TRY(key.sign_ecdsa(digest));
    return base::concat("{\"", member, "\":", body, ",\"signature\":\"", base::hex(signature),
                        "\"}");
  }

 private:
  codec::JsonWriter json_;
  codec::UnixTime now_;
};

template <typename T>
T named_by(std::string_view name) noexcept {
  return T::from(crypto::sha256({core::as_bytes(name)}).view()).value();
}

}  // namespace

EnclaveIdentity quoting_enclave() noexcept {
  EnclaveIdentity made;
  made.flags = qe_flags;
  made.xfrm = 3;
  made.mr_enclave = named_by<sgx::MrEnclave>("merlon/SIMULATOR/quoting-enclave/1");
  made.mr_signer = named_by<sgx::MrSigner>("merlon/SIMULATOR/quoting-enclave-signer/1");
  made.product_id = qe_product;
  made.svn = qe_svn;
  return made;
}

sgx::CpuSvn cpu_svn_of(std::uint8_t level) noexcept {
  std::array<std::uint8_t, sgx::CpuSvn::size> bytes{};
  bytes.fill(level);
  return sgx::CpuSvn::from(bytes).value();
}

Result<std::string> new_tcb_info(const crypto::PrivateKey& signer, codec::UnixTime now) {
  Document made(now);
  made.head("SGX", 3);
  made.text("fmspc", base::hex(sgx::simulator_fmspc().view()));
  made.text("pceId", base::hex(sgx::PceId().view()));
  made.number("tcbType", 0);
  made.open_levels();
  const auto level = [&](sgx::TcbStatus status, std::uint8_t svn) {
    made.level(status, [&] {
      made.components(svn);
      made.number("pcesvn", pce_svn);
    });
  };
  level(sgx::TcbStatus::UpToDate, newest_sgx_level);
  level(sgx::TcbStatus::OutOfDate, newest_sgx_level - 1);
  level(sgx::TcbStatus::Revoked, 0);
  return made.sign("tcbInfo", signer);
}

Result<std::string> new_qe_identity(const crypto::PrivateKey& signer, codec::UnixTime now) {
  const EnclaveIdentity enclave = quoting_enclave();
  Document made(now);
  made.head("QE", 2);
  made.text("miscselect", "00000000");
  made.text("miscselectMask", "ffffffff");
  // All but MODE64BIT, as Intel has it.
  made.text("attributes", "11000000000000000000000000000000");
  made.text("attributesMask", "fbffffffffffffff0000000000000000");
  made.text("mrsigner", base::hex(enclave.mr_signer.view()));
  made.number("isvprodid", enclave.product_id);
  made.open_levels();
  made.level(sgx::TcbStatus::UpToDate, [&] { made.number("isvsvn", enclave.svn); });
  return made.sign("enclaveIdentity", signer);
}

}  // namespace merlon::simulate
