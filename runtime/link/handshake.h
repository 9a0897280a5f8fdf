#pragma once
// A Handshake makes two processes of one cluster known to each other over a fresh TCP connection:
// each proves to the other that it has the token, and that it said what it said just now
// (handshake.capnp). Bytes in, bytes out: who reads and writes the socket is dial.h, and
// tcp_server.h.
//
//   Handshake handshake(Handshake::Side::connected, token, {.role = "node", .name = "gpu-3"});
//   write(handshake.take_output());
//   while (handshake.wants() > 0) { handshake.feed(read_at_most(handshake.wants())); write(…); }
//   if (!handshake.done()) tell(handshake.why());
//
// It never reads past its own end, so that the socket can be handed on. A replayed, reflected or
// changed greeting fails, as the proof covers both greetings with fresh nonces and names the side.
// By itself it protects nothing of what is said afterwards: within TLS (opening.h) the proofs also
// cover `binding`, which is of that TLS alone. Not thread-safe.

#include "runtime/base/bytes.h"
#include "runtime/base/home.h"
#include "runtime/link/session.h"
#include "runtime/link/tls_channel.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tramontane {

inline constexpr std::string_view handshake_magic = "TRAMONT\n";
inline constexpr std::uint32_t handshake_protocol = 1;

// What a process says of itself.
struct Greeting {
  std::string role;
  ProcessId process = 0;
  ActorId actor = 0;
  std::string name;
  std::string address;
  Bytes purpose;
  std::string build = own_build();
};

class Handshake {
 public:
  using Side = LinkSide;

  // `binding`: what both sides have in common already; a peer that has another fails.
  Handshake(Side side, const AccessToken& token, Greeting own, ByteView binding = {});

  // Whoever greets is refused, for this reason.
  void refuse_peer(std::string why) { refusal_ = std::move(why); }

  // To be sent, in order. Also after a failure, so that the peer learns why.
  Bytes take_output();

  // How many bytes to read next; 0: no more.
  std::size_t wants() const;
  // At most as many as it wants.
  void feed(ByteView piece);

  bool done() const { return state_ == State::done; }

  bool failed() const { return state_ == State::failed; }

  // For people; when it has failed.
  const std::string& why() const { return why_; }

  // When it is done.
  const Greeting& peer() const { return peer_; }

 private:
  enum class State : std::uint8_t { magic, greeting, proof, welcome, done, failed };

  void take_frame();
  void take_greeting(ByteView greeting, ByteView proof);
  void take_proof(ByteView proof);
  std::string unlike(ByteView greeting);  // what of the peer's greeting is not as it must be
  Bytes proof_of(Side side) const;
  void refuse(const std::string& why);
  void fail(const std::string& why);

  const Side side_;
  const AccessToken token_;
  const std::string own_build_;
  const Bytes binding_;
  std::string refusal_;
  Greeting peer_;
  Bytes own_greeting_;   // encoded
  Bytes peer_greeting_;  // the same
  State state_;
  std::string why_;
  Bytes input_;
  Bytes output_;
};

// Tells clusters apart: of tokens, of which it gives nothing away.
std::string cluster_of(const AccessToken& token);

}  // namespace tramontane
