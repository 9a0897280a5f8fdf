#pragma once
// An Opening is what passes on a fresh TCP connection until its two ends know each other: a
// Handshake (handshake.h), in clear, or within a TLS under the cluster's token (tls_channel.h),
// which both then leave behind. Bytes in, bytes out: who reads and writes the socket is dial.h, and
// tcp_server.h.
//
//   connected, in clear    TRAMONT\n, handshake
//   connected, encrypted   TRAMTLS\n, TLS 1.3 { TRAMONT\n, handshake }
//
//   Opening opening(LinkSide::connected, {.token = token, .own = …, .encrypted = true});
//   write(opening.take_output());
//   while (opening.wants() > 0) { opening.feed(read_at_most(opening.wants())); write(…); }
//   if (!opening.done()) tell(opening.why());
//
// The proofs of a handshake within TLS cover that TLS too, so that nobody can stand between two of
// them. It never reads past its own end, and ends on a whole TLS record: the socket can be handed
// on, with key(). Not thread-safe.

#include "runtime/base/bytes.h"
#include "runtime/link/handshake.h"
#include "runtime/link/link_socket.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

inline constexpr std::string_view tls_magic = "TRAMTLS\n";
static_assert(tls_magic.size() == handshake_magic.size());

class Opening {
 public:
  struct Options {
    AccessToken token{};
    Greeting own;
    // Of who connects: so. Of who accepts: nothing else is let in.
    bool encrypted = false;
  };

  Opening(LinkSide side, Options options);
  ~Opening();
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  // To be sent, in order. Also after a failure, so that the peer learns why.
  Bytes take_output();
  // How many bytes to read next; 0: no more.
  std::size_t wants() const;
  // At most as many as it wants.
  void feed(ByteView piece);

  bool done() const;
  bool failed() const;

  // For people; when it has failed.
  const std::string& why() const { return why_; }

  // When it is done.
  const Greeting& peer() const { return handshake_->peer(); }

  // When it is done: what the session behind it is encrypted with; none: it is clear.
  std::optional<LinkKey> key() const;

  // When it has failed on the side that accepted: the peer said this first, which is neither.
  const std::optional<Bytes>& other() const { return other_; }

 private:
  void take_magic();
  void take_record();
  void take_plain(ByteView plain);
  void begin_within_tls();
  void settle();
  std::string tls_failure() const;

  const LinkSide side_;
  Options options_;
  std::unique_ptr<TlsChannel> tls_;
  std::optional<Handshake> handshake_;  // within TLS: once that is open
  Bytes input_;                         // of the magic, or of a TLS record
  Bytes output_;
  std::string why_;
  std::optional<Bytes> other_;
};

}  // namespace tramontane
