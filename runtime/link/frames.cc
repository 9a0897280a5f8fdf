#include "runtime/link/frames.h"

#include "runtime/base/check.h"
#include "runtime/link/link.capnp.h"
#include "runtime/wire/capnp_codec.h"
#include "runtime/wire/envelope_schema.h"
#include "runtime/wire/frame.h"
#include "runtime/wire/hash.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/io.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

constexpr std::size_t word_bytes = sizeof(capnp::word);
constexpr std::size_t table_bytes = 8;     // before the only segment: how many more, and its words
constexpr std::size_t words_of_most = 40;  // of a frame without texts and payloads

// A message that is built where it lies in its frame, behind room for header and table. What does
// not fit there goes into memory of its own, and all of it is copied then.
class FrameMessage final : public capnp::MessageBuilder {
 public:
  // `bytes`: of the texts and payloads, about.
  explicit FrameMessage(std::size_t bytes)
      : frame_(frame_header_bytes + table_bytes +
               (words_of_most + bytes / word_bytes + 1) * word_bytes) {}

  kj::ArrayPtr<capnp::word> allocateSegment(unsigned least) override {
    kj::ArrayPtr<capnp::word> own(
        reinterpret_cast<capnp::word*>(frame_.data() + frame_header_bytes + table_bytes),
        (frame_.size() - frame_header_bytes - table_bytes) / word_bytes);
    if (!std::exchange(own_used_, true) && least <= own.size()) return own;
    auto words = std::max<std::size_t>(least, own.size());
    more_.push_back(std::make_unique<capnp::word[]>(words));
    return kj::arrayPtr(more_.back().get(), words);
  }

  // Once, at the end.
  Bytes take() {
    auto segments = getSegmentsForOutput();
    if (!more_.empty()) return copied(segments);
    auto words = static_cast<std::uint32_t>(segments[0].size());
    std::byte* table = frame_.data() + frame_header_bytes;
    for (int i = 0; i < 4; ++i) table[4 + i] = static_cast<std::byte>(words >> (8 * i));
    frame_.resize(frame_header_bytes + table_bytes + words * word_bytes);
    seal_frame(frame_);
    return std::move(frame_);
  }

 private:
  static Bytes copied(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
    std::size_t body = capnp::computeSerializedSizeInWords(segments) * word_bytes;
    Bytes frame(frame_header_bytes + body);
    kj::ArrayOutputStream out(
        kj::arrayPtr(reinterpret_cast<kj::byte*>(frame.data()) + frame_header_bytes, body));
    capnp::writeMessage(out, segments);
    seal_frame(frame);
    return frame;
  }

  Bytes frame_;
  bool own_used_ = false;
  std::vector<std::unique_ptr<capnp::word[]>> more_;
};

template <class Fill>
Bytes make_frame(std::size_t bytes, Fill fill) {
  FrameMessage message(bytes);
  fill(message.initRoot<schema::Frame>());
  return message.take();
}

Hello read_hello(schema::Hello::Reader in) {
  return {.protocol = in.getProtocol(),
      .build = in.getBuild(),
      .own = in.getOwn(),
      .peer = in.getPeer(),
      .window = {.messages = in.getMessages(), .bytes = in.getBytes()}};
}

std::vector<CreditReturn> read_credit(capnp::List<schema::Credit>::Reader in) {
  std::vector<CreditReturn> returns;
  returns.reserve(in.size());
  for (auto each : in) returns.push_back({each.getTarget(), each.getMessages()});
  return returns;
}

Blob made_blob(Descriptor descriptor) {
  return Blob::from_descriptor(std::move(descriptor));
}

Blob made_blob(Blob blob) {
  return blob;
}

template <class Came>
std::vector<Blob> take_blobs(std::size_t count, std::deque<Came>& came) {
  if (count > came.size())
    throw Error(Errc::bad_input, str("a frame of ", count, " blobs came with ", came.size()));
  std::vector<Blob> blobs;
  for (; count > 0; --count) {
    blobs.push_back(made_blob(std::move(came.front())));
    came.pop_front();
  }
  return blobs;
}

