#pragma once
// What MathsClient and its child say to each other over a socket: frames of a 32-bit length and
// that many bytes, all integers little-endian. Both ends are of one build; the parser still trusts
// nothing.
//
//   request := version options text(gold) text(answer)
//              without an answer: whether the gold answer alone can be evaluated
//   reply   := outcome text(how)
//   text    := length bytes

#include "actors/rewards/maths/maths.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

inline constexpr std::size_t frame_bytes_max = 1U << 20;

struct Request {
  CompareOptions options;
  std::string gold;
  std::string answer;
};

// With the frame's length in front.
std::string encode(const Request& request);
std::string encode(const Comparison& reply);

// Of a frame without its length. Nothing if it is no such message, or asks for the absurd.
std::optional<Request> decode_request(std::string_view bytes);
std::optional<Comparison> decode_reply(std::string_view bytes);

// The length that the first four bytes of a frame give; nothing if it is over frame_bytes_max.
std::optional<std::size_t> frame_length(std::string_view four_bytes);

}  // namespace tramontane::maths
