#include "runtime/link/tls_channel.h"

#include "runtime/base/check.h"
#include "runtime/base/freed_by.h"
#include "runtime/base/shown_text.h"

#include <algorithm>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <utility>

namespace tramontane {
namespace {

constexpr const char* suite = "TLS_AES_128_GCM_SHA256";
constexpr unsigned char suite_number[] = {0x13, 0x01};
constexpr const char* group = "X25519";
constexpr std::size_t record_bytes = 16 << 10;  // of what is said
constexpr std::size_t record_overhead = 22;     // header, kind and tag

using Context = std::unique_ptr<SSL_CTX, FreedBy<::SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, FreedBy<::SSL_free>>;
using Method = std::unique_ptr<BIO_METHOD, FreedBy<::BIO_meth_free>>;

// What the connection reads and writes instead of a socket.
struct Ends {
  ByteView input;
  Bytes output;
};

Ends& ends_of(BIO* bio) {
  return *static_cast<Ends*>(::BIO_get_data(bio));
}

int write_end(BIO* bio, const char* data, int size) {
  ::BIO_clear_retry_flags(bio);
  auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(std::max(size, 0))));
  Bytes& output = ends_of(bio).output;
  output.insert(output.end(), bytes.begin(), bytes.end());
  return size;
}

int read_end(BIO* bio, char* room, int size) {
  ::BIO_clear_retry_flags(bio);
  ByteView& input = ends_of(bio).input;
  std::size_t taken = std::min(input.size(), static_cast<std::size_t>(std::max(size, 0)));
  if (taken == 0) {
    ::BIO_set_retry_read(bio);
    return -1;
  }
  std::copy_n(input.begin(), taken, reinterpret_cast<std::byte*>(room));
  input = input.subspan(taken);
  return static_cast<int>(taken);
}

long control_end(BIO*, int what, long, void*) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

Method method_of_ends() {
  Method method(::BIO_meth_new(BIO_TYPE_SOURCE_SINK, "bytes"));
  TRAM_CHECK(method != nullptr, "OpenSSL makes a kind of stream");
  ::BIO_meth_set_write(method.get(), write_end);
  ::BIO_meth_set_read(method.get(), read_end);
  ::BIO_meth_set_ctrl(method.get(), control_end);
  return method;
}

Context context_of(LinkSide side) {
  bool connects = side == LinkSide::connected;
  Context context(::SSL_CTX_new(connects ? ::TLS_client_method() : ::TLS_server_method()));
  TRAM_CHECK(context != nullptr, "OpenSSL makes a context");
  SSL_CTX* c = context.get();
  bool set = ::SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
             ::SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) == 1 &&
             ::SSL_CTX_set_ciphersuites(c, suite) == 1 &&
             ::SSL_CTX_set1_groups_list(c, group) == 1 && ::SSL_CTX_set_num_tickets(c, 0) == 1 &&
             ::SSL_CTX_set_max_early_data(c, 0) == 1 &&
             ::SSL_CTX_set_recv_max_early_data(c, 0) == 1;
  TRAM_CHECK(set, "OpenSSL has what TLS is made of here");
  ::SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  ::SSL_CTX_clear_options(c, SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_ALLOW_NO_DHE_KEX);
  ::SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  // No certificate is trusted: a peer that has one instead of the secret is refused.
  ::SSL_CTX_set_verify(c, connects ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return context;
}

}  // namespace

SessionKey derived_key(ByteView secret, std::string_view label) {
  std::unique_ptr<EVP_KDF, FreedBy<::EVP_KDF_free>> kdf(::EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  std::unique_ptr<EVP_KDF_CTX, FreedBy<::EVP_KDF_CTX_free>> context(::EVP_KDF_CTX_new(kdf.get()));
  std::string digest = "SHA256";
  Bytes key(secret.begin(), secret.end());
  std::string info(label);
  OSSL_PARAM parameters[] = {
      ::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      ::OSSL_PARAM_construct_end()};
  SessionKey out{};
  bool made = ::EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                  out.size(), parameters) == 1;
  TRAM_CHECK(made, "HKDF-SHA256 of OpenSSL");
  return out;
}

