#pragma once
// Messages of the link's tests.

#include "tests/runtime/messages.h"

#include <string>
#include <utility>
#include <vector>

namespace tramontane {

// The reply has `size` bytes of text.
struct Fetch {
  using Reply = Parcel;
  std::int64_t value = 0;
};

template <>
struct Codec<Fetch> : NumberCodec<Fetch, 0x21> {
  static constexpr const char* name = "Fetch";
};

// Blobs with a text; the reply is the same, reversed.
struct Cargo {
  using Reply = Cargo;
  std::string text;
  std::vector<Blob> blobs;
};

template <>
struct Codec<Cargo> {
  static constexpr std::uint64_t id = 0x22;
  static constexpr const char* name = "Cargo";

  static Bytes encode(const Cargo& message) { return Codec<Parcel>::encode({message.text}); }

  static Result<Cargo> decode(ByteView bytes) { return Cargo{std::string(as_text(bytes)), {}}; }

  static std::size_t size(const Cargo& message) { return message.text.size(); }

  static std::vector<Blob> blobs(const Cargo& message) { return message.blobs; }

  static bool attach(Cargo& message, std::vector<Blob> blobs) {
    message.blobs = std::move(blobs);
    return true;
  }
};

// It cannot leave its process.
struct Secret {
  std::string text;
};

template <>
struct Codec<Secret> : LocalCodec<Secret> {};

// Its codec throws.
struct Broken {
  std::int64_t value = 0;
};

template <>
struct Codec<Broken> : NumberCodec<Broken, 0x23> {
  static constexpr const char* name = "Broken";

  static Bytes encode(const Broken&) { throw std::runtime_error("out of ink"); }
};

}  // namespace tramontane
