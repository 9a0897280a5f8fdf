#pragma once
// Bytes, and descriptors beside them, over a connected Unix-domain socket, never waiting.
//
//   SentMessage sent = send_message(socket, bytes, descriptors);
//   if (would_block(sent.error)) …                  // later; sent.bytes is 0
//   ReceivedMessage got = receive_message(socket, room);
//
// Signals that interrupt are not seen. Thread rule: any; a socket's readers and writers agree among
// themselves.

#include "runtime/base/bytes.h"
#include "runtime/base/descriptor.h"

#include <cstddef>
#include <span>
#include <vector>

namespace tramontane {

inline constexpr std::size_t message_descriptors_most = 16;  // of one message

struct SentMessage {
  std::size_t bytes = 0;  // of a stream perhaps not all; the descriptors went with the first
  int error = 0;          // the errno, if none were sent
};

// The bytes, and those behind them. At most message_descriptors_most descriptors, which stay the
// caller's.
SentMessage send_message(
    int socket, ByteView bytes, std::span<const int> descriptors, ByteView behind = {});

struct ReceivedMessage {
  std::size_t bytes = 0;  // 0 without an error: the peer has closed
  std::vector<Descriptor> descriptors;
  bool descriptors_lost = false;  // this process may not have so many, or they were too many
  int error = 0;
};

// Descriptors are closed on execution.
ReceivedMessage receive_message(int socket, std::span<std::byte> room);

bool would_block(int error);

}  // namespace tramontane
