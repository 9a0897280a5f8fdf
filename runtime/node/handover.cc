#include "runtime/node/handover.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace tramontane {
namespace {

constexpr std::size_t introduction_max = 128 << 10;

union Control {
  char bytes[CMSG_SPACE(sizeof(int))];
  cmsghdr align;
};

// The descriptor that came with a message; the first where there are several, the rest are closed.
Descriptor descriptor_of(msghdr& message) {
  Descriptor first;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int value = -1;
      std::memcpy(&value, CMSG_DATA(at) + i * sizeof(int), sizeof value);
      Descriptor each(value);
      if (!first) first = std::move(each);
    }
  }
  return first;
}

}  // namespace

std::pair<Descriptor, Descriptor> handover_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(Errc::io, str("a socket pair: ", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool Handover::send(const Given& given) {
  iovec part{const_cast<std::byte*>(given.introduction.data()), given.introduction.size()};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  int value = given.socket.get();
  std::memcpy(CMSG_DATA(header), &value, sizeof value);
  for (;;) {
    if (::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
    if (errno == EINTR) continue;
    return errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != ETOOMANYREFS;
  }
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
  iovec part{given.introduction.data(), given.introduction.size()};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? Taken::nothing : Taken::peer_gone;
  if (got == 0) return Taken::peer_gone;
  given.introduction.resize(static_cast<std::size_t>(got));
  given.socket = descriptor_of(message);
  return given.socket ? Taken::something : Taken::nothing;
}

}  // namespace tramontane
