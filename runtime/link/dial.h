#pragma once
// dial() connects to a process of the same cluster and makes itself known (opening.h), in clear
// where that is allowed (encryption.h).
//
//   auto dialed = dial(address, token, {.role = "client"}, 5s, encryption_setting());
//   if (!dialed) …                                    // says who refused what
//   remote->connect(dialed->peer.process, dialed->peer.name, socket_link(pool, dialed->socket));
//
// Blocks; for an actor, on a pool (run_on(), runtime/actor/pool.h).

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/link/encryption.h"
#include "runtime/link/handshake.h"
#include "runtime/link/link_socket.h"
#include "runtime/link/tcp_socket.h"

namespace tramontane {

struct Dialed {
  LinkSocket socket;
  Greeting peer;
};

Answer<Dialed> dial(const TcpAddress& address, const AccessToken& token, const Greeting& own,
    Duration patience, Encryption encryption = Encryption::beyond_loopback);

}  // namespace tramontane
