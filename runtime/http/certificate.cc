#include "runtime/http/certificate.h"

#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/freed_by.h"
#include "runtime/base/home.h"
#include "runtime/base/result.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr long life_seconds = 10L * 365 * 24 * 3600;
constexpr std::size_t file_bytes_most = 16 << 10;

using Key = std::unique_ptr<EVP_PKEY, FreedBy<::EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreedBy<::X509_free>>;
using Memory = std::unique_ptr<BIO, FreedBy<::BIO_free_all>>;

[[noreturn]] void failed(const std::string& path, const char* what) {
  throw Error(Errc::io, str(path, ": ", what, ": ", std::strerror(errno)));
}

std::string text_of(const Memory& memory) {
  char* data = nullptr;
  long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// A key and a certificate under it.
std::string make_pem() {
  Key key(EVP_EC_gen("P-256"));
  Certificate certificate(::X509_new());
  X509* c = certificate.get();
  std::array<std::byte, 8> serial{};
  random_bytes(serial.data(), serial.size());
  serial[0] &= std::byte{0x7f};
  std::uint64_t number = 0;
  for (std::byte each : serial) number = (number << 8) | std::to_integer<std::uint64_t>(each);
  bool made = key != nullptr && c != nullptr && ::X509_set_version(c, X509_VERSION_3) == 1 &&
              ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(c), number) == 1 &&
              ::X509_gmtime_adj(X509_getm_notBefore(c), -24L * 3600) != nullptr &&
              ::X509_gmtime_adj(X509_getm_notAfter(c), life_seconds) != nullptr &&
              ::X509_set_pubkey(c, key.get()) == 1;
  X509_NAME* name = made ? ::X509_get_subject_name(c) : nullptr;
  const auto* text = reinterpret_cast<const unsigned char*>("Tramontane");
  made = made && ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
         ::X509_set_issuer_name(c, name) == 1 && ::X509_sign(c, key.get(), ::EVP_sha256()) > 0;
  Memory out(::BIO_new(::BIO_s_mem()));
  made = made &&
         ::PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
             1 &&
         ::PEM_write_bio_X509(out.get(), c) == 1;
  TRAM_CHECK(made, "OpenSSL makes a certificate");
  return text_of(out);
}

// Nothing if there is no such file.
std::optional<std::string> read_pem(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;

  struct stat status {};

  if (!file || ::fstat(file.get(), &status) != 0) failed(path, "it cannot be read");
  if ((status.st_mode & 077) != 0)
    throw Error(
        Errc::bad_input, str(path, ": others may read or write this key: take a new one (rm ", path,
                             "), or chmod 600 it if nobody has"));
  std::string text(file_bytes_most, '\0');
  ssize_t count = ::read(file.get(), text.data(), text.size());
  if (count < 0) failed(path, "it cannot be read");
  text.resize(static_cast<std::size_t>(count));
  return text;
}

// Under a name of its own first, so that nobody reads a half; another may have been quicker.
void write_pem(const std::string& path, const std::string& text) {
  std::array<std::byte, 32> name{};
  random_bytes(name.data(), name.size());
  std::string draft = path + "." + token_text(name).substr(0, 16);
  Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) failed(draft, "it cannot be made");
  bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  bool kept = written && ::fsync(file.get()) == 0 &&
              (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  int error = errno;
  ::unlink(draft.c_str());
  errno = error;
  if (!kept) failed(path, "it cannot be written");
}

HttpCertificate parsed(const std::string& path, std::string pem) {
  Memory in(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(::PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  Certificate certificate(::PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (key == nullptr || certificate == nullptr ||
      ::X509_check_private_key(certificate.get(), key.get()) != 1)
    throw Error(Errc::bad_input,
        str(path, ": this is no key with its certificate: take a new one (rm ", path, ")"));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HttpCertificate out{.pem = std::move(pem)};
  ::X509_digest(certificate.get(), ::EVP_sha256(), digest.data(), &size);
  for (unsigned i = 0; i < size; ++i) {
    constexpr const char* digits = "0123456789ABCDEF";
    if (i > 0) out.fingerprint += ':';
    out.fingerprint += digits[digest[i] >> 4];
    out.fingerprint += digits[digest[i] & 15];
  }
  unsigned char* encoded = nullptr;
  int bytes = ::i2d_PUBKEY(key.get(), &encoded);
  TRAM_CHECK(bytes > 0, "OpenSSL encodes a public key");
  ::EVP_Digest(
      encoded, static_cast<std::size_t>(bytes), digest.data(), &size, ::EVP_sha256(), nullptr);
  OPENSSL_free(encoded);
  std::array<unsigned char, 64> base64{};
  int length = ::EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  out.pin.assign(reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(length));
  return out;
}

}  // namespace

HttpCertificate certificate_of(const std::string& path) {
  if (auto pem = read_pem(path)) return parsed(path, std::move(*pem));
  write_pem(path, make_pem());
  if (auto pem = read_pem(path)) return parsed(path, std::move(*pem));
  throw Error(Errc::io, str(path, " went away while it was read"));
}

}  // namespace tramontane
