#include "runtime/link/dial.h"

#include "runtime/base/check.h"
#include "runtime/base/socket_message.h"
#include "runtime/link/opening.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <string>
#include <utility>

namespace tramontane {
namespace {

using Moment = std::chrono::steady_clock::time_point;

// False once the deadline has passed.
bool wait_for(int socket, short events, Moment deadline) {
  for (;;) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{socket, events, 0};
    int ready = ::poll(&wait, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// What is wrong; nothing if all was written.
std::string write_all(int socket, const Bytes& bytes, Moment deadline) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    SentMessage piece = send_message(socket, ByteView(bytes).subspan(sent), {});
    sent += piece.bytes;
    if (piece.error == 0) continue;
    if (!would_block(piece.error)) return std::strerror(piece.error);
    if (!wait_for(socket, POLLOUT, deadline)) return "it takes nothing";
  }
  return {};
}

std::string converse(int socket, Opening& opening, Moment deadline) {
  std::byte room[4096];
  for (;;) {
    std::string wrong = write_all(socket, opening.take_output(), deadline);
    if (opening.failed()) return opening.why();
    if (!wrong.empty()) return wrong;
    if (opening.done()) return {};
    std::size_t most = std::min(opening.wants(), sizeof room);
    ReceivedMessage piece = receive_message(socket, {room, most});
    if (would_block(piece.error)) {
      if (!wait_for(socket, POLLIN, deadline)) return "it does not answer";
      continue;
    }
    if (piece.error != 0) return std::strerror(piece.error);
    if (piece.bytes == 0) return "it closed the connection";
    opening.feed({room, piece.bytes});
  }
}

}  // namespace

Answer<Dialed> dial(const TcpAddress& address, const AccessToken& token, const Greeting& own,
    Duration patience, Encryption encryption) {
  Moment deadline = std::chrono::steady_clock::now() + patience;
  auto socket = connect_tcp(address, patience);
  if (!socket) return socket.error();
  Opening opening(LinkSide::connected,
      {.token = token,
          .own = own,
          .encrypted = dials_encrypted(encryption, address, tcp_peer(socket->get()))});
  std::string wrong = converse(socket->get(), opening, deadline);
  if (!wrong.empty()) return Failure{Errc::refused, str(address.text(), ": ", wrong)};
  return Dialed{{std::move(*socket), opening.key()}, opening.peer()};
}

}  // namespace tramontane
