#pragma once
// How a message is written as its Cap'n Proto struct. For codecs*.cc alone: each message has a Form
// there, and WireCodec (codecs.h) is instantiated over it.
//
//   template <>
//   struct Form<TakeBatch> {
//     using Schema = wire::TakeBatch;
//     static void write(const TakeBatch& m, Schema::Builder out);
//     static TakeBatch read(Schema::Reader in);       // throws Error for what makes no sense
//     static std::size_t beyond(const TakeBatch& m);  // bytes beyond sizeof(m); left out: none
//   };

#include "actors/messages/codecs.h"
#include "actors/messages/messages.capnp.h"
#include "runtime/wire/capnp_codec.h"

#include <string>

namespace tramontane::detail {

template <class M>
struct Form;

inline std::string text(capnp::Text::Reader from) {
  return {from.begin(), from.end()};
}

template <class M, std::uint64_t type_id>
Bytes WireCodec<M, type_id>::encode(const M& message) {
  using Schema = typename Form<M>::Schema;
  static_assert(capnp::typeId<Schema>() == type_id, "a codec's id is its schema's");
  return encode_capnp<Schema>([&](typename Schema::Builder out) { Form<M>::write(message, out); });
}

template <class M, std::uint64_t type_id>
Result<M> WireCodec<M, type_id>::decode(ByteView bytes) {
  return decode_capnp<typename Form<M>::Schema, M>(bytes, &Form<M>::read);
}

template <class M, std::uint64_t type_id>
std::size_t WireCodec<M, type_id>::size(const M& message) {
  if constexpr (requires { Form<M>::beyond(message); })
    return sizeof(M) + Form<M>::beyond(message);
  else
    return sizeof(M);
}

}  // namespace tramontane::detail
