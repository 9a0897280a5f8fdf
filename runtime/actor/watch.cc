#include "runtime/actor/watch.h"

#include "runtime/wire/capnp_codec.h"
#include "runtime/wire/control.capnp.h"

namespace tramontane {

Bytes Codec<ActorExited>::encode(const ActorExited& message) {
  return encode_capnp<schema::ActorExited>([&](schema::ActorExited::Builder out) {
    out.setActor(message.actor);
    out.setName(message.name);
    out.setIncarnation(message.incarnation);
    out.setCause(static_cast<schema::ExitCause>(message.cause));
    out.setText(message.text);
    out.setRestarts(message.restarts);
  });
}

Result<ActorExited> Codec<ActorExited>::decode(ByteView bytes) {
  return decode_capnp<schema::ActorExited, ActorExited>(bytes, [](schema::ActorExited::Reader in) {
    auto cause = static_cast<std::uint16_t>(in.getCause());
    if (cause > static_cast<std::uint16_t>(ExitCause::killed)) {
      throw Error(Errc::bad_input, "ActorExited: unknown cause");
    }
    return ActorExited{in.getActor(), in.getName(), in.getIncarnation(),
        static_cast<ExitCause>(cause), in.getText(), in.getRestarts()};
  });
}

std::size_t Codec<ActorExited>::size(const ActorExited& message) {
  return sizeof message + message.name.size() + message.text.size();
}

}  // namespace tramontane
