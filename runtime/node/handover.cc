#include "runtime/node/handover.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/base/socket_message.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace tramontane {
namespace {

constexpr std::size_t introduction_max = 128 << 10;
constexpr std::size_t key_bytes = 1 + sizeof(SessionKey);

// What a message begins with: a byte that says which side it is, or that there is no key.
enum : std::uint8_t { clear_begins = 0, connected_begins = 1, accepted_begins = 2 };

Bytes begun(const std::optional<LinkKey>& key) {
  if (!key) return {std::byte{clear_begins}};
  Bytes out = {std::byte{key->side == LinkSide::connected ? connected_begins : accepted_begins}};
  out.insert(out.end(), key->key.begin(), key->key.end());
  return out;
}

// Takes it off the message. False: it makes no sense.
bool take_key(Bytes& message, std::optional<LinkKey>& key) {
  key.reset();
  auto side = message.empty() ? 0xff : std::to_integer<std::uint8_t>(message[0]);
  std::size_t size = side == clear_begins ? 1 : key_bytes;
  if (side > accepted_begins || message.size() < size) return false;
  if (side != clear_begins) {
    key.emplace();
    key->side = side == connected_begins ? LinkSide::connected : LinkSide::accepted;
    std::copy_n(message.begin() + 1, key->key.size(), key->key.begin());
  }
  message.erase(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
  return true;
}

}  // namespace

std::pair<Descriptor, Descriptor> handover_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(Errc::io, str("a socket pair: ", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool Handover::send(const Waiting& waiting) {
  int socket = waiting.socket.get();
  int error = send_message(socket_.get(), waiting.message, {&socket, 1}).error;
  return !would_block(error) && error != ENOBUFS && error != ETOOMANYREFS;
}

void Handover::give(ByteView introduction, LinkSocket socket) {
  TRAM_CHECK(introduction.size() <= introduction_max, "an introduction of too many actors");
  Bytes message = begun(socket.key);
  message.insert(message.end(), introduction.begin(), introduction.end());
  waiting_.push_back({std::move(message), std::move(socket.descriptor)});
  flush();
}

void Handover::flush() {
  while (!waiting_.empty() && send(waiting_.front())) waiting_.pop_front();
}

Handover::Taken Handover::take(Duration timeout, Given& given) {
  pollfd one{socket_.get(), POLLIN, 0};
  auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  int ready = ::poll(&one, 1, static_cast<int>(milliseconds));
  if (ready <= 0) return Taken::nothing;
  given.introduction.resize(key_bytes + introduction_max);
  ReceivedMessage got = receive_message(socket_.get(), given.introduction);
  if (would_block(got.error)) return Taken::nothing;
  if (got.error != 0 || got.bytes == 0) return Taken::peer_gone;
  given.introduction.resize(got.bytes);
  if (got.descriptors.empty()) return Taken::nothing;
  if (!take_key(given.introduction, given.socket.key)) return Taken::nothing;
  given.socket.descriptor = std::move(got.descriptors.front());
  return Taken::something;
}

void Handover::stop_taking() {
  ::shutdown(socket_.get(), SHUT_RD);
}

}  // namespace tramontane
