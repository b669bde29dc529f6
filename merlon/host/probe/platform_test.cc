#include "merlon/host/probe/platform.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>
#include <linux/kvm.h>
#include <sys/stat.h>

#include "merlon/os/local_socket.h"
#include "merlon/os/testing/child.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host::probe {
namespace {

using os::testing::ScratchDirectory;

/// A processor made of leaves; (0, 0) and (0x80000000, 0) must say which are the last.
using Leaves = std::map<std::pair<std::uint32_t, std::uint32_t>, Registers>;

constexpr std::uint32_t word(const char (&text)[5]) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return value;
}

/// An Intel processor with FSGSBASE, RDRAND and all of SGX 2.
Leaves intel_with_sgx() {
  return {{{0, 0}, {0x1F, word("Genu"), word("ntel"), word("ineI")}},
          {{1, 0}, {0, 0, 1U << 30U | 1U << 5U, 0}},
          {{7, 0}, {0, 1U | 1U << 2U, 1U << 30U, 0}},
          {{0x12, 0}, {3, 1, 0, 31U | 56U << 8U}},
          {{0x12, 1}, {0x36, 0, 0x2E7, 0}},
          {{0x12, 2}, {0x7000'0001, 0x40, 0x0800'0001, 0}},
          {{0x12, 3}, {0x7000'0001, 0, 0x0400'0001, 1}},
          {{0x8000'0000, 0}, {0x8000'0008, 0, 0, 0}}};
}

