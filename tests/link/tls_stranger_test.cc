// A stranger who has no secret, but TLS of his own and a certificate.

#include "runtime/base/check.h"
#include "tests/link/tls_ends.h"

#include <memory>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// As any server of HTTPS: it has a certificate, and knows nothing of secrets.
struct Stranger {
  explicit Stranger(bool serves)
      : context(::SSL_CTX_new(serves ? ::TLS_server_method() : ::TLS_client_method())) {
    if (serves) certify();
    connection = ::SSL_new(context);
    input = ::BIO_new(::BIO_s_mem());
    output = ::BIO_new(::BIO_s_mem());
    ::SSL_set_bio(connection, input, output);
    serves ? ::SSL_set_accept_state(connection) : ::SSL_set_connect_state(connection);
  }

  ~Stranger() {
    ::SSL_free(connection);
    ::SSL_CTX_free(context);
  }

  void certify() {
    EVP_PKEY* key = ::EVP_EC_gen("P-256");
    X509* certificate = ::X509_new();
    ::X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    ::X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    ::X509_set_pubkey(certificate, key);
    ::X509_sign(certificate, key, ::EVP_sha256());
    REQUIRE(::SSL_CTX_use_certificate(context, certificate) == 1);
    REQUIRE(::SSL_CTX_use_PrivateKey(context, key) == 1);
    ::X509_free(certificate);
    ::EVP_PKEY_free(key);
  }

  // What it says to that.
  Bytes answer(const Bytes& said) {
    ::BIO_write(input, said.data(), static_cast<int>(said.size()));
    result = ::SSL_do_handshake(connection);
    Bytes out(::BIO_ctrl_pending(output));
    if (!out.empty()) ::BIO_read(output, out.data(), static_cast<int>(out.size()));
    return out;
  }

  SSL_CTX* context;
  SSL* connection = nullptr;
  BIO* input = nullptr;
  BIO* output = nullptr;
  int result = 0;
};

}  // namespace

TEST_CASE("who has a certificate instead of the secret is not believed") {
  TlsChannel one(LinkSide::connected, secret_like(1, "n"));
  Stranger server(true);
  one.put(as_bytes("a secret word"));
  Bytes said = server.answer(one.take_output());
  REQUIRE(said.size() > 300);  // with the certificate
  ByteView wire = said;
  std::byte room[100];
  CHECK(one.take(wire, room) == 0);
  CHECK(!one.open());
  CHECK(one.failed());
  CHECK(server.answer(one.take_output()).empty());
  CHECK(server.result != 1);
}

TEST_CASE("who has no secret at all is not let in") {
  TlsChannel other(LinkSide::accepted, secret_like(1, "n"));
  Stranger client(false);
  Bytes said = client.answer({});
  ByteView wire = said;
  std::byte room[100];
  CHECK(other.take(wire, room) == 0);
  CHECK(!other.open());
  CHECK(other.failed());
  CHECK(client.answer(other.take_output()).empty());
  CHECK(client.result != 1);
}
