#include "runtime/base/socket_message.h"

#include "runtime/base/check.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace tramontane {
namespace {

// Room for the descriptors of one message.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int) * message_descriptors_most)> room;
};

constexpr int send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;

// What `send` has taken, tried again as long as a signal interrupts it.
template <class Send>
SentMessage sent_by(Send send) {
  for (;;) {
    ssize_t taken = send();
    if (taken >= 0) return {static_cast<std::size_t>(taken), 0};
    if (errno != EINTR) return {0, errno};
  }
}

iovec vector_of(ByteView bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

SentMessage send_message(
    int socket, ByteView bytes, std::span<const int> descriptors, ByteView behind) {
  if (descriptors.empty() && behind.empty())
    return sent_by([&] { return ::send(socket, bytes.data(), bytes.size(), send_flags); });
  TRAM_CHECK(descriptors.size() <= message_descriptors_most, "too many descriptors for one message",
      descriptors.size());
  Control control{};
  std::array parts{vector_of(bytes), vector_of(behind)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (!descriptors.empty()) {
    std::size_t size = sizeof(int) * descriptors.size();
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  }
  return sent_by([&] { return ::sendmsg(socket, &message, send_flags); });
}

ReceivedMessage receive_message(int socket, std::span<std::byte> room) {
  Control control;
  iovec part{room.data(), room.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  ssize_t taken = 0;
  do {
    taken = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (taken < 0 && errno == EINTR);
  ReceivedMessage got;
  if (taken < 0) {
    got.error = errno;
    return got;
  }
  got.bytes = static_cast<std::size_t>(taken);
  got.descriptors_lost = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int value = -1;
      std::memcpy(&value, CMSG_DATA(header) + i * sizeof(int), sizeof value);
      got.descriptors.emplace_back(value);
    }
  }
  return got;
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace tramontane