/// An AMD EPYC with SEV-SNP.
Leaves amd_with_snp() {
  return {{{0, 0}, {0x10, word("Auth"), word("cAMD"), word("enti")}},
          {{1, 0}, {0, 0, 1U << 30U, 0}},
          {{7, 0}, {0, 1, 0, 0}},
          {{0x8000'0000, 0}, {0x8000'0028, 0, 0, 0}},
          {{0x8000'0001, 0}, {0, 0, 1U << 2U, 0}},
          {{0x8000'0002, 0}, {word("  AM"), word("D EP"), word("YC 7"), word("313 ")}},
          {{0x8000'0003, 0}, {0, 0, 0, 0}},
          {{0x8000'001F, 0}, {0x1F, 51U | 5U << 6U, 509, 100}}};
}

/// A machine whose devices are plain files below a scratch directory.
class Platform : public ::testing::Test {
 protected:
  Platform() {
    for (const char* folder :
         {"dev", "proc", "proc/sys", "proc/sys/kernel", "proc/sys/kernel/seccomp", "proc/self",
          "sys", "sys/module", "sys/module/kvm_amd", "sys/module/kvm_amd/parameters", "var",
          "var/cache", "var/cache/amd-sev", "var/run", "var/run/aesmd"}) {
      files_.make_directory(folder);
    }
    files_.make_file("dev/kvm");
    files_.make_file("proc/sys/kernel/osrelease", "6.8.0-31-generic\n");
    files_.make_file("proc/sys/kernel/seccomp/actions_avail", "kill_process trap errno allow\n");
  }

  /// The machine, with these leaves.
  [[nodiscard]] Machine machine(Leaves leaves) const {
    return {.processor =
                Processor([leaves = std::move(leaves)](std::uint32_t leaf, std::uint32_t subleaf) {
                  const auto found = leaves.find({leaf, subleaf});
                  return found == leaves.end() ? Registers{} : found->second;
                }),
            .root = files_.path(),
            .ask_kvm = [this](os::BorrowedFd, unsigned long request,
                              unsigned long argument) { return answer(request, argument); },
            .try_kvm = [this] { return trial_; },
            .lacking_instructions = [this] { return lacking_; },
            .landlock_version = [this] { return landlock_; },
            .lockable_bytes = [this] { return lockable_; },
            .own_vcek = [this] { return vcek_; }};
  }

  [[nodiscard]] os::Result<int> answer(unsigned long request, unsigned long argument) const {
    if (request == KVM_GET_API_VERSION) return kvm_version_;
    if (request != KVM_CHECK_EXTENSION) return os::Errno::Notty;
    const auto found = extensions_.find(argument);
    return found == extensions_.end() ? 0 : found->second;
  }

  static const Datum& find(const Backend& backend, std::string_view name) {
    static const Datum none{"not there", Need::Required, false, "not there", "not there"};
    const auto found = std::ranges::find(backend.data, name, &Datum::name);
    EXPECT_NE(found, backend.data.end()) << name;
    return found == backend.data.end() ? none : *found;
  }

  /// Every datum that fails says what to do, none that passes does.
  static void expect_remedies(const Backend& backend) {
    for (const Datum& datum : backend.data) {
      EXPECT_EQ(datum.remedy.empty(), datum.pass) << backend.name << ": " << datum.name;
    }
  }

  ScratchDirectory files_;
  int kvm_version_ = 12;
  std::map<unsigned long, int> extensions_{
      {KVM_CAP_USER_MEMORY, 1}, {KVM_CAP_NR_MEMSLOTS, 32764}, {KVM_CAP_MAX_VCPUS, 1024}};
  Machine::Trial trial_{true, "ring0"};
  std::string lacking_;
  os::Result<int> landlock_ = 7;
  std::optional<std::string> vcek_;
  os::Result<std::uint64_t> lockable_ = std::uint64_t{8UL * 1024 * 1024};
};

TEST_F(Platform, NilIsReadyWhateverLayersLackAndNamesThem) {
  const Backend all = probe_nil(machine({}));
  EXPECT_TRUE(all.is_ready());
  EXPECT_TRUE(find(all, "seccomp filters").pass);
  EXPECT_EQ(find(all, "Landlock").info, "version 7");
  expect_remedies(all);

  files_.make_file("proc/sys/kernel/seccomp/actions_avail", "kill_process errno allow\n");
  landlock_ = os::Errno::Notsup;
  const Backend less = probe_nil(machine({}));
  EXPECT_TRUE(less.is_ready());
  EXPECT_FALSE(find(less, "seccomp filters").pass);
  EXPECT_NE(find(less, "Landlock").remedy.find("lsm="), std::string::npos);
  landlock_ = os::Errno::Nosys;
  EXPECT_NE(find(probe_nil(machine({})), "Landlock").remedy.find("5.13"), std::string::npos);
  expect_remedies(less);
}

TEST_F(Platform, TheFirstLandlockIsNoHelpWithWritableDirectories) {
  landlock_ = 1;
  EXPECT_FALSE(find(probe_nil(machine({})), "writable directories").pass);
}

TEST_F(Platform, KvmIsReadyWithADeviceAndAProcessor) {
  for (const Leaves& leaves : {intel_with_sgx(), amd_with_snp()}) {
    const Backend kvm = probe_kvm(machine(leaves));
    EXPECT_TRUE(kvm.is_ready());
    EXPECT_EQ(find(kvm, "virtualization by the CPU (VMX, SVM)").info, "yes");
    EXPECT_EQ(find(kvm, "API version").info, "12");
    expect_remedies(kvm);
  }
}

TEST_F(Platform, KvmNeedsEachOfItsParts) {
  Leaves without_fsgsbase = intel_with_sgx();
  without_fsgsbase[{7, 0}].ebx = 0;
  EXPECT_FALSE(probe_kvm(machine(without_fsgsbase)).is_ready());
  Leaves without_rdrand = intel_with_sgx();
  without_rdrand[{1, 0}].ecx = 0;
  EXPECT_FALSE(probe_kvm(machine(without_rdrand)).is_ready());
  kvm_version_ = 11;
  EXPECT_FALSE(probe_kvm(machine(intel_with_sgx())).is_ready());
  kvm_version_ = 12;
  extensions_.erase(KVM_CAP_USER_MEMORY);
  EXPECT_FALSE(probe_kvm(machine(intel_with_sgx())).is_ready());
}

TEST_F(Platform, KvmThatCannotRunCompiledCodeIsNotReady) {
  trial_ = {false, "KVM's processor lacks AVX, AVX2 here"};
  const Backend kvm = probe_kvm(machine(intel_with_sgx()));
  EXPECT_FALSE(kvm.is_ready());
  const Datum& tried = find(kvm, "a machine that runs compiled code");
  EXPECT_EQ(tried.info, trial_.text);
  EXPECT_NE(tried.remedy.find("backend nil"), std::string::npos);
  expect_remedies(kvm);
}

TEST_F(Platform, AMachineIsNotTriedWithoutItsDevice) {
  std::filesystem::remove(files_ / "dev/kvm");
  EXPECT_EQ(find(probe_kvm(machine(intel_with_sgx())), "a machine that runs compiled code").info,
            "not tried");
}

TEST_F(Platform, AnOldProcessorIsToldWhatItLacks) {
  lacking_ = "AVX2, BMI1";
  const Backend nil = probe_nil(machine({}));
  EXPECT_FALSE(nil.is_ready());
  EXPECT_EQ(find(nil, "instructions (x86-64-v3)").info, "lacks AVX2, BMI1");
  expect_remedies(nil);
}

TEST_F(Platform, AMissingDeviceIsToBeSwitchedOn) {
  std::filesystem::remove(files_ / "dev/kvm");
  const Backend kvm = probe_kvm(machine(intel_with_sgx()));
  EXPECT_FALSE(kvm.is_ready());
  EXPECT_EQ(find(kvm, "/dev/kvm").info, "No such file or directory");
  EXPECT_NE(find(kvm, "/dev/kvm").remedy.find("modprobe"), std::string::npos);
  expect_remedies(kvm);
}

TEST_F(Platform, AForbiddenDeviceIsToBeAllowed) {
  ASSERT_EQ(::chmod((files_ / "dev/kvm").c_str(), 0), 0);
  ASSERT_EQ(::chmod(files_.path().c_str(), 0755), 0);
  const auto ended = os::testing::in_child([&] {
    if (::geteuid() == 0 && !os::testing::become_nobody()) return 1;
    const Backend kvm = probe_kvm(machine(intel_with_sgx()));
    return kvm.data[0].remedy.find("group") != std::string::npos ? 42 : 2;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

TEST_F(Platform, SgxIsReadyWithVersionTwo) {
  files_.make_file("dev/sgx_enclave");
  const Backend sgx = probe_sgx(machine(intel_with_sgx()));
  EXPECT_TRUE(sgx.is_ready());
  EXPECT_EQ(find(sgx, "largest enclave, 64-bit").info, "2^56 bytes");
  EXPECT_EQ(find(sgx, "MISCSELECT").info, "0x1");
  EXPECT_EQ(find(sgx, "ATTRIBUTES").info, "0x36");
  EXPECT_EQ(find(sgx, "XFRM").info, "0x2e7");
  // 128 MiB below 4 GiB, and 4 GiB + 64 MiB in a second section
  EXPECT_EQ(find(sgx, "protected memory (EPC)").info, "4288 MiB");
  expect_remedies(sgx);
}

TEST_F(Platform, SgxNeedsEachOfItsParts) {
  files_.make_file("dev/sgx_enclave");
  const auto ready_with = [&](std::pair<std::uint32_t, std::uint32_t> leaf, auto change) {
    Leaves leaves = intel_with_sgx();
    change(leaves[leaf]);
    return probe_sgx(machine(leaves)).is_ready();
  };
  EXPECT_TRUE(ready_with({7, 0}, [](Registers&) {}));
  EXPECT_FALSE(ready_with({7, 0}, [](Registers& found) { found.ebx = 1; }));
  EXPECT_FALSE(ready_with({7, 0}, [](Registers& found) { found.ecx = 0; }));
  EXPECT_FALSE(ready_with({0x12, 0}, [](Registers& found) { found.eax = 1; }));
  EXPECT_FALSE(ready_with({0x12, 0}, [](Registers& found) { found.eax = 2; }));
  EXPECT_FALSE(ready_with({0x12, 2}, [](Registers& found) { found.eax = 0; }));
  EXPECT_TRUE(ready_with({0x12, 0}, [](Registers& found) { found.edx = 46U << 8U; }));
  EXPECT_FALSE(ready_with({0x12, 0}, [](Registers& found) { found.edx = 45U << 8U; }));
  EXPECT_FALSE(probe_sgx(machine(amd_with_snp())).is_ready());
  std::filesystem::remove(files_ / "dev/sgx_enclave");
  EXPECT_FALSE(probe_sgx(machine(intel_with_sgx())).is_ready());
}

TEST_F(Platform, WithoutItsCachesAKeepRunsButCannotProveItself) {
  files_.make_file("dev/sgx_enclave");
  const Backend sgx = probe_sgx(machine(intel_with_sgx()));
  for (const char* name : {"AESM socket", "Intel revocation lists", "Intel TCB information",
                           "Intel identity of the quoting enclave"}) {
    EXPECT_FALSE(find(sgx, name).pass);
    EXPECT_EQ(find(sgx, name).need, Need::Attestation);
  }
  EXPECT_TRUE(sgx.is_ready());
}

TEST_F(Platform, SgxNeedsAKernelWhoseEnclavesGrow) {
  files_.make_file("dev/sgx_enclave");
  for (const auto& [release, ready] : {std::pair{"5.19.0", false}, std::pair{"6.0.0", true},
                                       std::pair{"10.1", true}, std::pair{"words", false}}) {
    files_.make_file("proc/sys/kernel/osrelease", release);
    EXPECT_EQ(probe_sgx(machine(intel_with_sgx())).is_ready(), ready) << release;
  }
}

TEST_F(Platform, SgxNeedsADevFromWhichCodeCanBeRun) {
  files_.make_file("dev/sgx_enclave");
  const std::string other = "proc /proc proc rw,noexec 0 0\nx /dev/shm tmpfs rw,noexec 0 0\n";
  for (const auto& [line, ready] :
       {std::pair{"tmpfs /dev tmpfs rw,nosuid,noexec,size=65536k 0 0\n", false},
        std::pair{"x /dev \n", true}, std::pair{"x /dev y ro,noexec 0 0\n", false},
        std::pair{"udev /dev devtmpfs rw,nosuid,size=1 0 0\n", true},
        std::pair{"udev /dev devtmpfs rw,noexecutable 0 0\n", true},
        std::pair{"a /dev x rw,noexec 0 0\nb /dev y rw 0 0\n", true}}) {
    files_.make_file("proc/self/mounts", line + other);
    const Backend sgx = probe_sgx(machine(intel_with_sgx()));
    EXPECT_EQ(sgx.is_ready(), ready) << line;
    expect_remedies(sgx);
  }
}

TEST_F(Platform, ASocketWithoutItsServiceIsTold) {
  files_.make_file("dev/sgx_enclave");
  const auto aesm = [&] { return find(probe_sgx(machine(intel_with_sgx())), "AESM socket"); };
  {
    const auto listener = os::listen_local(files_ / "var/run/aesmd/aesm.socket");
    ASSERT_TRUE(listener.has_value());
    EXPECT_TRUE(aesm().pass);
  }
  EXPECT_FALSE(aesm().pass);
  EXPECT_NE(aesm().info.find("nobody listens"), std::string::npos);
}

class SnpPlatform : public Platform {
 protected:
  SnpPlatform() {
    files_.make_file("dev/sev");
    files_.make_file("sys/module/kvm_amd/parameters/sev_snp", "Y\n");
    extensions_[234] = 1;
    extensions_[235] = 1 | 1 << 2 | 1 << 3 | 1 << 4;
  }
};

TEST_F(SnpPlatform, IsReadyWithEverything) {
  const Backend snp = probe_snp(machine(amd_with_snp()));
  EXPECT_TRUE(snp.is_ready());
  EXPECT_EQ(find(snp, "CPU").info, "AMD EPYC 7313");
  EXPECT_EQ(find(snp, "C-bit in page tables").info, "51");
  EXPECT_EQ(find(snp, "physical address bits reserved").info, "5");
  EXPECT_EQ(find(snp, "guests at a time (ASIDs)").info, "509");
  EXPECT_EQ(find(snp, "memory that may be locked").info, "8 MiB");
  EXPECT_EQ(find(snp, "page flush register").info, "yes");
  Leaves without_flush = amd_with_snp();
  without_flush[{0x8000'001F, 0}].eax &= ~(1U << 2U);
  EXPECT_EQ(find(probe_snp(machine(without_flush)), "page flush register").info, "no");
  EXPECT_FALSE(find(snp, "AMD revocation lists").pass);
  files_.make_file("var/cache/amd-sev/crls.der", "x");
  EXPECT_TRUE(find(probe_snp(machine(amd_with_snp())), "AMD revocation lists").pass);
  expect_remedies(snp);
}

TEST_F(SnpPlatform, KnowsItsOwnCertificateByName) {
  const auto certificate = [&] {
    return find(probe_snp(machine(amd_with_snp())), "AMD's certificate of this processor");
  };
  files_.make_file("var/cache/amd-sev/vcek-aa-03-00-20-209", "x");
  EXPECT_FALSE(certificate().pass) << "who could not be asked";
  vcek_ = "vcek-aa-03-00-20-210";
  EXPECT_FALSE(certificate().pass) << "of other versions";
  EXPECT_EQ(certificate().info, "/var/cache/amd-sev/vcek-aa-03-00-20-210");
  EXPECT_EQ(certificate().remedy, "merlon platform snp update gets it from AMD");
  vcek_ = "vcek-aa-03-00-20-209";
  EXPECT_TRUE(certificate().pass);
}

TEST_F(SnpPlatform, NeedsEachBitOfTheProcessor) {
  for (const unsigned bit : {0U, 1U, 3U, 4U}) {
    Leaves leaves = amd_with_snp();
    leaves[{0x8000'001F, 0}].eax &= ~(1U << bit);
    EXPECT_FALSE(probe_snp(machine(leaves)).is_ready()) << bit;
  }
  EXPECT_FALSE(probe_snp(machine(intel_with_sgx())).is_ready());
}

TEST_F(SnpPlatform, NeedsAKernelThatHasSwitchedItOn) {
  files_.make_file("sys/module/kvm_amd/parameters/sev_snp", "N\n");
  EXPECT_FALSE(probe_snp(machine(amd_with_snp())).is_ready());
  files_.make_file("sys/module/kvm_amd/parameters/sev_snp", "1\n");
  EXPECT_TRUE(probe_snp(machine(amd_with_snp())).is_ready());
  extensions_[235] = 1;
  EXPECT_FALSE(probe_snp(machine(amd_with_snp())).is_ready());
  extensions_[235] = 1 << 4;
  EXPECT_TRUE(probe_snp(machine(amd_with_snp())).is_ready());
  for (const int answer : {0, -1}) {
    extensions_[234] = answer;
    EXPECT_FALSE(probe_snp(machine(amd_with_snp())).is_ready());
  }
}

TEST_F(SnpPlatform, NeedsMemoryThatMayBeLocked) {
  lockable_ = std::uint64_t{1024};
  EXPECT_FALSE(probe_snp(machine(amd_with_snp())).is_ready());
  constexpr std::uint64_t of_one_keep = 5UL * 1024 * 1024;
  lockable_ = of_one_keep - 1;
  EXPECT_FALSE(probe_snp(machine(amd_with_snp())).is_ready());
  lockable_ = of_one_keep;
  EXPECT_TRUE(probe_snp(machine(amd_with_snp())).is_ready());
  lockable_ = os::Errno::Perm;
  EXPECT_FALSE(probe_snp(machine(amd_with_snp())).is_ready());
  lockable_ = ~std::uint64_t{0};
  EXPECT_EQ(find(probe_snp(machine(amd_with_snp())), "memory that may be locked").info,
            "unlimited");
}

TEST_F(Platform, ALeafBeyondTheLastAnswersNothing) {
  // Intel's processors would answer as the last leaf does.
  const Processor old([](std::uint32_t leaf, std::uint32_t) {
    return leaf == 0 ? Registers{5, 0, 0, 0} : Registers{~0U, ~0U, ~0U, ~0U};
  });
  EXPECT_EQ(old.leaf(7).ebx, 0U);
  EXPECT_EQ(old.leaf(5).ebx, ~0U);
  const Processor no_extended([](std::uint32_t leaf, std::uint32_t) {
    return leaf == 0x8000'0000 ? Registers{0x8000'0000, 1, 2, 3} : Registers{1, 1, 1, 1};
  });
  EXPECT_EQ(no_extended.leaf(0x8000'0000).edx, 3U);
  EXPECT_EQ(no_extended.leaf(0x8000'0001).edx, 0U);
}

TEST_F(Platform, NamesOfTheProcessorCannotSteerATerminal) {
  Leaves leaves = amd_with_snp();
  leaves[{0x8000'0002, 0}].eax = word("\x1b[2J");
  EXPECT_EQ(machine(leaves).processor.brand().find('\x1b'), std::string::npos);
}

/// Everything that is said of a backend, a line for each datum.
std::string told(const Backend& backend) {
  std::string text;
  for (const Datum& datum : backend.data) {
    text += std::string(2 * datum.depth, ' ') + (datum.pass ? "+ " : "- ") + datum.name +
            (datum.info.empty() ? "" : ": " + datum.info) + "\n";
  }
  return text;
}

TEST_F(Platform, SgxIsToldInThisOrderAndDepth) {
  files_.make_file("dev/sgx_enclave");
  EXPECT_EQ(told(probe_sgx(machine(intel_with_sgx()))), R"(+ /dev/sgx_enclave
  + kernel with enclaves that grow (EDMM): 6.8.0-31-generic
  + code in enclaves
+ CPU: GenuineIntel
  + SGX
    + version 1
    + version 2
    + flexible launch control (FLC)
    + largest enclave, 32-bit: 2^31 bytes
    + largest enclave, 64-bit: 2^56 bytes
    + MISCSELECT: 0x1
    + ATTRIBUTES: 0x36
    + XFRM: 0x2e7
    + protected memory (EPC): 4288 MiB
- AESM socket: /var/run/aesmd/aesm.socket
- Intel revocation lists: /var/cache/intel-sgx/crls.der
- Intel TCB information: /var/cache/intel-sgx/tcb.der
- Intel identity of the quoting enclave: /var/cache/intel-sgx/qe-identity.json
)");
}

TEST_F(SnpPlatform, IsToldInThisOrderAndDepth) {
  EXPECT_EQ(told(probe_snp(machine(amd_with_snp()))), R"(+ /dev/sev
  + SEV-SNP in the kernel: Y
+ /dev/kvm
  + API version: 12
  + SEV-SNP machines
  + guest memory that the host cannot map
+ CPU: AMD EPYC 7313
  + microcode support
  + Secure Memory Encryption (SME)
    + physical address bits reserved: 5
    + C-bit in page tables: 51
  + Secure Encrypted Virtualization (SEV)
    + guests at a time (ASIDs): 509
    + first ASID without SEV-ES: 100
  + Encrypted State (SEV-ES)
  + Secure Nested Paging (SEV-SNP)
  + page flush register: yes
+ memory that may be locked: 8 MiB
- AMD revocation lists: /var/cache/amd-sev/crls.der
- AMD's certificate of this processor
)");
}

TEST_F(Platform, KvmIsToldInThisOrderAndDepth) {
  EXPECT_EQ(told(probe_kvm(machine(intel_with_sgx()))), R"(+ /dev/kvm
  + API version: 12
  + user memory
  + memory slots: 32764
  + processors: 1024
+ CPU: GenuineIntel
  + virtualization by the CPU (VMX, SVM): yes
  + FSGSBASE
  + RDRAND
  + a machine that runs compiled code: yes; the shim's world is ring0
)");
}

TEST_F(Platform, AFileIsReadWholeOrNotAtAll) {
  constexpr std::size_t most = 64UL * 1024;
  files_.make_file("text", "a line \t\n");
  files_.make_file("long", std::string(most, 'x'));
  files_.make_file("longer", std::string(most + 1, 'x'));
  const Machine here = machine({});
  EXPECT_EQ(here.read("/text"), "a line");
  EXPECT_EQ(here.read("/long"), std::string(most, 'x'));
  EXPECT_FALSE(here.read("/longer"));
  EXPECT_FALSE(here.read("/none"));
}

TEST_F(Platform, AllBackendsAreTold) {
  const auto backends = probe(machine(intel_with_sgx()));
  ASSERT_EQ(backends.size(), 4U);
  EXPECT_EQ(backends[0].name, "nil");
  EXPECT_EQ(backends[3].name, "snp");
}

TEST_F(Platform, ThisMachineAnswers) {
  const Machine here = this_machine();
  EXPECT_FALSE(here.processor.vendor().empty());
  EXPECT_TRUE(here.has("/proc/self/status"));
  EXPECT_TRUE(probe_nil(here).is_ready());
}

}  // namespace
}  // namespace merlon::host::probe
