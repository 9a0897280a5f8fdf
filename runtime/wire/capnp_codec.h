#pragma once
// Writes a Codec's encode() and decode() over a Cap'n Proto struct. For .cc files only.
//
//   Bytes Codec<LeaseTasks>::encode(const LeaseTasks& message) {
//     return encode_capnp<schema::LeaseTasks>([&](schema::LeaseTasks::Builder out) {
//       out.setCount(message.count);
//     });
//   }
//
//   Result<LeaseTasks> Codec<LeaseTasks>::decode(ByteView bytes) {
//     using Schema = schema::LeaseTasks;
//     return decode_capnp<Schema, LeaseTasks>(bytes, [](Schema::Reader in) {
//       return LeaseTasks{.count = in.getCount()};
//     });
//   }
//
// Both give and take one unpacked message in Cap'n Proto's stream framing.

#include "runtime/base/bytes.h"
#include "runtime/base/result.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/array.h>
#include <kj/exception.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace tramontane {

inline std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.end()};
}

template <class Schema, class Fill>
Bytes encode_capnp(Fill fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<Schema>());
  kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  auto bytes = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(bytes.begin(), bytes.end());
}

// Bytes that are no such message, or larger than its size lets it be, are Errc::bad_input; so is
// an Error that `read` throws.
template <class Schema, class M, class Read>
Result<M> decode_capnp(ByteView bytes, Read read) {
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0) {
    return make_error_code(Errc::bad_input);
  }
  try {
    auto words = kj::arrayPtr(
        reinterpret_cast<const capnp::word*>(bytes.data()), bytes.size() / sizeof(capnp::word));
    kj::Array<capnp::word> aligned;  // which the reader wants
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) != 0) {
      aligned = kj::heapArray<capnp::word>(words.size());
      std::memcpy(aligned.begin(), bytes.data(), bytes.size());
      words = aligned.asPtr();
    }
    capnp::ReaderOptions options;
    // Every byte may be read a few times, as nobody is sent the same list twice: amplification.
    options.traversalLimitInWords = words.size() * 8 + 1024;
    capnp::FlatArrayMessageReader reader(words, options);
    return read(reader.getRoot<Schema>());
  } catch (const kj::Exception&) {
    return make_error_code(Errc::bad_input);
  } catch (const Error&) {
    return make_error_code(Errc::bad_input);
  }
}

}  // namespace tramontane
