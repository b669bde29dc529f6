// The engines of OpenSSL in a keep: none. An engine brings algorithms of its own, from a shared
// object that a configuration names, or from the kernel by AF_ALG. This file takes the place of all
// that libcrypto has for them in merlon-keep, so that there is no way to have one, and nothing of
// it is loaded or measured.
//
// The functions are those that the rest of libcrypto and libssl call, in OpenSSL 3.0; another
// version keeps what it has.

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/engine.h>
#include <openssl/opensslv.h>

#if OPENSSL_VERSION_MAJOR == 3 && OPENSSL_VERSION_MINOR == 0

// Whoever asks which engine has an algorithm hears: none.
ENGINE* ENGINE_by_id(const char* /*id*/) { return nullptr; }
ENGINE* ENGINE_get_cipher_engine(int /*nid*/) { return nullptr; }
ENGINE* ENGINE_get_digest_engine(int /*nid*/) { return nullptr; }
ENGINE* ENGINE_get_pkey_meth_engine(int /*nid*/) { return nullptr; }
ENGINE* ENGINE_get_pkey_asn1_meth_engine(int /*nid*/) { return nullptr; }
ENGINE* ENGINE_get_default_DH() { return nullptr; }
ENGINE* ENGINE_get_default_DSA() { return nullptr; }
ENGINE* ENGINE_get_default_EC() { return nullptr; }
ENGINE* ENGINE_get_default_RAND() { return nullptr; }
ENGINE* ENGINE_get_default_RSA() { return nullptr; }
const EVP_PKEY_ASN1_METHOD* ENGINE_pkey_asn1_find_str(ENGINE** engine, const char* /*name*/,
                                                      int /*size*/) {
  *engine = nullptr;
  return nullptr;
}

// So nobody has one of which he could ask more than that it goes, which succeeds without one.
int ENGINE_init(ENGINE* /*engine*/) { return 0; }
int ENGINE_finish(ENGINE* /*engine*/) { return 1; }
int ENGINE_free(ENGINE* /*engine*/) { return 1; }
const char* ENGINE_get_id(const ENGINE* /*engine*/) { return nullptr; }
const DH_METHOD* ENGINE_get_DH(const ENGINE* /*engine*/) { return nullptr; }
const DSA_METHOD* ENGINE_get_DSA(const ENGINE* /*engine*/) { return nullptr; }
const EC_KEY_METHOD* ENGINE_get_EC(const ENGINE* /*engine*/) { return nullptr; }
const RAND_METHOD* ENGINE_get_RAND(const ENGINE* /*engine*/) { return nullptr; }
const RSA_METHOD* ENGINE_get_RSA(const ENGINE* /*engine*/) { return nullptr; }
const EVP_CIPHER* ENGINE_get_cipher(ENGINE* /*engine*/, int /*nid*/) { return nullptr; }
const EVP_MD* ENGINE_get_digest(ENGINE* /*engine*/, int /*nid*/) { return nullptr; }
const EVP_PKEY_METHOD* ENGINE_get_pkey_meth(ENGINE* /*engine*/, int /*nid*/) { return nullptr; }
const EVP_PKEY_ASN1_METHOD* ENGINE_get_pkey_asn1_meth(ENGINE* /*engine*/, int /*nid*/) {
  return nullptr;
}
ENGINE_SSL_CLIENT_CERT_PTR ENGINE_get_ssl_client_cert_function(const ENGINE* /*engine*/) {
  return nullptr;
}
int ENGINE_load_ssl_client_cert(ENGINE* /*engine*/, SSL* /*ssl*/, STACK_OF(X509_NAME) * /*names*/,
                                X509** /*certificate*/, EVP_PKEY** /*key*/,
                                STACK_OF(X509) * * /*others*/, UI_METHOD* /*method*/,
                                void* /*data*/) {
  return 0;
}

// What the library starts with, and ends with.
void ENGINE_load_builtin_engines() {}
int ENGINE_register_all_complete() { return 1; }
void ENGINE_add_conf_module() {}
extern "C" {
void engine_load_openssl_int();
void engine_load_dynamic_int();
void engine_load_padlock_int();
void engine_load_afalg_int();
void engine_cleanup_int();
}
void engine_load_openssl_int() {}
void engine_load_dynamic_int() {}
void engine_load_padlock_int() {}
void engine_load_afalg_int() {}
void engine_cleanup_int() {}

#endif
