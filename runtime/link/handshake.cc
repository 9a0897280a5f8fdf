#include "runtime/link/handshake.h"

#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/link/handshake.capnp.h"
#include "runtime/wire/capnp_codec.h"
#include "runtime/wire/frame.h"

#include <algorithm>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <optional>
#include <utility>

namespace tramontane {
namespace {

constexpr std::size_t step_most = 256 << 10;  // bytes, of somebody who has proved nothing yet
constexpr std::size_t nonce_bytes = 32;
constexpr std::size_t proof_bytes = 32;

struct Read {};

Bytes hmac(const AccessToken& token, ByteView text) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  bool made = ::HMAC(::EVP_sha256(), token.data(), static_cast<int>(token.size()),
                  reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                  reinterpret_cast<unsigned char*>(out.data()), &size) != nullptr;
  TRAM_CHECK(made && size == proof_bytes, "HMAC-SHA256 of OpenSSL", size);
  out.resize(size);
  return out;
}

void append(Bytes& out, ByteView bytes) {
  std::uint64_t size = bytes.size();
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::byte>(size >> (8 * i)));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

capnp::Data::Reader as_data(ByteView bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

ByteView bytes_of(capnp::Data::Reader in) {
  return {reinterpret_cast<const std::byte*>(in.begin()), in.size()};
}

Bytes encode(const Greeting& greeting, const AccessToken& token) {
  AccessToken nonce{};
  random_bytes(nonce.data(), nonce.size());
  return encode_capnp<schema::Greeting>([&](schema::Greeting::Builder out) {
    out.setProtocol(handshake_protocol);
    out.setBuild(greeting.build);
    out.setCluster(cluster_of(token));
    out.setNonce(as_data(nonce));
    out.setRole(greeting.role);
    out.setProcess(greeting.process);
    out.setActor(greeting.actor);
    out.setName(greeting.name);
    out.setAddress(greeting.address);
    out.setPurpose(as_data(greeting.purpose));
  });
}

template <class Fill>
Bytes step(Fill fill) {
  Bytes frame;
  append_frame(frame, encode_capnp<schema::HandshakeStep>(fill));
  return frame;
}

std::size_t frame_bytes(const Bytes& header) {
  std::size_t size = 0;
  for (std::size_t i = 4; i-- > 0;) size = (size << 8) | std::to_integer<std::size_t>(header[i]);
  return frame_header_bytes + size;
}

}  // namespace

std::string cluster_of(const AccessToken& token) {
  Bytes mark = hmac(token, as_bytes("tramontane cluster"));
  AccessToken padded{};
  std::copy_n(mark.begin(), padded.size(), padded.begin());
  return token_text(padded).substr(0, 16);
}

Handshake::Handshake(Side side, const AccessToken& token, Greeting own, ByteView binding)
    : side_(side),
      token_(token),
      own_build_(own.build),
      binding_(binding.begin(), binding.end()),
      own_greeting_(encode(own, token)),
      state_(side == Side::connected ? State::greeting : State::magic) {
  if (side_ == Side::accepted) return;
  auto magic = as_bytes(handshake_magic);
  output_.assign(magic.begin(), magic.end());
  Bytes frame = step([&](auto out) { out.setGreeting(as_data(own_greeting_)); });
  output_.insert(output_.end(), frame.begin(), frame.end());
}

Bytes Handshake::take_output() {
  return std::exchange(output_, {});
}

std::size_t Handshake::wants() const {
  if (done() || failed()) return 0;
  if (state_ == State::magic) return handshake_magic.size() - input_.size();
  if (input_.size() < frame_header_bytes) return frame_header_bytes - input_.size();
  return frame_bytes(input_) - input_.size();
}

void Handshake::feed(ByteView piece) {
  TRAM_CHECK(piece.size() <= wants(), "a handshake is fed too much", piece.size(), wants());
  input_.insert(input_.end(), piece.begin(), piece.end());
  if (state_ == State::magic) {
    if (input_.size() < handshake_magic.size()) return;
    if (as_text(input_) != handshake_magic) return fail("the peer speaks another protocol");
    input_.clear();
    state_ = State::greeting;
    return;
  }
  if (input_.size() < frame_header_bytes) return;
  if (frame_bytes(input_) > step_most) return fail("the peer speaks another protocol");
  if (input_.size() == frame_bytes(input_)) take_frame();
}

void Handshake::take_frame() {
  FrameReader reader(step_most);
  Bytes input = std::exchange(input_, {});
  reader.feed(input);
  auto body = reader.next();
  if (!body || !*body) return fail("the peer sent a frame that fails its check");
  using Step = schema::HandshakeStep;
  auto taken = decode_capnp<Step, Read>(**body, [&](Step::Reader in) {
    if (in.isRefusal()) {
      fail(str("the peer refuses: ", one_line(text_of(in.getRefusal()))));
    } else if (in.isGreeting() && state_ == State::greeting) {
      take_greeting(bytes_of(in.getGreeting()), bytes_of(in.getProofOfGreeting()));
    } else if (in.isProof() && state_ == State::proof) {
      take_proof(bytes_of(in.getProof()));
    } else if (in.isWelcome() && state_ == State::welcome) {
      state_ = State::done;
    } else {
      fail("the peer spoke out of turn");
    }
    return Read{};
  });
  if (!taken) fail("the peer sent what is no step of a handshake");
}

std::string Handshake::unlike(ByteView greeting) {
  std::string wrong;
  auto read = decode_capnp<schema::Greeting, Read>(greeting, [&](schema::Greeting::Reader in) {
    peer_ = {.role = text_of(in.getRole()),
        .process = in.getProcess(),
        .actor = in.getActor(),
        .name = one_line(text_of(in.getName())),
        .address = text_of(in.getAddress()),
        .purpose = Bytes(bytes_of(in.getPurpose()).begin(), bytes_of(in.getPurpose()).end()),
        .build = one_line(text_of(in.getBuild()))};
    std::string cluster = cluster_of(token_);
    if (in.getProtocol() != handshake_protocol)
      wrong =
          str("one side speaks protocol ", in.getProtocol(), ", the other ", handshake_protocol);
    else if (peer_.build != own_build_)
      wrong = str("one side is build ", peer_.build, ", the other ", own_build_);
    else if (text_of(in.getCluster()) != cluster)
      wrong = str("one side has the token of cluster ", one_line(text_of(in.getCluster())),
          ", the other that of ", cluster);
    else if (in.getNonce().size() != nonce_bytes)
      wrong = "a nonce that is none";
    return Read{};
  });
  return read ? wrong : "a greeting that is none";
}

void Handshake::take_greeting(ByteView greeting, ByteView proof) {
  std::string wrong = refusal_.empty() ? unlike(greeting) : refusal_;
  if (!wrong.empty()) return refuse(wrong);
  peer_greeting_.assign(greeting.begin(), greeting.end());
  if (side_ == Side::accepted) {
    output_ = step([&](auto out) {
      out.setGreeting(as_data(own_greeting_));
      out.setProofOfGreeting(as_data(proof_of(Side::accepted)));
    });
    state_ = State::proof;
    return;
  }
  if (!equal_in_constant_time(proof, proof_of(Side::accepted)))
    return fail("the peer does not have the cluster's token");
  output_ = step([&](auto out) { out.setProof(as_data(proof_of(Side::connected))); });
  state_ = State::welcome;
}

void Handshake::take_proof(ByteView proof) {
  if (!equal_in_constant_time(proof, proof_of(Side::connected)))
    return refuse("the proof of the cluster's token fails");
  output_ = step([](auto out) { out.setWelcome(); });
  state_ = State::done;
}

Bytes Handshake::proof_of(Side side) const {
  bool connected = side_ == Side::connected;
  Bytes text;
  append(text,
      as_bytes(side == Side::connected ? "tramontane: who connected" : "tramontane: who accepted"));
  append(text, connected ? own_greeting_ : peer_greeting_);
  append(text, connected ? peer_greeting_ : own_greeting_);
  append(text, binding_);
  return hmac(token_, text);
}

void Handshake::refuse(const std::string& why) {
  output_ = step([&](auto out) { out.setRefusal(why); });
  fail(why);
}

void Handshake::fail(const std::string& why) {
  state_ = State::failed;
  why_ = why;
}

}  // namespace tramontane
