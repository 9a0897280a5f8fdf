#include "runtime/wire/envelope.h"

#include "runtime/wire/capnp_codec.h"
#include "runtime/wire/envelope_schema.h"

#include <algorithm>

namespace tramontane {
namespace {

constexpr auto last_code = static_cast<std::uint16_t>(Errc::unknown);

}  // namespace

Bytes payload_of(const Envelope& envelope) {
  return envelope.failure ? Bytes() : envelope.body.encode();
}

void write_envelope(
    const Envelope& envelope, ByteView payload, Time now, schema::Envelope::Builder out) {
  out.setTarget(envelope.target);
  out.setIncarnation(envelope.incarnation);
  out.setSource(envelope.source);
  out.setCall(envelope.ticket);
  out.setType(envelope.body.id());
  if (envelope.deadline != forever && !envelope.is_reply)
    out.setTimeLeft(std::max<std::int64_t>(0, (envelope.deadline - now).count()));
  out.setIsReply(envelope.is_reply);
  if (envelope.failure) {
    out.setFailed(static_cast<std::uint16_t>(envelope.failure->code));
    out.setFailure(envelope.failure->text);
  } else if (!envelope.body.empty()) {
    out.setPayload(kj::arrayPtr(reinterpret_cast<const kj::byte*>(payload.data()), payload.size()));
  }
}

std::unique_ptr<Envelope> read_envelope(
    schema::Envelope::Reader in, Time now, std::vector<Blob> blobs) {
  auto envelope = std::make_unique<Envelope>();
  envelope->target = in.getTarget();
  envelope->incarnation = in.getIncarnation();
  envelope->source = in.getSource();
  envelope->ticket = in.getCall();
  if (in.getTimeLeft() >= 0) envelope->deadline = after(now, Duration(in.getTimeLeft()));
  envelope->is_reply = in.getIsReply();
  envelope->sent = now;
  if (in.getFailed() > last_code) throw Error(Errc::bad_input, "envelope: unknown error code");
  if (in.getFailed() != 0) {
    envelope->failure = Failure{static_cast<Errc>(in.getFailed()), in.getFailure()};
  } else if (in.getType() != 0) {
    auto payload = std::as_bytes(std::span(in.getPayload().begin(), in.getPayload().size()));
    envelope->body = Message::from_bytes(
        in.getType(), "message from afar", Bytes(payload.begin(), payload.end()), std::move(blobs));
  }
  return envelope;
}

Bytes encode_envelope(const Envelope& envelope, Time now) {
  return encode_capnp<schema::Envelope>([&](schema::Envelope::Builder out) {
    write_envelope(envelope, payload_of(envelope), now, out);
  });
}

Result<std::unique_ptr<Envelope>> decode_envelope(
    ByteView bytes, Time now, std::vector<Blob> blobs) {
  using Made = std::unique_ptr<Envelope>;
  return decode_capnp<schema::Envelope, Made>(bytes, [now, &blobs](schema::Envelope::Reader in) {
    return read_envelope(in, now, std::move(blobs));
  });
}

}  // namespace tramontane
