// The algorithms of a keep. A static program that uses OpenSSL gets all that its default provider
// has, which refers to each by a table: twenty ciphers, keys of RSA, DSA and SM2, encoders of every
// form. This file takes the provider's place in merlon-keep: what is not in its tables is neither
// loaded nor relocated when a keep starts, is not measured, and cannot be asked for.
//
// The names are OpenSSL 3.0's own (providers/, crypto/); another version keeps its whole provider.

#include <openssl/bio.h>
#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>

#if OPENSSL_VERSION_MAJOR == 3 && OPENSSL_VERSION_MINOR == 0

extern "C" {

// Of libcrypto, for its providers.
extern const OSSL_DISPATCH ossl_sha1_functions[];
extern const OSSL_DISPATCH ossl_sha224_functions[];
extern const OSSL_DISPATCH ossl_sha256_functions[];
extern const OSSL_DISPATCH ossl_sha384_functions[];
extern const OSSL_DISPATCH ossl_sha512_functions[];
extern const OSSL_DISPATCH ossl_shake_128_functions[];
extern const OSSL_DISPATCH ossl_aes256gcm_functions[];
extern const OSSL_DISPATCH ossl_aes256ctr_functions[];
extern const OSSL_DISPATCH ossl_aes256ecb_functions[];
extern const OSSL_DISPATCH ossl_drbg_ctr_functions[];
extern const OSSL_DISPATCH ossl_seed_src_functions[];
extern const OSSL_DISPATCH ossl_ec_keymgmt_functions[];
extern const OSSL_DISPATCH ossl_x25519_keymgmt_functions[];
extern const OSSL_DISPATCH ossl_x25519_keyexch_functions[];
extern const OSSL_DISPATCH ossl_ecdsa_signature_functions[];
// For TLS and for the certificates of those that it is spoken with.
extern const OSSL_DISPATCH ossl_aes128gcm_functions[];
extern const OSSL_DISPATCH ossl_chacha20_ossl_poly1305_functions[];
extern const OSSL_DISPATCH ossl_hmac_functions[];
extern const OSSL_DISPATCH ossl_kdf_hkdf_functions[];
extern const OSSL_DISPATCH ossl_kdf_tls1_3_kdf_functions[];
extern const OSSL_DISPATCH ossl_ecdh_keyexch_functions[];
extern const OSSL_DISPATCH ossl_rsa_keymgmt_functions[];
extern const OSSL_DISPATCH ossl_rsa_signature_functions[];
extern const OSSL_DISPATCH ossl_SubjectPublicKeyInfo_der_to_ec_decoder_functions[];
extern const OSSL_DISPATCH ossl_SubjectPublicKeyInfo_der_to_rsa_decoder_functions[];
int ossl_prov_get_capabilities(void* context, const char* capability, OSSL_CALLBACK* callback,
                               void* argument);
void* ossl_prov_ctx_new();
void ossl_prov_ctx_free(void* context);
void ossl_prov_ctx_set0_libctx(void* context, OSSL_LIB_CTX* library);
void ossl_prov_ctx_set0_handle(void* context, const OSSL_CORE_HANDLE* handle);
int ossl_prov_seeding_from_dispatch(const OSSL_DISPATCH* core);
// Decoders read by a BIO that the library lends them.
int ossl_prov_bio_from_dispatch(const OSSL_DISPATCH* core);
BIO_METHOD* ossl_bio_prov_init_bio_method();
void ossl_prov_ctx_set0_core_bio_method(void* context, BIO_METHOD* method);

// Defined here in the place of libcrypto's.
int ossl_default_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* core,
                               const OSSL_DISPATCH** provider, void** context);
int ossl_base_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* core,
                            const OSSL_DISPATCH** provider, void** context);
void openssl_add_all_ciphers_int();
void openssl_add_all_digests_int();
int ossl_err_load_crypto_strings();
}