class TlsChannel::State {
 public:
  State(LinkSide side, TlsSecret s, std::uint64_t r)
      : secret(std::move(s)),
        key(derived_key(secret.key, "tramontane tls psk")),
        records(r),
        context(context_of(side)),
        method(method_of_ends()) {
    ::SSL_CTX_set_psk_use_session_callback(context.get(), use_secret);
    ::SSL_CTX_set_psk_find_session_callback(context.get(), find_secret);
    connection.reset(::SSL_new(context.get()));
    BIO* bio = ::BIO_new(method.get());
    TRAM_CHECK(connection != nullptr && bio != nullptr, "OpenSSL makes a connection");
    ::BIO_set_data(bio, &ends);
    ::BIO_set_init(bio, 1);
    ::SSL_set_bio(connection.get(), bio, bio);
    SSL_set_app_data(connection.get(), this);
    if (side == LinkSide::accepted) {
      ::SSL_set_accept_state(connection.get());
      return;
    }
    ::SSL_set_connect_state(connection.get());
    advance();
  }

  static int use_secret(SSL* connection, const EVP_MD* digest, const unsigned char** name,
      std::size_t* size, SSL_SESSION** session) {
    auto& self = *static_cast<State*>(SSL_get_app_data(connection));
    *session = nullptr;
    if (digest != nullptr && ::EVP_MD_is_a(digest, "SHA256") != 1) return 1;
    *name = reinterpret_cast<const unsigned char*>(self.secret.name.data());
    *size = self.secret.name.size();
    *session = self.session();
    return *session != nullptr ? 1 : 0;
  }

  static int find_secret(
      SSL* connection, const unsigned char* name, std::size_t size, SSL_SESSION** session) {
    auto& self = *static_cast<State*>(SSL_get_app_data(connection));
    *session = nullptr;
    std::string_view named(reinterpret_cast<const char*>(name), size);
    if (named != self.secret.name) {
      self.other = one_line(std::string(named.substr(0, 64)));
      return 1;
    }
    *session = self.session();
    return *session != nullptr ? 1 : 0;
  }

  // The secret, as OpenSSL wants to have it.
  SSL_SESSION* session() const {
    const SSL_CIPHER* cipher = ::SSL_CIPHER_find(connection.get(), suite_number);
    std::unique_ptr<SSL_SESSION, FreedBy<::SSL_SESSION_free>> made(::SSL_SESSION_new());
    if (cipher == nullptr || made == nullptr) return nullptr;
    bool set = ::SSL_SESSION_set1_master_key(made.get(),
                   reinterpret_cast<const unsigned char*>(key.data()), key.size()) == 1 &&
               ::SSL_SESSION_set_cipher(made.get(), cipher) == 1 &&
               ::SSL_SESSION_set_protocol_version(made.get(), TLS1_3_VERSION) == 1;
    return set ? made.release() : nullptr;
  }

  // Of making it open. True once it is.
  bool advance() {
    if (open) return true;
    ::ERR_clear_error();
    int result = ::SSL_do_handshake(connection.get());
    if (result != 1) {
      judge(result);
      return false;
    }
    if (::SSL_session_reused(connection.get()) != 1) {
      fail("the peer has shown no secret");
      return false;
    }
    open = true;
    if (!kept.empty()) write(std::exchange(kept, {}));
    return true;
  }

  std::size_t read(std::span<std::byte> room) {
    std::size_t got = 0;
    while (got < room.size() && why.empty()) {
      std::size_t piece = 0;
      ::ERR_clear_error();
      int result = ::SSL_read_ex(connection.get(), &room[got], room.size() - got, &piece);
      got += piece;
      if (result == 1) continue;
      judge(result);
      break;
    }
    return got;
  }

