#include "runtime/link/opening.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <utility>

namespace tramontane {
namespace {

// RFC 8446, 5.1 and 5.2: a kind, a version, and the size of what follows.
constexpr std::size_t record_header_bytes = 5;
constexpr std::size_t record_most = (16 << 10) + 256;

constexpr std::string_view binding_label = "EXPORTER-tramontane-handshake";
constexpr std::string_view session_label = "EXPORTER-tramontane-session";

constexpr const char* clear_refusal =
    "this port lets nobody in who speaks in clear: where it is reached by a loopback address, "
    "TRAM_ENCRYPT=always on the side that connects; else leave --trusted-network away there";

Bytes bytes_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

void append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

std::size_t record_bytes(const Bytes& header) {
  return record_header_bytes + (std::to_integer<std::size_t>(header[3]) << 8) +
         std::to_integer<std::size_t>(header[4]);
}

TlsSecret secret_of(const AccessToken& token) {
  return {cluster_of(token), derived_key(token, "tramontane cluster tls")};
}

}  // namespace

Opening::Opening(LinkSide side, Options options) : side_(side), options_(std::move(options)) {
  if (side_ == LinkSide::accepted) return;
  if (!options_.encrypted) {
    handshake_.emplace(side_, options_.token, options_.own);
    return;
  }
  output_ = bytes_of(tls_magic);
  tls_ = std::make_unique<TlsChannel>(side_, secret_of(options_.token));
}

Opening::~Opening() = default;

Bytes Opening::take_output() {
  if (handshake_) {
    Bytes said = handshake_->take_output();
    if (tls_ != nullptr)
      tls_->put(said);
    else
      append(output_, said);
  }
  if (tls_ != nullptr) append(output_, tls_->take_output());
  return std::exchange(output_, {});
}

std::size_t Opening::wants() const {
  if (done() || failed()) return 0;
  if (tls_ != nullptr)
    return (input_.size() < record_header_bytes ? record_header_bytes : record_bytes(input_)) -
           input_.size();
  return handshake_ ? handshake_->wants() : tls_magic.size() - input_.size();
}

void Opening::feed(ByteView piece) {
  TRAM_CHECK(piece.size() <= wants(), "an opening is fed too much", piece.size(), wants());
  if (handshake_ && tls_ == nullptr) {
    handshake_->feed(piece);
    return settle();
  }
  append(input_, piece);
  if (tls_ != nullptr) return take_record();
  if (input_.size() == tls_magic.size()) take_magic();
}

void Opening::take_magic() {
  Bytes magic = std::exchange(input_, {});
  if (as_text(magic) == tls_magic) {
    tls_ = std::make_unique<TlsChannel>(side_, secret_of(options_.token));
    return;
  }
  if (as_text(magic) != handshake_magic) {
    other_ = std::move(magic);
    why_ = "the peer speaks another protocol";
    return;
  }
  handshake_.emplace(side_, options_.token, options_.own);
  if (options_.encrypted) handshake_->refuse_peer(clear_refusal);
  handshake_->feed(magic);
}

void Opening::take_record() {
  if (input_.size() < record_header_bytes) return;
  std::size_t whole = record_bytes(input_);
  if (whole == record_header_bytes || whole > record_header_bytes + record_most ||
      std::to_integer<int>(input_[1]) != 3) {
    why_ = "the peer speaks another protocol";
    return;
  }
  if (input_.size() < whole) return;
  Bytes record = std::exchange(input_, {});
  ByteView wire = record;
  std::byte room[4096];
  while (std::size_t size = tls_->take(wire, room)) {
    begin_within_tls();
    take_plain({room, size});
  }
  begin_within_tls();
  if (tls_->failed() && !failed()) why_ = tls_failure();
}

void Opening::begin_within_tls() {
  if (!tls_->open() || handshake_) return;
  SessionKey binding = tls_->exported(binding_label);
  handshake_.emplace(side_, options_.token, options_.own, binding);
}

void Opening::take_plain(ByteView plain) {
  while (!plain.empty() && !failed()) {
    std::size_t size = std::min(plain.size(), handshake_->wants());
    if (size == 0) {
      why_ = "the peer spoke out of turn";
      return;
    }
    handshake_->feed(plain.first(size));
    plain = plain.subspan(size);
    settle();
  }
}

void Opening::settle() {
  if (handshake_->failed()) why_ = handshake_->why();
}

// In words of what it was about: the cluster's token.
std::string Opening::tls_failure() const {
  std::string ours = cluster_of(options_.token);
  if (!tls_->other_name().empty())
    return str(
        "one side has the token of cluster ", tls_->other_name(), ", the other that of ", ours);
  if (tls_->open()) return tls_->why();
  return str(tls_->why(), " (the token here is that of cluster ", ours,
      side_ == LinkSide::connected ? "; the peer may have another)" : ")");
}

bool Opening::done() const {
  return !failed() && handshake_ && handshake_->done();
}

bool Opening::failed() const {
  return !why_.empty();
}

std::optional<LinkKey> Opening::key() const {
  TRAM_CHECK(done(), "a key is taken of an opening that is not done");
  if (tls_ == nullptr) return std::nullopt;
  return LinkKey{side_, tls_->exported(session_label)};
}

}  // namespace tramontane
