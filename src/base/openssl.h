// Ownership of OpenSSL's objects, and PEM to and from them. Only for sources: it includes much.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft::openssl {

template <auto F>
struct Free {
  template <class T>
  void operator()(T* object) const {
    F(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<&X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<&X509_EXTENSION_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Free<&BN_free>>;
using Request = std::unique_ptr<X509_REQ, Free<&X509_REQ_free>>;

// `write(bio)` fills a memory BIO and returns 1. Empty when it did not; the BIO's copy is wiped.
template <class Write>
std::string pem_of(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  std::string text(data, static_cast<std::size_t>(size));
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  return text;
}

inline Bio reader(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// For PEM_read_bio_…: what is encrypted is not read. Without it OpenSSL asks on the terminal for a
// password, and waits.
inline int no_password(char*, int, int, void*) {
  return -1;
}

// OpenSSL refused for a reason that no caller can help: out of memory, no randomness.
inline tl::unexpected<Error> failed(std::string_view what) {
  return fail(ErrorCode::kFailed, std::string(what) + ": the crypto library failed");
}

}  // namespace croft::openssl