  void write(ByteView bytes) {
    if (bytes.empty() || !why.empty()) return;
    std::size_t all = bytes.size() / record_bytes + 1;
    ends.output.reserve(ends.output.size() + bytes.size() + all * record_overhead);
    written += all;
    ::ERR_clear_error();
    if (written > records) {
      written = all;
      if (::SSL_key_update(connection.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) return judge(0);
    }
    std::size_t taken = 0;
    int result = ::SSL_write_ex(connection.get(), bytes.data(), bytes.size(), &taken);
    if (result != 1) return judge(result);
    TRAM_CHECK(taken == bytes.size(), "TLS takes all that it is given", taken, bytes.size());
  }

  // What it means that OpenSSL did not do it.
  void judge(int result) {
    switch (::SSL_get_error(connection.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return;
      case SSL_ERROR_ZERO_RETURN:
        return fail("the peer closed the connection");
      default:
        return fail(reason());
    }
  }

  std::string reason() const {
    unsigned long error = ::ERR_peek_error();
    int code = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
      if (code == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC || code == SSL_R_BAD_RECORD_TYPE ||
          code == SSL_R_DIGEST_CHECK_FAILED)
        return "TLS: what came was changed on its way, or was not made with this connection's key";
      if (code == SSL_R_BINDER_DOES_NOT_VERIFY) return "TLS: the proof of the secret fails";
      if (code >= SSL_AD_REASON_OFFSET)
        return str(
            "TLS: the peer ends it: ", ::SSL_alert_desc_string_long(code - SSL_AD_REASON_OFFSET));
    }
    const char* text = ::ERR_reason_error_string(error);
    return str("TLS: ", text != nullptr ? text : "it failed without a reason");
  }

  void fail(std::string text) {
    if (why.empty()) why = std::move(text);
  }

  const TlsSecret secret;
  const SessionKey key;
  const std::uint64_t records;
  const Context context;
  const Method method;
  Ends ends;
  Connection connection;  // reads and writes them
  Bytes kept;             // until it is open
  std::uint64_t written = 0;
  bool open = false;
  std::string why;
  std::string other;
};

TlsChannel::TlsChannel(LinkSide side, TlsSecret secret, std::uint64_t records)
    : state_(std::make_unique<State>(side, std::move(secret), records)) {}

TlsChannel::~TlsChannel() = default;

std::size_t TlsChannel::take(ByteView& wire, std::span<std::byte> room) {
  State& s = *state_;
  s.ends.input = std::exchange(wire, {});
  std::size_t got = s.why.empty() && s.advance() ? s.read(room) : 0;
  wire = std::exchange(s.ends.input, {});
  if (failed() && got == 0) wire = {};
  return got;
}

void TlsChannel::put(ByteView bytes, ByteView behind) {
  State& s = *state_;
  for (ByteView each : {bytes, behind}) {
    if (s.open)
      s.write(each);
    else if (s.why.empty())
      s.kept.insert(s.kept.end(), each.begin(), each.end());
  }
}

Bytes TlsChannel::take_output() {
  return std::exchange(state_->ends.output, {});
}

bool TlsChannel::open() const {
  return state_->open;
}

bool TlsChannel::failed() const {
  return !state_->why.empty();
}

const std::string& TlsChannel::why() const {
  return state_->why;
}

const std::string& TlsChannel::other_name() const {
  return state_->other;
}

SessionKey TlsChannel::exported(std::string_view label) const {
  TRAM_CHECK(open(), "a key is taken of a channel that is not open");
  SessionKey out{};
  bool made = ::SSL_export_keying_material(state_->connection.get(),
                  reinterpret_cast<unsigned char*>(out.data()), out.size(), label.data(),
                  label.size(), nullptr, 0, 0) == 1;
  TRAM_CHECK(made, "OpenSSL exports a key");
  return out;
}

}  // namespace tramontane
