#pragma once
// Messages of the runtime's tests, with hand-written codecs: one 64-bit number or a text.

#include "runtime/wire/message.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace tramontane {

template <class M, std::uint64_t type_id>
struct NumberCodec {
  static constexpr std::uint64_t id = type_id;

  static Bytes encode(const M& message) {
    Bytes bytes(8);
    std::memcpy(bytes.data(), &message.value, 8);
    return bytes;
  }

  static Result<M> decode(ByteView bytes) {
    if (bytes.size() != 8) return make_error_code(Errc::bad_input);
    M message;
    std::memcpy(&message.value, bytes.data(), 8);
    return message;
  }

  static std::size_t size(const M&) { return 8; }
};

struct Number {
  std::int64_t value = 0;
};

template <>
struct Codec<Number> : NumberCodec<Number, 0x11> {
  static constexpr const char* name = "Number";
};

// Adds; the reply is the sum so far.
struct Add {
  using Reply = Number;
  std::int64_t value = 0;
};

template <>
struct Codec<Add> : NumberCodec<Add, 0x12> {
  static constexpr const char* name = "Add";
};

// One-way.
struct Note {
  std::int64_t value = 0;
};

template <>
struct Codec<Note> : NumberCodec<Note, 0x13> {
  static constexpr const char* name = "Note";
};

// The handler takes that many milliseconds.
struct Linger {
  using Reply = Number;
  std::int64_t value = 0;
};

template <>
struct Codec<Linger> : NumberCodec<Linger, 0x14> {
  static constexpr const char* name = "Linger";
};

// The handler throws.
struct Explode {
  std::int64_t value = 0;
};

template <>
struct Codec<Explode> : NumberCodec<Explode, 0x15> {
  static constexpr const char* name = "Explode";
};

// The handler answers with a Failure and goes on living.
struct Decline {
  using Reply = Number;
  std::int64_t value = 0;
};

template <>
struct Codec<Decline> : NumberCodec<Decline, 0x16> {
  static constexpr const char* name = "Decline";
};

struct Parcel {
  std::string text;
};

template <>
struct Codec<Parcel> {
  static constexpr std::uint64_t id = 0x17;
  static constexpr const char* name = "Parcel";

  static Bytes encode(const Parcel& message) {
    auto view = as_bytes(message.text);
    return Bytes(view.begin(), view.end());
  }

  static Result<Parcel> decode(ByteView bytes) { return Parcel{std::string(as_text(bytes))}; }

  static std::size_t size(const Parcel& message) { return message.text.size(); }
};

}  // namespace tramontane