template <class Came>
Answer<Frame> read(ByteView body, Time now, std::deque<Came>& came) {
  std::optional<std::string> wrong;
  auto frame = decode_capnp<schema::Frame, Frame>(body, [&](schema::Frame::Reader in) -> Frame {
    try {
      std::vector<Blob> blobs = take_blobs(in.getBlobs(), came);
      switch (in.which()) {
        case schema::Frame::HELLO:
          return read_hello(in.getHello());
        case schema::Frame::ENVELOPE:
          return read_envelope(in.getEnvelope(), now, std::move(blobs));
        case schema::Frame::CREDIT:
          return read_credit(in.getCredit());
        case schema::Frame::BYE:
          return Bye{in.getBye()};
        case schema::Frame::BEAT:
          return Beat{};
        case schema::Frame::ABANDONED:
          return Abandoned{in.getAbandoned().getTarget(), in.getAbandoned().getCall()};
        case schema::Frame::CHUNK:
          return Chunk{
              in.getChunk().getSize(), in.getChunk().getLength(), in.getChunk().getCheck()};
      }
      throw Error(Errc::bad_input, "a frame of an unknown kind");
    } catch (const Error& error) {
      wrong = error.text();
      throw;
    }
  });
  if (frame) return std::move(*frame);
  return Failure{Errc::bad_input, wrong.value_or("a frame that is none of link.capnp")};
}

}  // namespace

Bytes hello_frame(const Hello& hello) {
  return make_frame(hello.build.size(), [&](schema::Frame::Builder frame) {
    auto out = frame.initHello();
    out.setProtocol(hello.protocol);
    out.setBuild(hello.build);
    out.setOwn(hello.own);
    out.setPeer(hello.peer);
    out.setMessages(hello.window.messages);
    out.setBytes(hello.window.bytes);
  });
}

Bytes envelope_frame(const Envelope& envelope, std::uint64_t call, std::size_t blobs, Time now) {
  Bytes payload = payload_of(envelope);
  std::size_t text = envelope.failure ? envelope.failure->text.size() : 0;
  return make_frame(payload.size() + text, [&](schema::Frame::Builder frame) {
    auto out = frame.initEnvelope();
    write_envelope(envelope, payload, now, out);
    out.setCall(call);
    frame.setBlobs(static_cast<std::uint16_t>(blobs));
  });
}

Bytes credit_frame(const std::vector<CreditReturn>& returns) {
  std::size_t size = returns.size() * 2 * word_bytes;
  return make_frame(size, [&](schema::Frame::Builder frame) {
    auto out = frame.initCredit(static_cast<unsigned>(returns.size()));
    for (unsigned i = 0; i < out.size(); ++i) {
      out[i].setTarget(returns[i].target);
      out[i].setMessages(returns[i].messages);
    }
  });
}

Bytes bye_frame(const std::string& reason) {
  return make_frame(reason.size(), [&](schema::Frame::Builder frame) { frame.setBye(reason); });
}

Bytes beat_frame() {
  return make_frame(0, [](schema::Frame::Builder frame) { frame.setBeat(); });
}

Bytes abandoned_frame(const Abandoned& call) {
  return make_frame(0, [&](schema::Frame::Builder frame) {
    auto out = frame.initAbandoned();
    out.setTarget(call.target);
    out.setCall(call.call);
  });
}

Bytes chunk_frame(std::uint64_t size, ByteView bytes) {
  return make_frame(0, [&](schema::Frame::Builder frame) {
    auto out = frame.initChunk();
    out.setSize(size);
    out.setLength(static_cast<std::uint32_t>(bytes.size()));
    out.setCheck(hash_of(bytes));
  });
}

Answer<Frame> read_frame(ByteView body, Time now, std::deque<Descriptor>& descriptors) {
  return read(body, now, descriptors);
}

Answer<Frame> read_frame(ByteView body, Time now, std::deque<Blob>& blobs) {
  return read(body, now, blobs);
}

}  // namespace tramontane
