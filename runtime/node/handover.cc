#include "runtime/node/handover.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/base/socket_message.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace tramontane {
namespace {

constexpr std::size_t introduction_max = 128 << 10;

}  // namespace

std::pair<Descriptor, Descriptor> handover_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(Errc::io, str("a socket pair: ", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool Handover::send(const Given& given) {
  int socket = given.socket.get();
  int error = send_message(socket_.get(), given.introduction, {&socket, 1}).error;
  return !would_block(error) && error != ENOBUFS && error != ETOOMANYREFS;
}

void Handover::give(Bytes introduction, Descriptor socket) {
  TRAM_CHECK(introduction.size() <= introduction_max, "an introduction of too many actors");
  waiting_.push_back({std::move(introduction), std::move(socket)});
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
  given.introduction.resize(introduction_max);
  ReceivedMessage got = receive_message(socket_.get(), given.introduction);
  if (would_block(got.error)) return Taken::nothing;
  if (got.error != 0 || got.bytes == 0) return Taken::peer_gone;
  given.introduction.resize(got.bytes);
  if (got.descriptors.empty()) return Taken::nothing;
  given.socket = std::move(got.descriptors.front());
  return Taken::something;
}

void Handover::stop_taking() {
  ::shutdown(socket_.get(), SHUT_RD);
}

}  // namespace tramontane