namespace {

constexpr const char* properties = "provider=default";
constexpr OSSL_ALGORITHM end{nullptr, nullptr, nullptr, nullptr};

constexpr OSSL_ALGORITHM algorithm(const char* names, const OSSL_DISPATCH* functions) {
  return {names, properties, functions, nullptr};
}

const OSSL_ALGORITHM digests[] = {
    // By this the library tells certificates apart, and without it takes none that a peer sends
    // for another's issuer. No signature is judged by it: openssl_add_all_digests_int() lacks it.
    algorithm("SHA1:SHA-1:SSL3-SHA1:1.3.14.3.2.26", ossl_sha1_functions),
    algorithm("SHA2-224:SHA-224:SHA224:2.16.840.1.101.3.4.2.4", ossl_sha224_functions),
    algorithm("SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1", ossl_sha256_functions),
    algorithm("SHA2-384:SHA-384:SHA384:2.16.840.1.101.3.4.2.2", ossl_sha384_functions),
    algorithm("SHA2-512:SHA-512:SHA512:2.16.840.1.101.3.4.2.3", ossl_sha512_functions),
    algorithm("SHAKE-128:SHAKE128:2.16.840.1.101.3.4.2.11", ossl_shake_128_functions),  // of proofs
    end};
const OSSL_ALGORITHM ciphers[] = {
    algorithm("AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", ossl_aes256gcm_functions),
    algorithm("AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", ossl_aes128gcm_functions),
    algorithm("ChaCha20-Poly1305", ossl_chacha20_ossl_poly1305_functions),
    algorithm("AES-256-CTR", ossl_aes256ctr_functions),  // these two make random numbers
    algorithm("AES-256-ECB:2.16.840.1.101.3.4.1.41", ossl_aes256ecb_functions),
    end};
const OSSL_ALGORITHM random_sources[] = {algorithm("CTR-DRBG", ossl_drbg_ctr_functions),
                                         algorithm("SEED-SRC", ossl_seed_src_functions), end};
const OSSL_ALGORITHM keys[] = {
    algorithm("EC:id-ecPublicKey:1.2.840.10045.2.1", ossl_ec_keymgmt_functions),
    algorithm("X25519:1.3.101.110", ossl_x25519_keymgmt_functions),
    algorithm("RSA:rsaEncryption:1.2.840.113549.1.1.1", ossl_rsa_keymgmt_functions), end};
const OSSL_ALGORITHM exchanges[] = {algorithm("X25519:1.3.101.110", ossl_x25519_keyexch_functions),
                                    algorithm("ECDH", ossl_ecdh_keyexch_functions), end};
const OSSL_ALGORITHM signatures[] = {
    algorithm("ECDSA", ossl_ecdsa_signature_functions),
    algorithm("RSA:rsaEncryption:1.2.840.113549.1.1.1", ossl_rsa_signature_functions), end};
const OSSL_ALGORITHM codes[] = {algorithm("HMAC", ossl_hmac_functions), end};
const OSSL_ALGORITHM derivations[] = {algorithm("HKDF", ossl_kdf_hkdf_functions),
                                      algorithm("TLS13-KDF", ossl_kdf_tls1_3_kdf_functions), end};
/// Only of public keys.
const OSSL_ALGORITHM decoders[] = {
    {"EC:id-ecPublicKey:1.2.840.10045.2.1",
     "provider=default,input=der,structure=SubjectPublicKeyInfo",
     ossl_SubjectPublicKeyInfo_der_to_ec_decoder_functions, nullptr},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1",
     "provider=default,input=der,structure=SubjectPublicKeyInfo",
     ossl_SubjectPublicKeyInfo_der_to_rsa_decoder_functions, nullptr},
    end};

const OSSL_ALGORITHM* query(void* /*context*/, int operation, int* is_not_to_be_kept) {
  *is_not_to_be_kept = 0;
  switch (operation) {
    case OSSL_OP_DIGEST: return digests;
    case OSSL_OP_CIPHER: return ciphers;
    case OSSL_OP_RAND: return random_sources;
    case OSSL_OP_KEYMGMT: return keys;
    case OSSL_OP_KEYEXCH: return exchanges;
    case OSSL_OP_SIGNATURE: return signatures;
    case OSSL_OP_MAC: return codes;
    case OSSL_OP_KDF: return derivations;
    case OSSL_OP_DECODER: return decoders;
    default: return nullptr;
  }
}

// SAFETY: OpenSSL calls each by its number, with the arguments that <openssl/core_dispatch.h> has.
const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_PROVIDER_TEARDOWN, reinterpret_cast<void (*)()>(&ossl_prov_ctx_free)},
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(&query)},
    {OSSL_FUNC_PROVIDER_GET_CAPABILITIES,
     reinterpret_cast<void (*)()>(&ossl_prov_get_capabilities)},  // groups of TLS
    {0, nullptr}};

}  // namespace

int ossl_default_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* core,
                               const OSSL_DISPATCH** provider, void** context) {
  OSSL_FUNC_core_get_libctx_fn* library_of = nullptr;
  for (const OSSL_DISPATCH* each = core; each->function_id != 0; ++each) {
    if (each->function_id == OSSL_FUNC_CORE_GET_LIBCTX) {
      library_of = OSSL_FUNC_core_get_libctx(each);
    }
  }
  if (library_of == nullptr || ossl_prov_seeding_from_dispatch(core) == 0 ||
      ossl_prov_bio_from_dispatch(core) == 0) {
    return 0;
  }
  *context = ossl_prov_ctx_new();
  BIO_METHOD* const lent = ossl_bio_prov_init_bio_method();
  if (*context == nullptr || lent == nullptr) return 0;
  ossl_prov_ctx_set0_core_bio_method(*context, lent);
  // SAFETY: the library's context has this name on either side of the table.
  ossl_prov_ctx_set0_libctx(*context, reinterpret_cast<OSSL_LIB_CTX*>(library_of(handle)));
  ossl_prov_ctx_set0_handle(*context, handle);
  *provider = functions;
  return 1;
}

/// Encoders and decoders of keys, of which none leaves a keep.
int ossl_base_provider_init(const OSSL_CORE_HANDLE* /*handle*/, const OSSL_DISPATCH* /*core*/,
                            const OSSL_DISPATCH** /*provider*/, void** /*context*/) {
  return 0;
}

// Names of what there is not, and texts of errors that nobody reads.
void openssl_add_all_ciphers_int() {}
/// By these a certificate's signature is found to be strong enough.
void openssl_add_all_digests_int() {
  static_cast<void>(EVP_add_digest(EVP_sha256()));
  static_cast<void>(EVP_add_digest(EVP_sha384()));
  static_cast<void>(EVP_add_digest(EVP_sha512()));
}
int ossl_err_load_crypto_strings() { return 1; }

#endif
