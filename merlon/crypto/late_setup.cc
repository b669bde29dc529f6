// When OpenSSL looks at the processor. It does so before main(), by a dozen CPUID instructions,
// each of which leaves a keep's machine; most keeps never need it. A program that is linked with
// --wrap=OPENSSL_cpuid_setup has it done when the library starts (crypto::ready()), which is the
// second call; OpenSSL lets it happen once.

extern "C" {
void __real_OPENSSL_cpuid_setup();  // NOLINT(bugprone-reserved-identifier): the linker's names
void __wrap_OPENSSL_cpuid_setup();  // NOLINT(bugprone-reserved-identifier)
}

namespace {
bool is_before_main = true;
}

void __wrap_OPENSSL_cpuid_setup() {  // NOLINT(bugprone-reserved-identifier)
  if (is_before_main) {
    is_before_main = false;
    return;
  }
  __real_OPENSSL_cpuid_setup();
}
